/**
 * Which conditions of a transition's outputs can hold together, with the data unknown. Every comparison becomes a choice
 * among the outcomes that it can have; comparisons of the same two things share one choice, so that `a == 1` and
 * `a != 1` never hold at once.
 */
import { parseExpression } from "../expression-parser.ts";
import type { Comparison, Node } from "../expression-tree.ts";

/** The outcome chosen for each choice, by its key. */
export type Assignment = ReadonlyMap<string, string>;

interface Choice {
  key: string;
  outcomes: string[];
}
type CompareNode = Extract<Node, { kind: "compare" }>;

/** More combinations than this are not told apart. */
const MOST = 2048;

/** Every way in which the conditions and the further yes-or-no questions can fall out; null when there are too many. */
export function assignments(conditions: readonly string[], questions: readonly string[] = []): Assignment[] | null {
  const choices = new Map<string, Choice>();
  for (const text of conditions) collect(parseExpression(text), choices);
  for (const key of questions) choices.set(key, { key, outcomes: ["yes", "no"] });
  let found: Map<string, string>[] = [new Map()];
  for (const { key, outcomes } of choices.values()) {
    if (found.length * outcomes.length > MOST) return null;
    found = found.flatMap((one) => outcomes.map((outcome) => new Map(one).set(key, outcome)));
  }
  return found;
}

/** Whether the condition holds under the assignment. */
export function holds(condition: string, assignment: Assignment): boolean {
  return test(parseExpression(condition), assignment);
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
      const choice = choices.get(key) ?? { key, outcomes: [] };
      choices.set(key, choice);
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
function keyOf(node: Node): string {
  if (node.kind !== "compare") return plain(node);
  if (isEquality(node.sign))
    return node.right.kind === "value" ? `value of ${plain(node.left)}` : `order of ${plain(node.left)} and ${plain(node.right)}`;
  if (isOrder(node.sign)) return `order of ${plain(node.left)} and ${plain(node.right)}`;
  return plain(node);
}

function outcomesOf(node: Node): string[] {
  if (node.kind !== "compare" || !(isEquality(node.sign) || isOrder(node.sign))) return ["yes", "no"];
  if (isEquality(node.sign) && node.right.kind === "value") return [JSON.stringify(node.right.value), OTHER];
  return isOrder(node.sign) ? ["less", "equal", "greater"] : ["equal", OTHER];
}

function compares(node: CompareNode, outcome: string): boolean {
  const equal = node.right.kind === "value" ? JSON.stringify(node.right.value) : "equal";
  switch (node.sign) {
    case "==":
      return outcome === equal;
    case "!=":
      return outcome !== equal;
    case "<":
      return outcome === "less";
    case "<=":
      return outcome === "less" || outcome === "equal";
    case ">":
      return outcome === "greater";
    case ">=":
      return outcome === "greater" || outcome === "equal";
    default:
      return outcome === "yes";
  }
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
