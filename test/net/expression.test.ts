import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PetrelError } from "../../src/contract/errors.ts";
import type { Json } from "../../src/contract/json.ts";
import type { Token } from "../../src/contract/token.ts";
import { compileExpression } from "../../src/net/expression.ts";
import { type Bound, metaOf, type Scope, scopeOf } from "../../src/net/scope.ts";

const token = (id: string, data: Json): Token => ({
  id,
  data,
  from: { outside: "ada" },
  by: "ada",
  at: "2026-01-02T03:04:05.000Z",
  correlation: `c-${id}`,
  v: 1,
});
const bound = (id: string, data: Json): Bound => ({ data, meta: metaOf(token(id, data), "review") });
const plain = (data: Json): Bound => ({ data, meta: null });

const scope = scopeOf({
  $: bound("t1", { stage: "review", attempt: 2, done: null, tags: ["ui", "api"], nested: { "b c": [1, 2] }, in: 5 }),
  change: bound("t2", { title: "Add login", attempt: 1, order: 7 }),
  changes: [bound("a", { title: "A", points: 3, parts: [{ n: 1 }, { n: 2 }] }), bound("b", { title: "B", points: 4, parts: [{ n: 3 }] })],
  limit: plain(9),
  $result: plain({ severity: "none", a: { "b c": true }, list: [] }),
  $index: plain(1),
});
const value = (text: string, given: Scope = scope, now?: number) => compileExpression(text).evaluate(given, now);

function failure(text: string): PetrelError {
  try {
    compileExpression(text);
  } catch (error) {
    if (error instanceof PetrelError) return error;
    throw error;
  }
  throw new Error(`${text} compiled`);
}

describe("paths", () => {
  it.each([
    ["$.stage", "review"],
    ["$.tags[1]", "api"],
    ["$.tags.0", "ui"],
    ['$.nested["b c"].1', 2],
    ["$.in", 5],
    ["$meta.correlation", "c-t1"],
    ["$.$meta.place", "review"],
    ["change.title", "Add login"],
    ["change.$meta.id", "t2"],
    ["change.order", 7],
    ["limit", 9],
    ['$result.a["b c"]', true],
    ["changes[0].title", "A"],
    ["changes.1.$meta.id", "b"],
    ["changes.0.parts.1.n", 2],
    ["changes[$index].title", "B"],
    ["changes[*].points", [3, 4]],
    ["changes[*].parts[*].n", [1, 2, 3]],
    ["changes[*].$meta.id", ["a", "b"]],
    ["changes", [token("a", { title: "A", points: 3, parts: [{ n: 1 }, { n: 2 }] }).data, { title: "B", points: 4, parts: [{ n: 3 }] }]],
  ])("%s", (text, wanted) => {
    expect(value(text)).toEqual(wanted);
  });

  it.each([
    "$.nothing",
    "nobody.title",
    "$.stage.length",
    "$.tags.length",
    "$.tags[-1]",
    "$.tags[0.5]",
    "changes.title",
    "$result.$meta.id",
  ])("%s is missing", (text) => {
    expect(value(text)).toBeUndefined();
  });

  it.each([
    "$.__proto__",
    "$.constructor",
    "$.tags.map",
    "$.constructor.name",
    '$["__proto__"]',
    "constructor",
    "__proto__.polluted",
    "toString",
  ])("%s reaches no prototype", (text) => {
    expect(value(text)).toBeUndefined();
  });

  it("finds own fields with a prototype's name", () => {
    expect(value("$.__proto__.x", scopeOf({ $: plain(JSON.parse('{"__proto__":{"x":1}}')) }))).toBe(1);
  });

  it("names its roots", () => {
    expect(compileExpression("change.a == $meta.id AND len($result.b) > changes[limit].x OR $.y").roots).toEqual([
      "change",
      "$",
      "$result",
      "changes",
      "limit",
    ]);
  });
});

