/**
 * ArcQL over the tokens of places: `[SELECT a, count(*) AS n] FROM $ | place, ... [AS OF moment] [WHERE expr] [GROUP BY a, ...]
 * [ORDER BY path ASC|DESC, ...] [LIMIT n]`.
 */
import { Terminal } from "../contract/errors.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { type CompiledGroups, compileGroups, groupRows, ofToken } from "./arcql-groups.ts";
import { type CompiledExpression, expressionOf } from "./expression.ts";
import { memoized } from "./expression-memo.ts";
import { mustNotCountRows, parseOrder, parseQuery } from "./expression-parser.ts";
import type { AsOf, OrderNode, QueryNode } from "./expression-tree.ts";
import { memberOf, orderValues } from "./expression-values.ts";
import { fixedLookups } from "./lookup.ts";
import { type Bound, boundOf, type Scope } from "./scope.ts";
import type { TokenKey } from "./token-list.ts";

export interface OrderTerm {
  expr: CompiledExpression;
  descending: boolean;
}
export type CompiledOrder = OrderTerm[];

export interface CompiledQuery {
  /** Places that FROM names; absent for `$`. */
  from?: string[];
  asOf?: AsOf;
  where?: CompiledExpression;
  /** Keys of tokens that it wants by value: an index of them finds all candidates. */
  lookups: { key: TokenKey; value: Json }[];
  /** Present when it gives a row for each group instead of tokens. */
  groups?: CompiledGroups;
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
  if (parsed.where) mustNotCountRows(parsed.where, text);
  const groups = compileGroups(parsed, text);
  if (!groups) for (const { node } of parsed.orderBy) mustNotCountRows(node, text);
  const lookups = parsed.where ? fixedLookups(ofToken(parsed.where), text) : [];
  const query: CompiledQuery = { lookups, orderBy: groups ? [] : compileTerms(aliased(parsed), text) };
  if (groups) query.groups = groups;
  if (parsed.from) query.from = parsed.from;
  if (parsed.asOf) query.asOf = parsed.asOf;
  if (parsed.where) query.where = expressionOf(parsed.where, text);
  if (parsed.limit !== undefined) query.limit = parsed.limit;
  if (parsed.select && !groups) query.select = parsed.select.map(({ name, node }) => ({ name, expr: expressionOf(ofToken(node), text) }));
  return query;
});

/** The `orderBy` of an arc, like `$.priority DESC, $meta.at ASC`. Errors: Terminal `expression-syntax`. */
export const compileOrderBy: (text: string) => CompiledOrder = memoized((text) => compileTerms(parseOrder(text), text));

function compileTerms(terms: OrderNode[], text: string): CompiledOrder {
  return terms.map(({ node, descending }) => ({ expr: expressionOf(node, text), descending }));
}

/** ORDER BY may name a column of SELECT. */
function aliased({ select, orderBy }: QueryNode): OrderNode[] {
  return orderBy.map(({ node, descending }) => {
    const isName = node.kind === "path" && node.steps.length === 0 && !node.root.startsWith("$");
    const column = isName ? select?.find(({ name }) => name === node.root) : undefined;
    return { node: column ? ofToken(column.node) : node, descending };
  });
}

/** Asked now and then while a query runs: true when its time is over. */
export type Pace = () => boolean;
const PACE_EVERY = 256;

/** Errors: Terminal `query-too-long`. */
function* paced<T>(items: Iterable<T>, isLate: Pace | undefined): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (isLate && count++ % PACE_EVERY === PACE_EVERY - 1 && isLate()) {
      const hint = "ask for fewer places, or by a narrower condition";
      throw new Terminal({ code: "query-too-long", message: `the query was ended after ${count} tokens: its time is over`, hint });
    }
    yield item;
  }
}

/**
 * The candidates that the query asks for, in its order; without ORDER BY in the order given. `scope` holds other names.
 * Errors: Terminal `expression-limit`, `query-too-long`.
 */
export function runQuery<T extends Candidate>(
  query: CompiledQuery,
  candidates: readonly T[],
  scope?: Scope,
  now?: number,
  isLate?: Pace,
): T[] {
  const limit = query.limit ?? Number.POSITIVE_INFINITY;
  const found: T[] = [];
  for (const candidate of paced(candidates, isLate)) {
    if (query.orderBy.length === 0 && found.length >= limit) break;
    if (query.where === undefined || query.where.test(scopeOfCandidate(candidate, scope), now)) found.push(candidate);
  }
  const ordered = sortCandidates(query.orderBy, found, scope, now);
  return ordered.length > limit ? ordered.slice(0, limit) : ordered;
}

/** The rows of a query with groups. Errors: Terminal `expression-limit`, `query-too-long`. */
export function runGroups(
  groups: CompiledGroups,
  query: CompiledQuery,
  candidates: readonly Candidate[],
  now?: number,
  isLate?: Pace,
): JsonObject[] {
  const { where, limit } = query;
  function* scopes(): Generator<Scope> {
    for (const candidate of paced(candidates, isLate)) {
      const scope = scopeOfCandidate(candidate, undefined);
      if (where === undefined || where.test(scope, now)) yield scope;
    }
  }
  const rows = groupRows(groups, scopes(), now).sort((one, other) => compareAll(groups.orderBy, one.order, other.order));
  return rows.slice(0, limit ?? rows.length).map(({ value }) => value);
}

export interface QueryAnswer {
  /** `{place, id, value}` for each token, or the columns alone for each group. */
  rows: JsonObject[];
  /** How many there would be without `limit`, which holds where the query has no LIMIT of its own. */
  total: number;
}

/** Errors: Terminal `expression-limit`, `query-too-long`. */
export function answerOf(query: CompiledQuery, candidates: readonly Candidate[], now: number, limit: number, isLate?: Pace): QueryAnswer {
  const most = query.limit ?? limit;
  if (query.groups) {
    const rows = runGroups(query.groups, query, candidates, now, isLate);
    return { rows: rows.slice(0, most), total: rows.length };
  }
  const found = runQuery(query, candidates, undefined, now, isLate);
  const rows = found
    .slice(0, most)
    .map((one): JsonObject => ({ place: one.place, id: one.token.id, value: selected(query, one, undefined, now) }));
  return { rows, total: found.length };
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
  keyed.sort((one, other) => compareAll(order, one.keys, other.keys));
  return keyed.map(({ candidate }) => candidate);
}

function compareAll(
  order: readonly { descending: boolean }[],
  one: readonly (Json | undefined)[],
  other: readonly (Json | undefined)[],
): number {
  for (const [index, { descending }] of order.entries()) {
    const difference = compareKeys(one[index], other[index], descending);
    if (difference !== 0) return difference;
  }
  return 0;
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

/** `$`, the names of `parent`, and then the fields of the token by their bare names. */
function scopeOfCandidate({ token, place }: Candidate, parent: Scope | undefined): Scope {
  const own = boundOf(token, place);
  return { get: (name) => (name === "$" ? own : (parent?.get(name) ?? fieldOf(token.data, name))) };
}

function fieldOf(data: Json, name: string): Bound | undefined {
  const value = name.startsWith("$") ? undefined : memberOf(data, name);
  return value === undefined ? undefined : { data: value, meta: null };
}
