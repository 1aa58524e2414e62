/** Many seeds, in parts that run side by side; PETREL_SEED=n is one, PETREL_SEEDS=n so many. */
import { expect, it } from "vitest";
import { showRun } from "./show-run.ts";
import { type Run, simulate } from "./simulate.ts";

const SEEDS = 2000;
const FAILURES_SHOWN = 3;

export function seedsOf(part: number, parts: number): number[] {
  const one = process.env.PETREL_SEED;
  if (one !== undefined) return part === 1 ? [Number(one)] : [];
  const count = Number(process.env.PETREL_SEEDS ?? SEEDS);
  return Array.from({ length: count }, (_, at) => at + 1).filter((seed) => seed % parts === part % parts);
}

export function testSeeds(part: number, parts: number): void {
  const seeds = seedsOf(part, parts);
  it(`${seeds.length} seeds: what must hold holds, whatever happens`, { timeout: 60_000 + seeds.length * 2000 }, async () => {
    const failed: Run[] = [];
    const befell = new Map<string, number>();
    for (const seed of seeds) {
      const run = await simulate(seed);
      if (run.broken.length > 0) failed.push(run);
      for (const [kind, times] of Object.entries(run.troubles)) befell.set(kind, (befell.get(kind) ?? 0) + times);
      if (failed.length >= FAILURES_SHOWN) break;
    }
    expect(failed.map(showRun).join("\n\n")).toBe("");
    // A simulation in which nothing goes wrong proves nothing.
    if (seeds.length >= 200) expect([...befell].filter(([, times]) => times < seeds.length / 20)).toEqual([]);
  });
}