describe("operators", () => {
  it.each<[string, Json]>([
    ['$.stage=="review" AND $.attempt<3', true],
    ["$.stage == 'review' && !($.attempt >= 3)", true],
    ["$.nothing == null", true],
    ["$.nothing != null", false],
    ["$.done == null", true],
    ["EXISTS $.done", true],
    ["EXISTS $.nothing", false],
    ["NOT EXISTS $.nothing AND EXISTS($.stage)", true],
    ["$.nothing < 3", false],
    ["$.nothing >= 3", false],
    ['$.stage < 3 OR $.stage > 3 OR $.stage <= "a"', false],
    ["true < 2", false],
    ['"2" == 2', false],
    ["[1, [2]] == [1, [2]]", true],
    ['$.stage IN ["draft", "review"]', true],
    ["$.stage not in ['draft']", true],
    ["3 IN $.nothing", false],
    ["$.nothing IN [null]", false],
    ['$.tags CONTAINS "ui"', true],
    ['$.stage CONTAINS "view"', true],
    ["$.stage CONTAINS 1", false],
    ["1 + 2 * 3 - 4 / 2", 5],
    ["7 % 4", 3],
    ["-(2) - -3", 1],
    ["(1 + 2) * 3", 9],
    ['"a" + 1 + true', "a1true"],
    ['"x" + [1]', "x[1]"],
    ["true OR false AND false", true],
    ["NOT false AND false", false],
    ["not not 1", true],
    ["1.5e2", 150],
    [String.raw`"q\"\u0041\n" + 'it\'s'`, "q\"A\nit's"],
    ["[]", []],
    ["[$.nothing, 1]", [null, 1]],
  ])("%s", (text, wanted) => {
    expect(value(text)).toEqual(wanted);
  });

  it.each(["1 / 0", "0 % 0", "$.nothing + 1", "null + 1", "true * 2", "1e308 * 10", "-$.stage", '"a" + $.nothing'])(
    "%s has no value",
    (text) => {
      expect(value(text)).toBeUndefined();
    },
  );

  it("tests as true only what is there and not empty, zero, false or null", () => {
    const holds = (text: string) => compileExpression(text).test(scope);
    expect([holds("$.stage"), holds("$.attempt"), holds("$result.list")]).toEqual([true, true, true]);
    expect([holds("$.nothing"), holds("null"), holds("0"), holds('""'), holds("false")]).toEqual([false, false, false, false, false]);
  });
});

describe("functions", () => {
  it.each<[string, Json]>([
    ["len($.tags) + len('abc') + len($result)", 8],
    ["lower('A') + upper('b') + trim(' c ')", "aBc"],
    ["default($.nothing, $.done, 'x')", "x"],
    ["default($.stage, 'x')", "review"],
    ["sum(changes[*].points)", 7],
    ["sum($.nothing)", 0],
    ["sum(1, 2, null)", 3],
    ["count(changes)", 2],
    ["count(changes[*].title, 'A')", 1],
    ["count($.nothing)", 0],
    ["join(unique(changes[*].title))", "A, B"],
    ["len(unique(changes)) == len(changes)", true],
    ["min(changes[*].points)", 3],
    ["max('b', 'a')", "b"],
    ["round(2.345, 2)", 2.35],
    ["join($.tags, '/')", "ui/api"],
    ["slice($.stage, 0, 3)", "rev"],
    ["now()", "1970-01-01T00:00:01.000Z"],
    ["time(now()) - time('1970-01-01T00:00:00Z')", 1000],
  ])("%s", (text, wanted) => {
    expect(value(text, scope, 1000)).toEqual(wanted);
  });

  it.each([
    "len(3)",
    "lower(3)",
    "sum('a', 1)",
    "min([])",
    "max(1, 'a')",
    "join(3)",
    "time('soon')",
    "round('a')",
    "count(3)",
    "unique(3)",
  ])("%s has no value", (text) => {
    expect(value(text, scope, 1000)).toBeUndefined();
  });

  it("has no time unless it is given one", () => {
    expect(value("now()")).toBeUndefined();
  });
});

