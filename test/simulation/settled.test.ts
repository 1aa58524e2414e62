/** A model's step with a rule in the storm: at each append of shadow, promotion, audits and demotion a master dies, and two want the net. */
import { describe, expect, it } from "vitest";
import { showRun } from "./show-run.ts";
import { CRASH_POINTS } from "./sim-log.ts";
import { type Run, simulate } from "./simulate.ts";

const LANES = ["settled"];
const SEEDS = 40;
const CALM_SEED = 3;

/** Stages of rules in a run's log, and firings that a rule answered. */
function toldIn({ log }: Run): { stages: string[]; byRule: number } {
  const stages = [...log.matchAll(/"stage":"(\w+)"/g)].map(([, stage = ""]) => stage);
  return { stages, byRule: log.split('"by":"rule"').length - 1 };
}

/** One promotion for each shadow, and one demotion for each beginning, whoever owned the net meanwhile. */
function onceEach(run: Run): void {
  const { stages } = toldIn(run);
  const count = (name: string) => stages.filter((stage) => stage === name).length;
  expect(count("promoted"), showRun(run)).toBeLessThanOrEqual(count("shadow"));
  expect(count("demoted"), showRun(run)).toBeLessThanOrEqual(count("shadow"));
}

describe("a rule in a model's place", () => {
  it.each(CRASH_POINTS)(
    "%s each append a master dies: nothing is lost, done twice, or promoted twice",
    { timeout: 300_000 },
    async (point) => {
      const calm = await simulate(CALM_SEED, { lanes: LANES, crashAt: { append: Number.POSITIVE_INFINITY, point } });
      expect(calm.broken).toEqual([]);
      expect(toldIn(calm).stages).toContain("promoted");
      for (let append = 1; append <= calm.appends; append++) {
        const run = await simulate(CALM_SEED, { lanes: LANES, crashAt: { append, point } });
        if (run.broken.length > 0) expect(showRun(run)).toBe("");
      }
    },
  );

  it(`${SEEDS} storms: what must hold holds, and rules were promoted, answered, and demoted in them`, { timeout: 300_000 }, async () => {
    const seen = { promoted: 0, demoted: 0, answered: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = await simulate(seed, { lanes: LANES });
      if (run.broken.length > 0) expect(showRun(run)).toBe("");
      onceEach(run);
      const { stages, byRule } = toldIn(run);
      if (stages.includes("promoted")) seen.promoted += 1;
      if (stages.includes("demoted")) seen.demoted += 1;
      if (byRule > 0) seen.answered += 1;
    }
    for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(SEEDS / 10);
  });
});
