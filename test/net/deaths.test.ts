/** Deaths of executors by one firing (D1 to D3). */
import { expect, test } from "vitest";
import { type Death, deathsText, deathsThatCount, wantedUptime } from "../../src/net/deaths.ts";

const death = (executor: string, attempt: number, start?: string): Death => ({ executor, attempt, ...(start ? { start } : {}) });

test("who is heard again as the same start has not died, and nothing dies twice", () => {
  const deaths = [death("one", 1, "a"), death("two", 2, "b"), death("two", 3, "b"), death("three", 4)];
  const left = (startOf: (name: string) => string | undefined) => deathsThatCount(deaths, startOf).map(({ attempt }) => attempt);
  expect(left(() => undefined)).toEqual([1, 3, 4]);
  expect(left((name) => (name === "one" ? "a" : "c"))).toEqual([3, 4]);
});

test("the first two need no time of being up, then 5 s, and twice as long each time", () => {
  expect([0, 1, 2, 3].map(wantedUptime)).toEqual([0, 0, 5000, 10_000]);
});

test("they are told by executor", () => {
  expect(deathsText([death("one", 1), death("one", 2), death("two", 3), death("one", 5)])).toBe(
    "one (attempts 1, 2 and 5), two (attempt 3)",
  );
});
