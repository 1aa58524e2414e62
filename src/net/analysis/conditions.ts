/**
 * Which conditions of a transition's outputs can hold together, with the data unknown. Every comparison becomes a choice
 * among the outcomes that it can have; comparisons of the same two things share one choice, so that `a == 1` and
 * `a != 1` never hold at once, and `a < 3` and `a > 5` do not either.
 */
import type { Json } from "../../contract/json.ts";
import { memoized } from "../expression-memo.ts";
import { parseExpression } from "../expression-parser.ts";
import type { Comparison, Node } from "../expression-tree.ts";
import { orderValues } from "../expression-values.ts";
import { folded } from "./constant.ts";

/** The outcome chosen for each choice, by its key. */
export type Assignment = ReadonlyMap<string, string>;

interface Choice {
  key: string;
  outcomes: string[];
  /** The numbers that it is compared with by size. */
  sizes: number[];
}
type CompareNode = Extract<Node, { kind: "compare" }>;

/** More combinations than this are not told apart. */
const MOST = 2048;

/** Every way in which the conditions and the further yes-or-no questions can fall out; null when there are too many. */
export function assignments(conditions: readonly string[], questions: readonly string[] = []): Assignment[] | null {
  const choices = choicesOf(conditions);
  for (const key of questions) choices.set(key, { key, outcomes: ["yes", "no"], sizes: [] });
  return combinations([...choices.values()].map((choice) => [choice.key, outcomesFor(choice)]));
}

/** Whether no data at all makes the condition hold, as far as a look at its comparisons shows. */
export function neverHolds(condition: string): boolean {
  return isNever(conditionOf(condition));
}

/** The same of conditions that must hold at once, their names meaning the same. */
export function neverHoldTogether(conditions: Node[]): boolean {
  return isNever(folded({ kind: "every", operands: conditions }));
}

function isNever(condition: Node): boolean {
  const choices = new Map<string, Choice>();
  collect(condition, choices);
  // What is missing, or of another type, has no order.
  const all = [...choices.values()].map((choice): [string, string[]] => [choice.key, [...outcomesFor(choice), OTHER]]);
  return combinations(all)?.every((assignment) => !test(condition, assignment)) ?? false;
}

function choicesOf(conditions: readonly string[]): Map<string, Choice> {
  const choices = new Map<string, Choice>();
  for (const text of conditions) collect(conditionOf(text), choices);
  return choices;
}

function combinations(choices: [string, string[]][]): Assignment[] | null {
  let found: Map<string, string>[] = [new Map()];
  for (const [key, outcomes] of choices) {
    if (found.length * outcomes.length > MOST) return null;
    found = found.flatMap((one) => outcomes.map((outcome) => new Map(one).set(key, outcome)));
  }
  return found;
}

/** Of what is compared by size with numbers: each of them, one between any two, one below and one above all. */
function outcomesFor({ outcomes, sizes }: Choice): string[] {
  if (sizes.length === 0) return outcomes;
  const sorted = [...new Set([...sizes, ...outcomes.map((text) => Number(text)).filter(Number.isFinite)])].sort((a, b) => a - b);
  const points = sorted.flatMap((size, at) => [size, (size + (sorted[at + 1] ?? size + 2)) / 2]);
  return [...new Set([...outcomes.filter((one) => one !== OTHER), ...[(sorted[0] ?? 0) - 1, ...points].map((one) => JSON.stringify(one))])];
}

const conditionOf = memoized((text): Node => folded(parseExpression(text)));

/** Whether the condition holds under the assignment. */
export function holds(condition: string, assignment: Assignment): boolean {
  return test(conditionOf(condition), assignment);
}

/** Whether a comparison by size stands in it: what a counter's limit looks like. */
export function comparesSize(condition: string): boolean {
  let found = false;
  const walk = (node: Node): void => {
    if (node.kind === "compare") found ||= ["<", "<=", ">", ">="].includes(node.sign);
    else if (node.kind === "not") walk(node.operand);
    else if (node.kind === "every" || node.kind === "some") node.operands.forEach(walk);
  };
  walk(parseExpression(condition));
  return found;
}

