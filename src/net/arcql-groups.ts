/** Aggregates and GROUP BY: one row for each group of tokens that share what they are grouped by. */
import type { Json, JsonObject } from "../contract/json.ts";
import { type CompiledExpression, expressionOf } from "./expression.ts";
import { syntaxError } from "./expression-error.ts";
import { expressionFunctions } from "./expression-functions.ts";
import { mustNotCountRows } from "./expression-parser.ts";
import { printNode } from "./expression-print.ts";
import { type Node, nodesIn, type PathNode, type QueryNode, withParts } from "./expression-tree.ts";
import { type Bound, type Scope, scopeOf } from "./scope.ts";

export const AGGREGATES: ReadonlySet<string> = new Set(["count", "sum", "avg", "min", "max"]);

interface Aggregate {
  name: string;
  /** Null for `count(*)`. */
  operand: CompiledExpression | null;
}
export interface CompiledGroups {
  keys: CompiledExpression[];
  aggregates: Aggregate[];
  columns: { name: string; expr: CompiledExpression }[];
  orderBy: { expr: CompiledExpression; descending: boolean }[];
}
export interface GroupRow {
  value: JsonObject;
  order: (Json | undefined)[];
}

/** With one operand, or a star: with more, `max(a, b)` is the greater of two values of one token. */
export function isAggregate(node: Node): node is Extract<Node, { kind: "call" }> {
  return node.kind === "call" && node.operands.length === 1 && AGGREGATES.has(node.name);
}

/** In a query, a bare name is a field of the token: there is nothing else that it could name. */
export function ofToken(node: Node): Node {
  if (node.kind === "path" && !node.root.startsWith("$")) {
    return withParts({ ...node, root: "$", steps: [{ key: node.root }, ...node.steps] }, ofToken);
  }
  return withParts(node, ofToken);
}

/** Null for a query that gives tokens. Errors: Terminal `expression-syntax`. */
export function compileGroups({ select, groupBy, orderBy }: QueryNode, text: string): CompiledGroups | null {
  const counts = select?.some(({ node }) => nodesIn(node).some(isAggregate)) ?? false;
  if (!counts && !groupBy) return null;
  if (!select)
    throw syntaxError(
      text,
      0,
      "GROUP BY needs a SELECT that says what a group shows",
      "like SELECT stage, count(*) AS n FROM $ GROUP BY stage",
    );
  const given = (groupBy ?? []).map((key) => columnOf(key, select));
  const keys = given.map(ofToken);
  for (const key of given) mustNotCountRows(key, text);
  for (const key of groupBy ?? []) mustNotNameCount(key, select, text);
  const nested = given.find((key) => nodesIn(key).some(isAggregate));
  if (nested) throw syntaxError(text, offsetOf(nested), "an aggregate is no group", "group by what the tokens hold");
  const building: Building = { text, keys: keys.map(printNode), aggregates: [], aliases: new Map() };
  const columns = select.map(({ name, node, offset }) => {
    if (building.aliases.has(name)) throw syntaxError(text, offset, `two columns are called ${name}`, "give one another name with AS");
    const grouped = ofGroup(ofToken(node), building);
    building.aliases.set(name, grouped);
    return { name, expr: expressionOf(grouped, text) };
  });
  const order = orderBy.map(({ node, descending }) => {
    const alias = node.kind === "path" && node.steps.length === 0 ? building.aliases.get(node.root) : undefined;
    return { expr: expressionOf(alias ?? ofGroup(ofToken(node), building), text), descending };
  });
  return { keys: keys.map((node) => expressionOf(node, text)), aggregates: building.aggregates, columns, orderBy: order };
}

/** What a name in GROUP BY means: a column that is called so, unless the column counts, or looks at the field of that name itself. */
function columnOf(key: Node, select: NonNullable<QueryNode["select"]>): Node {
  if (key.kind !== "path" || key.steps.length > 0) return key;
  const column = select.find(({ name }) => name === key.root)?.node;
  const looks = (node: Node) => {
    const [first] = node.kind === "path" ? node.steps : [];
    return first !== undefined && "key" in first && first.key === key.root;
  };
  return column === undefined || nodesIn(column).some(isAggregate) || nodesIn(ofToken(column)).some(looks) ? key : column;
}

