/** The parsed form of an expression. Chains are lists, so that depth grows with brackets only. */
import type { Json } from "../contract/json.ts";

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "contains";
export type ArithmeticSign = "+" | "-" | "*" | "/" | "%";

/** One step of a path: a field or position, `[*]` for every element, or `[expression]`. */
export type Step = { key: string | number } | { every: true } | { computed: Node };

export interface PathNode {
  kind: "path";
  /** `$meta` at the front is written as root `$` with the first step `$meta`. */
  root: string;
  steps: Step[];
  /** As it was written, for messages. */
  text: string;
  /** Where it stands in the expression, in UTF-16 units from 0. */
  offset: number;
}

export type Node =
  | { kind: "value"; value: Json }
  | PathNode
  | { kind: "array"; items: Node[] }
  | { kind: "every" | "some"; operands: Node[] }
  | { kind: "not" | "negative" | "exists"; operand: Node }
  | { kind: "compare"; sign: Comparison; left: Node; right: Node }
  | { kind: "arithmetic"; first: Node; rest: { sign: ArithmeticSign; operand: Node }[] }
  /** `offset`: where its name stands. */
  | { kind: "call"; name: string; operands: Node[]; offset: number }
  /** The star of `count(*)`. */
  | { kind: "rows"; offset: number };

/** The moment that a query asks about: after an event, at a time (as written), or now. */
export type AsOf = ({ kind: "event"; seq: number } | { kind: "time"; text: string } | { kind: "now" }) & { offset: number };

/** One `ORDER BY` term. */
export interface OrderNode {
  node: Node;
  descending: boolean;
}

export interface QueryNode {
  select?: { name: string; node: Node; offset: number }[];
  /** Places by name; absent for `$`, whatever the caller has. */
  from?: string[];
  asOf?: AsOf;
  where?: Node;
  groupBy?: Node[];
  orderBy: OrderNode[];
  limit?: number;
}

/** The nodes right below one. */
export function partsOf(node: Node): Node[] {
  switch (node.kind) {
    case "value":
    case "rows":
      return [];
    case "path":
      return node.steps.flatMap((step) => ("computed" in step ? [step.computed] : []));
    case "array":
      return node.items;
    case "compare":
      return [node.left, node.right];
    case "arithmetic":
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case "not":
    case "negative":
    case "exists":
      return [node.operand];
    default:
      return node.operands;
  }
}

/** A node and all below it, in the order of the text. */
export function nodesIn(node: Node): Node[] {
  return [node, ...partsOf(node).flatMap(nodesIn)];
}

/** All paths of an expression, in the order of the text. */
export function pathsIn(node: Node): PathNode[] {
  return nodesIn(node).filter((each) => each.kind === "path");
}

/** The same node with other parts: what `change` gives in place of a part, or the part changed within. */
export function withParts(node: Node, change: (part: Node) => Node): Node {
  switch (node.kind) {
    case "value":
    case "rows":
      return node;
    case "path":
      return { ...node, steps: node.steps.map((step) => ("computed" in step ? { computed: change(step.computed) } : step)) };
    case "array":
      return { ...node, items: node.items.map(change) };
    case "compare":
      return { ...node, left: change(node.left), right: change(node.right) };
    case "arithmetic":
      return { ...node, first: change(node.first), rest: node.rest.map((step) => ({ ...step, operand: change(step.operand) })) };
    case "not":
    case "negative":
    case "exists":
      return { ...node, operand: change(node.operand) };
    default:
      return { ...node, operands: node.operands.map(change) };
  }
}
