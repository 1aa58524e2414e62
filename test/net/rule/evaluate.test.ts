/** Rules: what they answer, what they decline, and that they are total and bounded whatever comes in. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { canonicalJson, type Json, type JsonObject } from "../../../src/contract/json.ts";
import type { Answer } from "../../../src/net/rule/answer.ts";
import type { Condition } from "../../../src/net/rule/condition.ts";
import { printCondition } from "../../../src/net/rule/print-condition.ts";
import { printRule } from "../../../src/net/rule/print-rule.ts";
import { evaluateRule, type Rule, ruleSchema } from "../../../src/net/rule/rule.ts";

const rule = (answer: Answer, guard: Condition[] = []): Rule => ruleSchema.parse({ guard, answer });
const answered = (answer: Answer, input: JsonObject) => evaluateRule(rule(answer), input);
const value = (answer: Answer, input: JsonObject): Json | string => {
  const result = answered(answer, input);
  return result.applies ? result.value : `declined: ${result.reason}`;
};

const order = {
  order: {
    id: "A-0042",
    total: 1234.5,
    placed: "2026-03-09T10:00:00Z",
    customer: { name: "ada LOVELACE", mail: "ada@Example.org" },
    tags: ["new", "eu"],
  },
};

describe("answers", () => {
  test("copies keep their type, changes are typed", () => {
    expect(value({ kind: "copy", path: "/order/total" }, order)).toBe(1234.5);
    expect(value({ kind: "copy", path: "/order/total", change: [{ do: "fixed", digits: 2, group: "," }] }, order)).toBe("1,234.50");
    expect(value({ kind: "copy", path: "/order/customer/name", change: [{ do: "title" }] }, order)).toBe("Ada Lovelace");
    expect(value({ kind: "copy", path: "/order/placed", change: [{ do: "date", from: "YYYY-MM-DD", to: "D MMMM YYYY" }] }, order)).toBe(
      "9 March 2026",
    );
    expect(value({ kind: "copy", path: "/order/tags", change: [{ do: "join", with: ", " }] }, order)).toBe("new, eu");
    expect(value({ kind: "copy", path: "/order/total", change: [{ do: "upper" }] }, order)).toMatch(
      /declined: order.total is not of the form/,
    );
  });

  test("objects, texts and lists are composed; an absent field is left out; a hole anywhere declines the whole", () => {
    const made: Answer = {
      kind: "object",
      fields: {
        subject: {
          kind: "text",
          parts: ["Order ", { path: "/order/id" }, " of ", { path: "/order/customer/name", change: [{ do: "title" }] }],
        },
        note: { kind: "absent" },
        lines: { kind: "list", items: [{ kind: "constant", value: 1 }] },
      },
    };
    expect(value(made, order)).toEqual({ subject: "Order A-0042 of Ada Lovelace", lines: [1] });
    expect(value(made, { order: { id: "A-1" } })).toBe("declined: subject: there is no order.customer.name");
  });

  test("a table answers for its rows alone", () => {
    const table: Answer = {
      kind: "table",
      keys: [{ path: "/a" }, { path: "/b", of: "folded" }],
      rows: [{ when: [1, "x y"], give: { z: true } }],
    };
    expect(value(table, { a: 1, b: " X  y " })).toEqual({ z: true });
    expect(value(table, { a: "1", b: "x y" })).toMatch(/is not in the table/);
    expect(value(table, { a: 1 })).toMatch(/there is no b/);
  });

  test("cases are a decision list; without `else` the rest is declined", () => {
    const list: Answer = {
      kind: "cases",
      cases: [
        { if: [{ test: "range", path: "/n", atLeast: 10 }], give: { kind: "constant", value: "many" } },
        { if: [{ test: "range", path: "/n", below: 5 }], give: { kind: "constant", value: "few" } },
      ],
    };
    expect([12, 3, 7, "12"].map((n) => value(list, { n }))).toEqual([
      "many",
      "few",
      "declined: no case of the rule holds",
      "declined: no case of the rule holds",
    ]);
  });

  test.each([
    [1.005, 2, "1.01"],
    [-1.005, 2, "-1.01"],
    [2961.165, 2, "2,961.17"],
    [0.125, 2, "0.13"],
    [-0.004, 2, "0.00"],
    [1e-7, 2, "0.00"],
    [2.5, 0, "3"],
    [-2.5, 0, "-3"],
    [999.995, 2, "1,000.00"],
    [123456789012345, 0, "123,456,789,012,345"],
  ])("%d is rounded as it is written, to %i digits: %s", (n, digits, text) => {
    expect(value({ kind: "copy", path: "/n", change: [{ do: "fixed", digits, group: "," }] }, { n })).toBe(text);
    expect(value({ kind: "copy", path: "/n", change: [{ do: "round", digits }] }, { n })).toBe(Number(text.replaceAll(",", "")));
  });

  test("a slug has the letters without their accents, and is none where one has no plain letter", () => {
    const slug = (t: string) => value({ kind: "copy", path: "/t", change: [{ do: "slug" }] }, { t });
    expect(slug("Zöe's Café, Nº 5")).toMatch(/declined/);
    expect(slug("Zöe's Café, no. 5")).toBe("zoe-s-cafe-no-5");
    expect(slug("Straße")).toMatch(/declined/);
  });

  test("an extraction takes the one that is meant, or none", () => {
    const find: Answer = {
      kind: "extract",
      path: "/text",
      patterns: ["Invoice no\\. (\\d+)", "^Ref: (\\d+)$"],
      change: [{ do: "number" }],
    };
    expect(value(find, { text: "Please pay Invoice no. 4711 now" })).toBe(4711);
    expect(value(find, { text: "Ref: 12" })).toBe(12);
    expect(value(find, { text: "Invoice no. 1 and Invoice no. 2" })).toMatch(/twice, and differently/);
    expect(value(find, { text: "Invoice no. 7, again: Invoice no. 7" })).toBe(7);
    expect(value(find, { text: "nothing" })).toMatch(/no pattern matches/);
  });
});

describe("conditions", () => {
  const holds = (condition: Condition, input: JsonObject) => evaluateRule(rule({ kind: "constant", value: 1 }, [condition]), input).applies;

  test.each<[Condition, JsonObject, boolean]>([
    [{ test: "word", path: "/t", word: "refund" }, { t: "A Refund, please" }, true],
    [{ test: "word", path: "/t", word: "fund" }, { t: "A Refund, please" }, false],
    [{ test: "in", path: "/c", values: ["de", "fr"] }, { c: "fr" }, true],
    [{ test: "in", path: "/c", values: [{ a: 1 }] }, { c: { a: 1 } }, true],
    [{ test: "equal", path: "/m", of: "domain", value: "example.org" }, { m: "a@b@Example.org" }, true],
    [{ test: "equal", path: "/m", of: "length", value: 2 }, { m: [1, 2] }, true],
    [{ test: "has", path: "/m", value: 2 }, { m: [1, 2] }, true],
    [{ test: "each", path: "/m", conditions: [{ test: "in", path: "", values: ["a", "b"] }] }, { m: ["a", "b", "a"] }, true],
    [{ test: "each", path: "/m", conditions: [{ test: "in", path: "", values: ["a", "b"] }] }, { m: ["a", "c"] }, false],
    [{ test: "each", path: "/m", conditions: [{ test: "equal", path: "/n", value: 1 }] }, { m: [{ n: 1 }, { n: 2 }] }, false],
    [{ test: "each", path: "/m", conditions: [{ test: "present", path: "/n" }] }, { m: [] }, true],
    [{ test: "each", path: "/m", conditions: [{ test: "present", path: "/n" }] }, { m: { n: 1 } }, false],
    [{ test: "decimals", path: "/n", most: 2 }, { n: -1234.56 }, true],
    [{ test: "decimals", path: "/n", most: 2 }, { n: 0.125 }, false],
    [{ test: "decimals", path: "/n", most: 6 }, { n: 1.5e-7 }, false],
    [{ test: "decimals", path: "/n", most: 0 }, { n: 1e21 }, true],
    [{ test: "decimals", path: "/n", most: 0 }, { n: "1" }, false],
    [{ test: "less", path: "/a", than: "/b" }, { a: 1, b: 2 }, true],
    [{ test: "same", path: "/a", than: "/b" }, { a: 1 }, false],
    [{ test: "fields", path: "", required: ["a"], optional: ["b"] }, { a: 1, c: 1 }, false],
    [{ test: "fields", path: "", required: ["a"], optional: ["b"] }, { a: 1, b: null }, true],
    [{ test: "present", path: "/a" }, { a: null }, false],
    [{ test: "present", path: "/constructor" }, {}, false],
    [{ test: "type", path: "/a", is: ["text", "null"] }, { a: null }, true],
    [{ test: "not", condition: { test: "equal", path: "/a", value: 1 } }, {}, true],
    [
      {
        test: "any",
        conditions: [
          { test: "starts", path: "/a", text: "x" },
          { test: "matches", path: "/a", pattern: "^\\d+$" },
        ],
      },
      { a: "123" },
      true,
    ],
  ])("%j on %j is %s", (condition, input, expected) => {
    expect(holds(condition, input)).toBe(expected);
  });

  test("of elements and decimals are printed in words", () => {
    expect(
      printCondition({
        test: "each",
        path: "/order/lines",
        conditions: [
          { test: "fields", path: "", required: ["sku"], optional: ["n"] },
          { test: "range", path: "/n", atLeast: 1 },
        ],
      }),
    ).toBe("each of order.lines: it has the fields sku, n? and it.n >= 1");
    expect(printCondition({ test: "decimals", path: "/amount", most: 2 })).toBe("amount has at most 2 decimals");
    expect(printCondition({ test: "decimals", path: "/amount", most: 0 })).toBe("amount has no decimals");
  });

  test("what lies outside the guard is declined by the condition's own words", () => {
    const guarded = rule({ kind: "constant", value: 1 }, [{ test: "in", path: "/country", values: ["de", "fr"] }]);
    expect(evaluateRule(guarded, { country: "xx" })).toEqual({
      applies: false,
      reason: 'outside the rule\'s domain: not country IN ["de", "fr"]',
    });
  });
});

describe("as a format", () => {
  test("a pattern that would need backtracking, a wrong path and an unknown field are refused", () => {
    const extract = (pattern: string, path = "/t") =>
      ruleSchema.safeParse({ guard: [], answer: { kind: "extract", path, patterns: [pattern] } }).success;
    expect(extract("(a+)+$")).toBe(true);
    expect(extract("(a)\\1")).toBe(false);
    expect(extract("(?=a)")).toBe(false);
    expect(extract("a", "t")).toBe(false);
    expect(ruleSchema.safeParse({ guard: [], answer: { kind: "constant", value: 1, extra: 1 } }).success).toBe(false);
  });

  test("has a JSON Schema, and is printed whole", () => {
    expect(JSON.stringify(z.toJSONSchema(ruleSchema))).toContain("decision list");
    const printed = printRule(
      rule(
        {
          kind: "split",
          if: { test: "range", path: "/order/total", atLeast: 100 },
          yes: { kind: "constant", value: "review" },
          no: { kind: "decline", reason: "too few seen" },
        },
        [{ test: "type", path: "/order/total", is: ["number"] }],
      ),
    );
    expect(printed).toEqual([
      "only where",
      "  order.total is number",
      "answer",
      "  if order.total >= 100",
      '    "review"',
      "  else",
      "    ask the model (too few seen)",
    ]);
  });
});

describe("whatever comes in", () => {
  const pointer = fc.constantFrom("", "/a", "/b", "/a/0", "/a/b", "/~0", "/a/length", "/__proto__", "/a/-1");
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)) as fc.Arbitrary<Json>;
  const condition = fc.oneof(
    fc.record({ test: fc.constant("equal" as const), path: pointer, value: scalar }),
    fc.record({ test: fc.constant("word" as const), path: pointer, word: fc.string({ minLength: 1, maxLength: 9 }) }),
    fc.record({ test: fc.constant("range" as const), path: pointer, atLeast: fc.integer() }),
    fc.record({ test: fc.constant("matches" as const), path: pointer, pattern: fc.constantFrom("a", "^(\\d+)$", "(x*)*y") }),
  ) as fc.Arbitrary<Condition>;
  const change = fc.array(
    fc.constantFrom(
      { do: "lower" },
      { do: "number" },
      { do: "fixed", digits: 2 },
      { do: "count" },
      { do: "item", at: -1 },
      { do: "join", with: "," },
      { do: "first", length: 2 },
    ),
    { maxLength: 3 },
  );
  const { answer } = fc.letrec((tie) => ({
    answer: fc.oneof(
      { maxDepth: 3 },
      fc.record({ kind: fc.constant("constant"), value: scalar }),
      fc.record({ kind: fc.constant("copy"), path: pointer, change }),
      fc.record({ kind: fc.constant("extract"), path: pointer, patterns: fc.constant(["(\\w+)"]), change }),
      fc.record({ kind: fc.constant("split"), if: condition, yes: tie("answer"), no: tie("answer") }),
      fc.record({ kind: fc.constant("object"), fields: fc.dictionary(fc.string({ maxLength: 3 }), tie("answer"), { maxKeys: 3 }) }),
    ),
  })) as unknown as { answer: fc.Arbitrary<Answer> };
  const input = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue() as fc.Arbitrary<Json>);

  test("a rule is total, gives JSON, gives the same again, and claims nothing outside its guard", () => {
    fc.assert(
      fc.property(answer, fc.array(condition, { maxLength: 3 }), input, (made, guard, given) => {
        const one = evaluateRule({ guard, answer: made }, given);
        expect(evaluateRule({ guard, answer: made }, structuredClone(given))).toEqual(one);
        if (one.applies) expect(canonicalJson(JSON.parse(JSON.stringify(one.value)))).toBe(canonicalJson(one.value));
        for (const each of guard) {
          if (!evaluateRule({ guard: [each], answer: { kind: "constant", value: 1 } }, given).applies) expect(one.applies).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("patterns that ruin a backtracking engine are matched in long texts", () => {
    // A backtracking engine would need more than the age of the universe for the first of these.
    const text = `${"a".repeat(20_000)}!`;
    for (const pattern of ["^(a+)+$", "(a|aa)+b", "^(a?){50}a{50}b"])
      expect(value({ kind: "extract", path: "/t", patterns: [pattern] }, { t: text })).toMatch(/no pattern matches/);
  });
});