describe("syntax errors", () => {
  it("puts a caret under the column", () => {
    const error = failure('$.stage = "review"');
    expect(error.code).toBe("expression-syntax");
    expect(error.message).toBe('unexpected =\n  $.stage = "review"\n          ^');
    expect(error.hint).toBe("write == to compare");
    expect(error.where).toBe("1:9");
  });

  it("shows the line of a text with several", () => {
    const error = failure("$.a == 1\nAND $.b ==== 2");
    expect(error.message).toContain("\n  AND $.b ==== 2\n");
    expect(error.where).toBe("2:11");
  });

  it("cuts a long line around the place", () => {
    const [, line = "", caret = ""] = failure(`${"$.a == 1 AND ".repeat(50)}?`).message.split("\n");
    expect(line.length).toBeLessThan(120);
    expect(line[caret.indexOf("^")]).toBe("?");
  });

  it.each([
    ["", "the expression is empty"],
    ["$.a ==", "ends too early"],
    ["a < b < c", "unexpected <"],
    ["'abc", "is not closed"],
    [String.raw`"\x"`, "unknown escape"],
    ["a & b", "unexpected &"],
    ["{}", "unexpected {"],
    ["lenn(a)", "unknown function lenn"],
    ["len()", "takes 1 operands"],
    ["a b", "unexpected b"],
    ["1e999", "too large"],
    ["$.a NOT == 1", "NOT stands before"],
    ['FROM $ WHERE $.stage == "x"', "unexpected $"],
    ["(".repeat(200), "nested deeper"],
    ["1+".repeat(3000), "at most 4000 characters"],
    ["$.a.", "ends too early"],
  ])("%s", (text, problem) => {
    const error = failure(text);
    expect(error.code).toBe("expression-syntax");
    expect(error.message).toContain(problem);
  });

  it("says that an expression stands bare where a template's mark is written", () => {
    expect(failure(`\${change.title} == 1`).hint).toContain("only templates hold");
  });

  it("suggests the function that was meant", () => {
    expect(failure("lenn(a)").hint).toContain('"len"');
  });
});

describe("bounds", () => {
  it("stays flat on long chains and on deeply nested data", () => {
    expect(value(`${"1+".repeat(1900)}1`)).toBe(1901);
    expect(value(`${"NOT ".repeat(900)}true`)).toBe(true);
    expect(value(`${"-".repeat(3001)}1`)).toBe(-1);
    const deep = (): Json => JSON.parse(`${"[".repeat(30_000)}${"]".repeat(30_000)}`);
    expect(value("a == b", scopeOf({ a: plain(deep()), b: plain(deep()) }))).toBe(true);
    expect(value(`$${".a".repeat(1900)} == null`)).toBe(true);
  });

  it("refuses to build texts without bound", () => {
    const big = scopeOf({ a: plain("x".repeat(60_000)) });
    expect(() => value(Array(30).fill("a").join("+"), big)).toThrowError(expect.objectContaining({ code: "expression-limit" }));
  });

  const word = fc.constantFrom(
    ...[
      "$",
      "$meta",
      "$result",
      "change",
      "changes",
      "limit",
      ".",
      "[",
      "]",
      "(",
      ")",
      "[*]",
      "==",
      "=",
      "!=",
      "<",
      ">=",
      "AND",
      "or",
      "NOT",
    ],
    ...[
      "IN",
      "EXISTS",
      "CONTAINS",
      "+",
      "-",
      "*",
      "/",
      "%",
      ",",
      "1",
      "0.5",
      '"a"',
      "'",
      "len",
      "sum(",
      "default(",
      "now()",
      "null",
      "true",
      "__proto__",
      "\\",
    ],
  );
  it("never throws anything but a coded error, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
          fc.string({ maxLength: 40 }),
        ),
        (text) => {
          try {
            value(text, scope, 5);
          } catch (error) {
            expect(error).toBeInstanceOf(PetrelError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("evaluates every valid expression on any data without throwing", () => {
    const operand = fc.constantFrom(
      "$",
      "$.a",
      "$.a[0]",
      "$[*].a",
      "$.a.b",
      "$meta.id",
      "1",
      '"x"',
      "null",
      "[1, $.a]",
      "len($.a)",
      "sum($)",
      "min($.a, $)",
    );
    const sign = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "IN", "NOT IN", "CONTAINS", "+", "-", "*", "/", "%", "AND", "OR");
    fc.assert(
      fc.property(operand, sign, operand, fc.jsonValue(), (left, mark, right, data) => {
        const result = value(`(${left}) ${mark} (${right})`, scopeOf({ $: plain(data as Json) }));
        if (/^([=!<>]|IN|NOT|C|AND|OR)/.test(mark)) expect(typeof result).toBe("boolean");
        if (typeof result === "number") expect(Number.isFinite(result)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
