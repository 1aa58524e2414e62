/** The statistics, against values that are known. */
import { describe, expect, test } from "vitest";
import {
  binomialAtMost,
  chiSquaredAtLeast,
  fisherAtLeast,
  logGamma,
  lowerBound,
  upperBound,
  upperBoundOfMix,
  wilson,
} from "../../src/crystallize/statistics.ts";

describe("the bounds of Clopper and Pearson", () => {
  test.each([
    [0, 59, 0.95, 0.0495],
    [0, 299, 0.95, 0.00997],
    [5, 100, 0.95, 0.1023],
    [10, 10, 0.95, 1],
    [0, 0, 0.95, 1],
  ])("upper, %d of %d at %d: %d", (bad, all, confidence, expected) => {
    expect(upperBound(bad, all, confidence)).toBeCloseTo(expected, 3);
  });

  test.each([
    [3, 40],
    [17, 450],
    [120, 900],
  ])("are what they say: at the bound for %d of %d, so few would be seen with the chance that is left", (bad, all) => {
    expect(binomialAtMost(bad, all, upperBound(bad, all, 0.95))).toBeCloseTo(0.05, 6);
    expect(1 - binomialAtMost(bad - 1, all, lowerBound(bad, all, 0.95))).toBeCloseTo(0.05, 6);
  });
});

describe("the bound of what is made of parts", () => {
  /** How often the bound lies at or above the truth, over all that may be seen. */
  function coverage(parts: { weight: number; all: number; share: number }[]): number {
    const truth = parts.reduce((sum, { weight, share }) => sum + weight * share, 0);
    const [one, other] = parts;
    if (!one || !other) throw new Error("two parts");
    const chanceOf = (bad: number, { all, share }: { all: number; share: number }) =>
      binomialAtMost(bad, all, share) - binomialAtMost(bad - 1, all, share);
    let covered = 0;
    for (let first = 0; first <= one.all; first++)
      for (let second = 0; second <= other.all; second++) {
        const chance = chanceOf(first, one) * chanceOf(second, other);
        if (chance < 1e-7) continue;
        const bound = upperBoundOfMix(
          [
            { ...one, bad: first },
            { ...other, bad: second },
          ],
          0.95,
        );
        if (bound >= truth) covered += chance;
      }
    return covered;
  }
  test.each([
    [0.9, 150, 0.05, 20, 0.05],
    [0.9, 150, 0.08, 20, 0.3],
    [0.95, 120, 0.1, 10, 0.5],
    [0.6, 60, 0.05, 40, 0.2],
  ])("with %d of %d at %d, the rest of %d at %d: it holds as often as it says", { timeout: 180_000 }, (weight, all, share, few, rate) => {
    const parts = [
      { weight, all, share },
      { weight: 1 - weight, all: few, share: rate },
    ];
    expect(coverage(parts)).toBeGreaterThan(0.95);
  });
  test("is that of the one part where there is one, and below the sum of two bounds that hold together", () => {
    expect(upperBoundOfMix([{ weight: 0.7, bad: 5, all: 100 }], 0.95)).toBeCloseTo(upperBound(5, 100, 0.95), 9);
    const parts = [
      { weight: 0.9, bad: 18, all: 247 },
      { weight: 0.1, bad: 1, all: 30 },
    ];
    const sum = parts.reduce((bound, { weight, bad, all }) => bound + weight * upperBound(bad, all, 0.975), 0);
    expect(upperBoundOfMix(parts, 0.95)).toBeLessThan(sum);
    expect(upperBoundOfMix([], 0.95)).toBe(1);
  });
});

test("Wilson's interval", () => {
  expect(wilson(95, 100).map((one) => Number(one.toFixed(4)))).toEqual([0.8882, 0.9785]);
  expect(wilson(0, 0)).toEqual([0, 1]);
});

test("Fisher's exact test: the lady tasting tea", () => {
  expect(fisherAtLeast(4, 4, 4, 8)).toBeCloseTo(1 / 70, 9);
  expect(fisherAtLeast(3, 4, 4, 8)).toBeCloseTo(17 / 70, 9);
  expect(fisherAtLeast(0, 4, 4, 8)).toBe(1);
});

test("the gamma function and the tail of chi-squared", () => {
  expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 9);
  expect(chiSquaredAtLeast(3.841, 1)).toBeCloseTo(0.05, 2);
  expect(chiSquaredAtLeast(18.307, 10)).toBeCloseTo(0.05, 3);
  expect(chiSquaredAtLeast(80, 2)).toBeLessThan(1e-12);
});
