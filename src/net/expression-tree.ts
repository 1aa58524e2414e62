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
  | { kind: "call"; name: string; operands: Node[] };

/** One `ORDER BY` term. */
export interface OrderNode {
  node: Node;
  descending: boolean;
}

export interface QueryNode {
  select?: { name: string; node: Node }[];
  where?: Node;
  orderBy: OrderNode[];
  limit?: number;
}

/** All paths of an expression, in the order of the text. */
export function pathsIn(node: Node): PathNode[] {
  switch (node.kind) {
    case "value":
      return [];
    case "path":
      return [node, ...node.steps.flatMap((step) => ("computed" in step ? pathsIn(step.computed) : []))];
    case "array":
      return node.items.flatMap(pathsIn);
    case "compare":
      return [...pathsIn(node.left), ...pathsIn(node.right)];
    case "arithmetic":
      return [...pathsIn(node.first), ...node.rest.flatMap((step) => pathsIn(step.operand))];
    case "not":
    case "negative":
    case "exists":
      return pathsIn(node.operand);
    default:
      return node.operands.flatMap(pathsIn);
  }
}
