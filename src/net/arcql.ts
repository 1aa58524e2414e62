/** ArcQL: `[SELECT a, b] FROM $ [WHERE expr] [ORDER BY path ASC|DESC, ...] [LIMIT n]` over the tokens of places. */
import type { Json, JsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { type CompiledExpression, expressionOf } from "./expression.ts";
import { memoized } from "./expression-memo.ts";
import { parseOrder, parseQuery } from "./expression-parser.ts";
import type { Node, OrderNode } from "./expression-tree.ts";
import { orderValues } from "./expression-values.ts";
import { boundOf, type Scope, scopeOf } from "./scope.ts";

export interface OrderTerm {
  expr: CompiledExpression;
  descending: boolean;
}
export type CompiledOrder = OrderTerm[];

export interface CompiledQuery {
  where?: CompiledExpression;
  orderBy: CompiledOrder;
  limit?: number;
  /** Named values, in the order of the text; absent for whole tokens. */
  select?: { name: string; expr: CompiledExpression }[];
}

/** A token with the place that it lies in. */
export interface Candidate {
  token: Token;
  place: string;
}

/** Errors: Terminal `expression-syntax`. */
export const compileQuery: (text: string) => CompiledQuery = memoized((text) => {
  const parsed = parseQuery(text);
  const query: CompiledQuery = { orderBy: compileTerms(parsed.orderBy, text) };
  if (parsed.where) query.where = expressionOf(parsed.where, text);
  if (parsed.limit !== undefined) query.limit = parsed.limit;
  if (parsed.select) query.select = parsed.select.map(({ name, node }) => ({ name, expr: expressionOf(ofToken(node), text) }));
  return query;
});

/** The `orderBy` of an arc, like `$.priority DESC, $meta.at ASC`. Errors: Terminal `expression-syntax`. */
export const compileOrderBy: (text: string) => CompiledOrder = memoized((text) => compileTerms(parseOrder(text), text));

function compileTerms(terms: OrderNode[], text: string): CompiledOrder {
  return terms.map(({ node, descending }) => ({ expr: expressionOf(node, text), descending }));
}

/** In SELECT a bare name is a field of the token: there is nothing else that it could name. */
function ofToken(node: Node): Node {
  if (node.kind !== "path" || node.root.startsWith("$")) return node;
  return { ...node, root: "$", steps: [{ key: node.root }, ...node.steps] };
}

/**
 * The candidates that the query asks for, in its order; without ORDER BY in the order given. `scope` holds other names.
 * Errors: Terminal `expression-limit`.
 */
export function runQuery<T extends Candidate>(query: CompiledQuery, candidates: readonly T[], scope?: Scope, now?: number): T[] {
  const limit = query.limit ?? Number.POSITIVE_INFINITY;
  const found: T[] = [];
  for (const candidate of candidates) {
    if (query.orderBy.length === 0 && found.length >= limit) break;
    if (query.where === undefined || query.where.test(scopeOfCandidate(candidate, scope), now)) found.push(candidate);
  }
  const ordered = sortCandidates(query.orderBy, found, scope, now);
  return ordered.length > limit ? ordered.slice(0, limit) : ordered;
}

/** What SELECT names of a candidate, missing values as null; without SELECT the token's data. */
export function selected(query: CompiledQuery, candidate: Candidate, scope?: Scope, now?: number): Json {
  if (!query.select) return candidate.token.data;
  const own = scopeOfCandidate(candidate, scope);
  return Object.fromEntries(query.select.map(({ name, expr }) => [name, expr.evaluate(own, now) ?? null])) satisfies JsonObject;
}

/** The tokens of one place in the order of an arc's `orderBy`. */
export function sortByOrder(order: CompiledOrder, tokens: readonly Token[], place: string, now?: number, scope?: Scope): Token[] {
  const candidates = tokens.map((token): Candidate => ({ token, place }));
  return sortCandidates(order, candidates, scope, now).map(({ token }) => token);
}

/** Stable; missing and null come last in both directions; booleans before numbers before texts before all else. */
function sortCandidates<T extends Candidate>(order: CompiledOrder, candidates: readonly T[], scope: Scope | undefined, now?: number): T[] {
  if (order.length === 0) return [...candidates];
  const keyed = candidates.map((candidate) => {
    const own = scopeOfCandidate(candidate, scope);
    return { candidate, keys: order.map(({ expr }) => expr.evaluate(own, now)) };
  });
  keyed.sort((one, other) => {
    for (const [index, { descending }] of order.entries()) {
      const difference = compareKeys(one.keys[index], other.keys[index], descending);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return keyed.map(({ candidate }) => candidate);
}

function compareKeys(one: Json | undefined, other: Json | undefined, descending: boolean): number {
  const absent = Number(one === undefined || one === null) - Number(other === undefined || other === null);
  if (absent !== 0) return absent;
  const difference = rank(one) - rank(other) || (orderValues(one, other) ?? Number(one === true) - Number(other === true));
  return descending ? -difference : difference;
}

function rank(value: Json | undefined): number {
  const place = ["boolean", "number", "string"].indexOf(typeof value);
  return place === -1 ? 3 : place;
}

function scopeOfCandidate({ token, place }: Candidate, parent: Scope | undefined): Scope {
  return scopeOf({ $: boundOf(token, place) }, parent);
}
