/** The simulation proves something only if it fails where the engine is wrong: each rule is broken in turn. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { simulation } from "./mutate.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";
import type { Plan } from "./simulate.ts";

const SEEDS = 300;

describe("a broken rule", () => {
  // A broken engine may also throw where nobody listens: that is no failure of the test.
  const quiet = () => {};
  const kinds = ["unhandledRejection", "uncaughtException"] as const;
  let others: { kind: (typeof kinds)[number]; listeners: ReturnType<typeof process.rawListeners> }[] = [];
  beforeEach(() => {
    others = kinds.map((kind) => ({ kind, listeners: process.rawListeners(kind) }));
    for (const kind of kinds) process.removeAllListeners(kind).on(kind, quiet);
  });
  afterEach(() => {
    for (const { kind, listeners } of others) {
      process.off(kind, quiet);
      for (const listener of listeners) process.on(kind, listener as () => void);
    }
  });

  it.each(MUTATIONS)("$rule: a seed fails without it", { timeout: 300_000 }, async (mutation) => {
    const { simulate, remove } = await simulation(mutation);
    try {
      let broken: string[] = [];
      for (let seed = 1; seed <= SEEDS && broken.length === 0; seed++) {
        const run = await simulate(seed, planOf(mutation));
        broken = run.broken;
      }
      expect(broken).not.toEqual([]);
    } finally {
      remove();
    }
  });

  it("is what makes them fail: as it is, the same bundle passes", { timeout: 300_000 }, async () => {
    const { simulate, remove } = await simulation(null);
    try {
      for (const plan of new Set(MUTATIONS.map((each) => JSON.stringify(planOf(each))))) {
        const run = await simulate(1, JSON.parse(plan) as Plan);
        expect(run.broken).toEqual([]);
      }
    } finally {
      remove();
    }
  });
});

function planOf({ lanes, weather }: Mutation): Plan {
  return { ...(lanes ? { lanes } : {}), ...(weather ? { weather } : {}) };
}
