import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { type Candidate, compileOrderBy, compileQuery, runQuery, selected, sortByOrder } from "../../src/net/arcql.ts";
import { scopeOf } from "../../src/net/scope.ts";

const at = (id: string, data: Json, place = "review"): Candidate => ({
  place,
  token: { id, data, from: { outside: "ada" }, by: "ada", at: `2026-01-0${id.length}T00:00:00.000Z`, correlation: id, v: 1 },
});
const ids = (found: Candidate[]) => found.map(({ token }) => token.id).join(" ");

const review = [
  at("late", { stage: "review", attempt: 1, createdAt: "2026-03-01" }),
  at("old", { stage: "review", attempt: 0, createdAt: "2026-01-01" }),
  at("tired", { stage: "review", attempt: 3, createdAt: "2025-01-01" }),
  at("draft", { stage: "draft", attempt: 0, createdAt: "2024-01-01" }),
  at("mid", { stage: "review", attempt: 2, createdAt: "2026-02-01", done: true }),
  at("text", "no object at all"),
];

describe("queries", () => {
  it.each([
    ['FROM $ WHERE $.stage=="review" AND $.attempt<3 ORDER BY $.createdAt ASC LIMIT 1', "old"],
    ["FROM $ WHERE $.done==null LIMIT 20", "late old tired draft text"],
    ["FROM $", "late old tired draft mid text"],
    ["from $ where $.stage == 'review' order by $.attempt desc, $.createdAt limit 2", "tired mid"],
    ["FROM $ LIMIT 2", "late old"],
    ['SELECT * FROM $ WHERE $meta.id IN ["mid", "text"]', "mid text"],
    ["FROM $ WHERE $.attempt == least OR $.attempt == limit", "tired mid"],
    ["FROM $ WHERE $meta.place != 'review'", ""],
  ])("%s", (text, wanted) => {
    const names = scopeOf({ least: { data: 2, meta: null }, limit: { data: 3, meta: null } });
    expect(ids(runQuery(compileQuery(text), review, names))).toBe(wanted);
  });

  it("selects named values, bare names being fields of the token", () => {
    const query = compileQuery("SELECT stage, $.createdAt, $meta.id, $.attempt + 1 AS next, len($.stage), nothing FROM $ LIMIT 1");
    const first = runQuery(query, review)[0] as Candidate;
    expect(selected(query, first)).toEqual({ stage: "review", createdAt: "2026-03-01", id: "late", next: 2, column5: 6, nothing: null });
    expect(selected(compileQuery("FROM $"), first)).toBe(first.token.data);
  });

  it.each([
    ["FROM Review", "unexpected Review"],
    ["FROM review, $", "unexpected $"],
    ["FROM", "ends too early"],
    ["WHERE $.a == 1", "unexpected WHERE"],
    ["FROM $ LIMIT 0", "LIMIT takes a whole number"],
    ["FROM $ LIMIT 1.5", "LIMIT takes a whole number"],
    ["FROM $ ORDER $.a", "unexpected $"],
    ["FROM $ WHERE", "ends too early"],
    ["FROM $ LIMIT 1 WHERE $.a", "unexpected WHERE"],
    ["", "is empty"],
  ])("refuses %s", (text, problem) => {
    expect(() => compileQuery(text)).toThrowError(
      expect.objectContaining({ code: "expression-syntax", message: expect.stringContaining(problem) }),
    );
  });
});

describe("order", () => {
  const order = (text: string, values: Json[]) =>
    sortByOrder(
      compileOrderBy(text),
      values.map((value, index) => at(`i${index}`, { value }).token),
      "review",
    ).map(({ id }) => id);

  it("puts what is missing last in both directions and keeps equals in their order", () => {
    expect(order("$.value", [3, null, 1, "a", true, 1])).toEqual(["i4", "i2", "i5", "i0", "i3", "i1"]);
    expect(order("$.value DESC", [3, null, 1, "a", true, 1])).toEqual(["i3", "i0", "i2", "i5", "i4", "i1"]);
  });

  it("looks at the envelope and at several terms", () => {
    const tokens = [at("ccc", { p: 1 }), at("a", { p: 2 }), at("bb", { p: 1 })].map(({ token }) => token);
    expect(sortByOrder(compileOrderBy("$.p DESC, $meta.at ASC"), tokens, "review").map(({ id }) => id)).toEqual(["a", "bb", "ccc"]);
  });

  it("is a stable permutation whatever the values", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), (values) => {
        const once = order("$.value DESC", values as Json[]);
        expect([...once].sort()).toEqual(values.map((_, index) => `i${index}`).sort());
        const again = order(
          "$.value DESC",
          once.map((id) => values[Number(id.slice(1))] as Json),
        );
        expect(again).toEqual(once.map((_, index) => `i${index}`));
      }),
    );
  });
});
