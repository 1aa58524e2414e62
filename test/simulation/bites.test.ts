/** The simulation proves something only if it fails where the engine is wrong: each rule is broken in turn. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { simulation } from "./mutate.ts";
import { MUTATIONS } from "./mutations.ts";

const SEEDS = 150;

describe("a broken rule", () => {
  // A broken engine may also leave a promise behind: that is no failure of the test.
  const quiet = () => {};
  let others: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", quiet);
  });
  afterEach(() => {
    process.off("unhandledRejection", quiet);
    for (const listener of others) process.on("unhandledRejection", listener);
  });

  it.each(MUTATIONS)("$rule: a seed fails without it", { timeout: 300_000 }, async (mutation) => {
    const { simulate, remove } = await simulation(mutation);
    try {
      let broken: string[] = [];
      for (let seed = 1; seed <= SEEDS && broken.length === 0; seed++) {
        const run = await simulate(seed, mutation.lanes ? { lanes: mutation.lanes } : {});
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
      for (const lanes of new Set(MUTATIONS.map((each) => each.lanes?.join()))) {
        const run = await simulate(1, lanes === undefined ? {} : { lanes: lanes.split(",") });
        expect(run.broken).toEqual([]);
      }
    } finally {
      remove();
    }
  });
});