function collect(node: Node, choices: Map<string, Choice>): void {
  switch (node.kind) {
    case "every":
    case "some":
      for (const operand of node.operands) collect(operand, choices);
      return;
    case "not":
      collect(node.operand, choices);
      return;
    case "value":
      return;
    default: {
      const key = keyOf(node);
      const choice = choices.get(key) ?? { key, outcomes: [], sizes: [] };
      choices.set(key, choice);
      const size = sizeOf(node);
      if (size !== null) choice.sizes.push(size);
      for (const outcome of outcomesOf(node)) if (!choice.outcomes.includes(outcome)) choice.outcomes.push(outcome);
    }
  }
}

function test(node: Node, assignment: Assignment): boolean {
  switch (node.kind) {
    case "every":
      return node.operands.every((operand) => test(operand, assignment));
    case "some":
      return node.operands.some((operand) => test(operand, assignment));
    case "not":
      return !test(node.operand, assignment);
    case "value":
      return node.value !== null && node.value !== false && node.value !== 0 && node.value !== "";
    case "compare":
      return compares(node, assignment.get(keyOf(node)) ?? "");
    default:
      return assignment.get(keyOf(node)) === "yes";
  }
}

const OTHER = "other";

/** A path that is compared with literals for equality has one of these values or another one; it cannot have two. */
function keyOf(given: Node): string {
  const node = turned(given);
  if (node.kind !== "compare") return plain(node);
  if (sizeOf(node) !== null) return `value of ${plain(node.left)}`;
  if (isEquality(node.sign))
    return node.right.kind === "value" ? `value of ${plain(node.left)}` : `order of ${plain(node.left)} and ${plain(node.right)}`;
  if (isOrder(node.sign)) return `order of ${plain(node.left)} and ${plain(node.right)}`;
  return plain(node);
}

function outcomesOf(given: Node): string[] {
  const node = turned(given);
  if (node.kind !== "compare" || !(isEquality(node.sign) || isOrder(node.sign))) return ["yes", "no"];
  if (sizeOf(node) !== null) return [];
  if (isEquality(node.sign) && node.right.kind === "value") return [JSON.stringify(node.right.value), OTHER];
  if (isWithItself(node)) return ["equal"];
  return isOrder(node.sign) ? ["less", "equal", "greater"] : ["equal", OTHER];
}

/** The number that something is compared with by size; null: it is not. */
function sizeOf(given: Node): number | null {
  const node = turned(given);
  if (node.kind !== "compare" || !isOrder(node.sign) || node.right.kind !== "value") return null;
  return typeof node.right.value === "number" ? node.right.value : null;
}

const TURNED: Partial<Record<Comparison, Comparison>> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** A literal stands on the right, and of two others each on its own side wherever they are compared. */
function turned(node: Node): Node {
  if (node.kind !== "compare" || node.right.kind === "value") return node;
  if (node.left.kind !== "value" && plain(node.left) <= plain(node.right)) return node;
  const sign = TURNED[node.sign];
  return sign === undefined ? node : { ...node, sign, left: node.right, right: node.left };
}

function compares(given: CompareNode, outcome: string): boolean {
  const node = turned(given) as CompareNode;
  const size = sizeOf(node);
  const order = size === null ? null : orderValues(literalOf(outcome), size);
  if (order === undefined) return false;
  const equal = node.right.kind === "value" ? JSON.stringify(node.right.value) : "equal";
  // What has no order equals itself all the same.
  if (isEquality(node.sign) && isWithItself(node)) return node.sign === "==";
  switch (node.sign) {
    case "==":
      return outcome === equal;
    case "!=":
      return outcome !== equal;
    case "<":
      return order === null ? outcome === "less" : order < 0;
    case "<=":
      return order === null ? outcome === "less" || outcome === "equal" : order <= 0;
    case ">":
      return order === null ? outcome === "greater" : order > 0;
    case ">=":
      return order === null ? outcome === "greater" || outcome === "equal" : order >= 0;
    default:
      return outcome === "yes";
  }
}

/** Of an outcome that is a literal. */
function literalOf(outcome: string): Json | undefined {
  return outcome === OTHER ? undefined : (JSON.parse(outcome) as Json);
}

function isWithItself({ left, right }: CompareNode): boolean {
  return plain(left) === plain(right);
}
function isEquality(sign: Comparison): boolean {
  return sign === "==" || sign === "!=";
}
function isOrder(sign: Comparison): boolean {
  return sign === "<" || sign === "<=" || sign === ">" || sign === ">=";
}

/** Two nodes with the same key mean the same, wherever they stand. */
function plain(node: Node): string {
  return JSON.stringify(node, (key, value: unknown) => (key === "offset" || key === "text" ? undefined : value));
}
