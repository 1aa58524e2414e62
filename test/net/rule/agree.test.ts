/** When two answers are the same, and where they differ; what a rule reads; what can be read but not meant. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/contract/json.ts";
import { agreement, differences, type Equality, equalitySchema } from "../../../src/net/rule/agree.ts";
import { ruleProblems, ruleReads } from "../../../src/net/rule/reads.ts";
import { ruleSchema } from "../../../src/net/rule/rule.ts";

test.each<[Equality, Json | undefined, Json | undefined, string]>([
  ["exact", { a: 1, b: [2] }, { b: [2], a: 1 }, "yes"],
  ["exact", 1, "1", "no"],
  ["exact", undefined, undefined, "yes"],
  ["exact", undefined, null, "no"],
  ["judge", "Hello", "Hello!", "ask"],
  ["judge", "Hello", "Hello", "yes"],
  [{ tolerance: 0.01 }, 100, 100.9, "yes"],
  [{ tolerance: 0.01 }, 100, 102, "no"],
  [{ tolerance: 0.01 }, { a: 100, b: ["x", 5] }, { a: 100.9, b: ["x", 5] }, "yes"],
  [{ tolerance: 0.01 }, { a: 100, b: "x" }, { a: 100.9, b: "X" }, "no"],
  [{ tolerance: 0.01 }, { a: 100 }, { a: 100, b: 1 }, "no"],
  [{ tolerance: 0.01 }, [100, 1], [100], "no"],
  [{ text: "folded" }, " A  b", "a B", "yes"],
  [{ text: "folded" }, { a: ["X y"], n: 1 }, { a: ["x  Y"], n: 1 }, "yes"],
  [{ text: "folded" }, { a: "X", n: 1 }, { a: "x", n: 2 }, "no"],
  [{ fields: { a: "exact", note: "judge" } }, { a: 1, note: "x", z: 1 }, { a: 1, note: "y" }, "ask"],
  [{ fields: { a: "exact", note: "judge" } }, { a: 1, note: "x" }, { a: 2, note: "y" }, "no"],
  [{ fields: { a: { tolerance: 0.5 } } }, { a: 1 }, { a: 1.2 }, "yes"],
  [{ fields: { a: "exact" } }, { b: 1 }, { b: 2 }, "no"],
  [{ fields: { a: "exact" } }, { b: 1 }, { b: 1 }, "yes"],
  [{ fields: { a: "exact" } }, { a: 1 }, { b: 1 }, "no"],
  [{ fields: {} }, { b: 1 }, { b: 2 }, "no"],
])("by %j, %j and %j: %s", (equality, one, other, expected) => {
  expect(agreement(equalitySchema.parse(equality), one, other)).toBe(expected);
});

test("differences are told by their paths", () => {
  expect(differences({ a: 1, b: { c: [1, 2] }, d: 1 }, { a: 1, b: { c: [1, 3] }, e: 2 })).toEqual(["/b/c/1", "/d", "/e"]);
  expect(differences([1], [1, 2])).toEqual([""]);
  expect(differences({ a: [1] }, { a: [1] })).toEqual([]);
});

describe("a rule", () => {
  const rule = ruleSchema.parse({
    guard: [
      { test: "not", condition: { test: "less", path: "/a", than: "/b" } },
      { test: "range", path: "/n", atLeast: 5, below: 3 },
    ],
    answer: {
      kind: "object",
      fields: {
        x: {
          kind: "cases",
          cases: [{ if: [{ test: "word", path: "/t", word: "w" }], give: { kind: "text", parts: ["a", { path: "/s" }] } }],
        },
        y: {
          kind: "table",
          keys: [{ path: "/k" }],
          rows: [
            { when: ["a"], give: 1 },
            { when: ["a"], give: 2 },
            { when: ["a", "b"], give: 3 },
          ],
        },
      },
    },
  });
  test("names what it reads", () => {
    expect(ruleReads(rule)).toEqual(["/a", "/b", "/k", "/n", "/s", "/t"]);
  });
  test("is told what it cannot mean", () => {
    expect(ruleProblems(rule).map(({ path, message }) => [path.join("."), message])).toEqual([
      ["guard.1", "a range that no number is in"],
      ["answer.fields.y.rows.1", "the same keys as row 0"],
      ["answer.fields.y.rows.2", "a row for 2 keys in a table with 1"],
    ]);
  });
});
