/** A crash at each append of one calm run, before it leaves, when it is stored, and when its answer is in. */
import { describe, expect, it } from "vitest";
import { showRun } from "./show-run.ts";
import { CRASH_POINTS } from "./sim-log.ts";
import { simulate } from "./simulate.ts";

const SEED = 7;
const LANES = ["chain", "command", "board", "story", "letters", "thought", "gate", "race"];

describe("a master that dies", () => {
  it.each(CRASH_POINTS)("%s each append of its log loses nothing and does nothing twice", { timeout: 600_000 }, async (point) => {
    const calm = await simulate(SEED, { lanes: LANES, crashAt: { append: Number.POSITIVE_INFINITY, point } });
    expect(calm.broken).toEqual([]);
    expect(calm.troubles.crash).toBeUndefined();
    for (let append = 1; append <= calm.appends; append++) {
      const run = await simulate(SEED, { lanes: LANES, crashAt: { append, point } });
      if (run.broken.length > 0) expect(showRun(run)).toBe("");
      // After the last append before the run rests there is nobody left to die.
      if (append < calm.appends / 2) expect(run.troubles.crash).toBe(1);
    }
  });
});
