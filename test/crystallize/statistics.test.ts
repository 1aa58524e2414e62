/** The statistics, against values that are known. */
import { describe, expect, test } from "vitest";
import {
  binomialAtMost,
  chiSquaredAtLeast,
  fisherAtLeast,
  logGamma,
  lowerBound,
  upperBound,
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
