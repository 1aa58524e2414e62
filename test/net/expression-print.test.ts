/** What is printed reads as what it was: of every form that the grammar has. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { expressionFunctions } from "../../src/net/expression-functions.ts";
import { isReserved } from "../../src/net/expression-lexer.ts";
import { parseExpression, parseQuery } from "../../src/net/expression-parser.ts";
import { printNode, printQuery } from "../../src/net/expression-print.ts";
import type { ArithmeticSign, Comparison, Node, PathNode, QueryNode, Step } from "../../src/net/expression-tree.ts";

const word = fc.oneof(
  fc.constantFrom("a", "stage", "from", "order", "limit", "group", "of", "as", "select", "by", "x_1", "_"),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => !isReserved(text)),
);
const literal: fc.Arbitrary<Node> = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    fc.nat(),
    fc.boolean(),
    fc.constant(null),
  )
  .map((value) => ({ kind: "value", value: Object.is(value, -0) ? 0 : (value as Json) }));

const { node } = fc.letrec<{ node: Node; path: Node }>((tie) => {
  const inner = tie("node");
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.oneof(word, fc.constantFrom("$meta", "0", "and", "a b", "", "ä")).map((key) => ({ key })) },
    fc.nat(20).map((key) => ({ key })),
    fc.constant<Step>({ every: true }),
    inner
      .filter(({ kind, ...rest }) => !(kind === "value" && ["string", "number"].includes(typeof (rest as { value?: Json }).value)))
      .map((computed) => ({ computed })),
  );
  const path = fc
    .tuple(fc.oneof(word, fc.constantFrom("$", "$result", "$item")), fc.array(step, { maxLength: 3 }))
    .map(([root, steps]): PathNode => ({ kind: "path", root, steps, text: "", offset: 0 }));
  const chain = (signs: readonly ArithmeticSign[]) =>
    fc
      .tuple(inner, fc.array(fc.record({ sign: fc.constantFrom(...signs), operand: inner }), { minLength: 1, maxLength: 3 }))
      .map(([first, rest]): Node => ({ kind: "arithmetic", first, rest }));
  const call = fc
    .constantFrom(...expressionFunctions.entries())
    .chain(([name, { least, most }]) =>
      fc
        .array(inner, { minLength: least, maxLength: Math.min(most, 3) })
        .map((operands): Node => ({ kind: "call", name, operands, offset: 0 })),
    );
  return {
    path,
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      literal,
      path,
      fc.array(inner, { maxLength: 3 }).map((items): Node => ({ kind: "array", items })),
      fc
        .tuple(fc.constantFrom("every", "some"), fc.array(inner, { minLength: 2, maxLength: 3 }))
        .map(([kind, operands]): Node => ({ kind, operands }) as Node),
      inner.map((operand): Node => ({ kind: "not", operand })),
      inner.map((operand): Node => ({ kind: "negative", operand })),
      inner.map((operand): Node => ({ kind: "exists", operand })),
      fc
        .tuple(fc.constantFrom<Comparison>("==", "!=", "<", "<=", ">", ">=", "in", "contains"), inner, inner)
        .map(([sign, left, right]): Node => ({ kind: "compare", sign, left, right })),
      chain(["+", "-"]),
      chain(["*", "/", "%"]),
      call,
    ),
  };
});

/** Without where things stood in the text. */
function bare<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (key, inner) => (key === "text" && typeof value === "object" ? undefined : key === "offset" ? undefined : inner)),
  ) as T;
}
/** The grammar's limits are not what is tested here. */
const fits = (text: string) => text.length < 3500 && Math.max(...depths(text)) < 30;
function depths(text: string): number[] {
  let depth = 0;
  return [0, ...[...text].map((character) => (depth += "([".includes(character) ? 1 : ")]".includes(character) ? -1 : 0))];
}

it("expressions", () => {
  fc.assert(
    fc.property(node, (one) => {
      const text = printNode(one);
      fc.pre(fits(text));
      expect(bare(parseExpression(text))).toEqual(bare(one));
    }),
    { numRuns: 1000 },
  );
});

it("queries", () => {
  const place = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(--?[a-z0-9]{1,4}){0,2}$/);
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const query: fc.Arbitrary<QueryNode> = fc.record({
    select: optional(fc.array(fc.record({ name: word, node, offset: fc.constant(0) }), { minLength: 1, maxLength: 3 })),
    from: optional(fc.uniqueArray(place, { minLength: 1, maxLength: 3 })),
    asOf: optional(
      fc.oneof(
        fc.nat().map((seq) => ({ kind: "event" as const, seq, offset: 0 })),
        fc.constant({ kind: "time" as const, text: "2026-03-01T12:00:00Z", offset: 0 }),
        fc.constant({ kind: "now" as const, offset: 0 }),
      ),
    ),
    where: optional(node),
    groupBy: optional(fc.array(node, { minLength: 1, maxLength: 2 })),
    orderBy: fc.array(fc.record({ node, descending: fc.boolean() }), { maxLength: 2 }),
    limit: optional(fc.integer({ min: 1, max: 1000 })),
  }) as fc.Arbitrary<QueryNode>;
  fc.assert(
    fc.property(query, (one) => {
      const text = printQuery(one);
      fc.pre(fits(text));
      expect(bare(parseQuery(text))).toEqual(bare(one));
      expect(printQuery(parseQuery(text))).toBe(text);
    }),
    { numRuns: 500 },
  );
});
