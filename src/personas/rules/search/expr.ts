/** An expression of the grammar with what it gives for each example. */
import type { Kind, Value } from "./examples.ts";
import type { Op } from "./op.ts";

export interface Expr {
  gives: Kind;
  size: number;
  /** For each example; undefined where it makes no sense. */
  values: (Value | undefined)[];
  /** A leaf's text, or an operation over others. */
  text: string | null;
  op: Op | null;
  args: Expr[];
  constant: boolean;
}

export function leaf(text: string, gives: Kind, values: Value[], constant: boolean): Expr {
  return { gives, size: 1, values, text, op: null, args: [], constant };
}

/** JavaScript. */
export function codeOf(expr: Expr): string {
  return expr.op ? expr.op.code(...expr.args.map(codeOf)) : (expr.text ?? "");
}
