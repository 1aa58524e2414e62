/**
 * What of a condition an index can answer: the conjuncts that say `path of the token == something known before`. Plain paths
 * alone are keys, because reading one never fails: the index is kept up inside the fold.
 */
import type { Json } from "../contract/json.ts";
import { type CompiledExpression, expressionOf } from "./expression.ts";
import { memoized } from "./expression-memo.ts";
import { parseExpression } from "./expression-parser.ts";
import { type Node, pathsIn } from "./expression-tree.ts";
import { boundOf, scopeOfToken } from "./scope.ts";
import type { TokenKey } from "./token-list.ts";

export interface Lookup {
  key: TokenKey;
  /** Over what is bound before. */
  value: CompiledExpression;
}

/** The lookups that a condition on a token allows, in the order of its text. None is exact: the condition is tested all the same. */
export const lookupsOf: (where: string) => Lookup[] = memoized((where) =>
  conjunctsOf(parseExpression(where)).flatMap((node) => {
    if (node.kind !== "compare" || node.sign !== "==") return [];
    return lookup(node.left, node.right, where) ?? lookup(node.right, node.left, where) ?? [];
  }),
);

/** What of a query's condition an index can answer: `path of the token == a value`. Tested all the same. */
export function fixedLookups(where: Node, text: string): { key: TokenKey; value: Json }[] {
  return conjunctsOf(where).flatMap((node) => {
    if (node.kind !== "compare" || node.sign !== "==") return [];
    const { left, right } = node;
    const [path, other] = left.kind === "value" ? [right, left] : [left, right];
    const key = other.kind === "value" ? keyOf(path, text) : null;
    return key !== null && other.kind === "value" ? [{ key, value: other.value }] : [];
  });
}

/** The expression as a key of tokens, or null where it is more than a path of `$`. */
export const tokenKeyOf: (text: string) => TokenKey | null = (text) => keyOf(parseExpression(text), text);

function lookup(path: Node, other: Node, text: string): Lookup | null {
  const key = keyOf(path, text);
  if (key === null || !isKnownBefore(other)) return null;
  return { key, value: expressionOf(other, text) };
}

function keyOf(node: Node, text: string): TokenKey | null {
  if (node.kind !== "path" || node.root !== "$" || node.steps.some((step) => "computed" in step)) return null;
  const expression = expressionOf(node, text);
  return { text: JSON.stringify(node.steps), of: (token, place) => expression.evaluate(scopeOfToken(boundOf(token, place))) };
}

function conjunctsOf(node: Node): Node[] {
  return node.kind === "every" ? node.operands.flatMap(conjunctsOf) : [node];
}

/** Says nothing of the token, and nothing that could fail for one value and not for another. */
function isKnownBefore(node: Node): boolean {
  return (node.kind === "value" || node.kind === "path") && pathsIn(node).every(({ root }) => !root.startsWith("$"));
}

/** The path of the first input that an expression is, as a key of its tokens: `story.id` as `$.id`; null where it is more. */
export function keyOfInput(expression: string, name: string): TokenKey | null {
  const node = parseExpression(expression);
  if (node.kind !== "path" || node.root !== name) return null;
  return keyOf({ ...node, root: "$" }, expression);
}
