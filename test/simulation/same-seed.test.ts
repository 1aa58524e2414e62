/** The same seed is the same run: otherwise a failing seed could not be looked at. */
import { expect, it } from "vitest";
import { simulate } from "./simulate.ts";

it("gives the same log, byte for byte, and the same troubles", async () => {
  for (const seed of [3, 14, 159, 2653, 58979]) {
    const first = await simulate(seed);
    const second = await simulate(seed);
    expect(second.log).toBe(first.log);
    expect(second.trace).toEqual(first.trace);
    expect(first.log.split("\n").length).toBeGreaterThan(5);
  }
});

it("is another run for another seed", async () => {
  const logs = await Promise.all([21, 22, 23].map(async (seed) => (await simulate(seed)).log));
  expect(new Set(logs).size).toBe(3);
});