/** SQL refuses it too; a field of that name would be grouped by without a word. */
function mustNotNameCount(key: Node, select: NonNullable<QueryNode["select"]>, text: string): void {
  if (key.kind !== "path" || key.steps.length > 0) return;
  const column = select.find(({ name }) => name === key.root)?.node;
  if (column === undefined || !nodesIn(column).some(isAggregate)) return;
  const hint = `group by what the tokens hold; the field of that name is $.${key.root}`;
  throw syntaxError(text, key.offset, `${key.root} is a column that counts over each group`, hint);
}

interface Building {
  text: string;
  keys: string[];
  aggregates: Aggregate[];
  aliases: Map<string, Node>;
}

/** Keys and aggregates become names of the group's scope; a token's own path has no one value in a group. */
function ofGroup(node: Node, building: Building): Node {
  const key = building.keys.indexOf(printNode(node));
  if (key >= 0) return named(`$key${key}`);
  if (isAggregate(node)) {
    const [operand] = node.operands;
    const inner = operand && nodesIn(operand).find(isAggregate);
    if (inner)
      throw syntaxError(
        building.text,
        inner.offset,
        `${inner.name}() stands within ${node.name}()`,
        "an aggregate of aggregates has no meaning",
      );
    const isStar = operand === undefined || operand.kind === "rows";
    building.aggregates.push({ name: node.name, operand: isStar ? null : expressionOf(operand, building.text) });
    return named(`$agg${building.aggregates.length - 1}`);
  }
  if (node.kind === "path") {
    const hint = `group by it, or take min(${node.text})`;
    throw syntaxError(building.text, node.offset, `${node.text} is neither grouped nor aggregated`, hint);
  }
  return withParts(node, (part) => ofGroup(part, building));
}

function named(root: string): PathNode {
  return { kind: "path", root, steps: [], text: root, offset: 0 };
}

function offsetOf(node: Node): number {
  const placed = nodesIn(node).find((each) => "offset" in each);
  return placed && "offset" in placed ? placed.offset : 0;
}

/** Rows in the order of each group's first token. Without GROUP BY there is one, also of no tokens. */
export function groupRows(groups: CompiledGroups, scopes: Iterable<Scope>, now: number | undefined): GroupRow[] {
  const found = new Map<string, { keys: (Json | undefined)[]; values: Json[][]; rows: number }>();
  const open = (keys: (Json | undefined)[]) => ({ keys, values: groups.aggregates.map((): Json[] => []), rows: 0 });
  if (groups.keys.length === 0) found.set("", open([]));
  for (const scope of scopes) {
    const keys = groups.keys.map((key) => key.evaluate(scope, now));
    const name = keys.map(keyOf).join("\u0000");
    const group = found.get(name) ?? open(keys);
    found.set(name, group);
    group.rows += 1;
    for (const [at, { operand }] of groups.aggregates.entries()) add(group.values[at], operand?.evaluate(scope, now));
  }
  return [...found.values()].map(({ keys, values, rows }) => {
    const entries: Record<string, Bound> = {};
    for (const [at, key] of keys.entries()) entries[`$key${at}`] = { data: key ?? null, meta: null };
    for (const [at, { name, operand }] of groups.aggregates.entries()) {
      entries[`$agg${at}`] = { data: operand === null ? rows : (aggregated(name, values[at] ?? []) ?? null), meta: null };
    }
    const scope = scopeOf(entries);
    const value = Object.fromEntries(groups.columns.map(({ name, expr }) => [name, expr.evaluate(scope, now) ?? null]));
    return { value, order: groups.orderBy.map(({ expr }) => expr.evaluate(scope, now)) };
  });
}

/** A list counts as its elements; what is missing or null does not count. */
function add(values: Json[] | undefined, value: Json | undefined): void {
  for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined && each !== null) values?.push(each);
}

function aggregated(name: string, values: Json[]): Json | undefined {
  return name === "count" ? values.length : expressionFunctions.get(name)?.apply([values], undefined);
}

function keyOf(value: Json | undefined): string {
  // A string is told from what would be written alike.
  return typeof value === "string" ? `"${value}` : JSON.stringify(value ?? null);
}
