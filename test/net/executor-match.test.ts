import { expect, test } from "vitest";
import { missingFor, missingText, suits } from "../../src/net/executor-match.ts";

const needs = { pool: "code", labels: ["git", "node20"] };
const one = (name: string, labels: string[], pools = ["code"]) => ({ name, labels, pools });

test("one that is in the pool and has all labels suits", () => {
  expect(suits(needs, one("a", ["node20", "git", "x"]))).toBe(true);
  expect(suits(needs, one("a", ["git"]))).toBe(false);
  expect(suits(needs, one("a", ["git", "node20"], ["other"]))).toBe(false);
  expect(suits({ pool: "code", labels: [] }, one("a", []))).toBe(true);
});

test("what is missing is what the nearest of the pool lacks", () => {
  expect(missingFor(needs, [])).toEqual({ pool: "code", labels: [], nearest: null });
  expect(missingFor(needs, [one("a", []), one("b", ["git"]), one("c", ["git", "node20"], ["other"])])).toEqual({
    ...{ pool: "code", labels: ["node20"], nearest: "b" },
  });
  expect(missingFor(needs, [one("a", []), one("b", ["git", "node20"])])).toBeNull();
  expect(missingText({ pool: "code", labels: ["git", "node20"], nearest: "a" })).toContain("the labels git and node20; a comes nearest");
});
