/** What programs are made of. */
import type { Expr } from "./expr.ts";

/** `if (when) return give`, in this order; the last has no condition. */
export interface Branch {
  when: Expr | null;
  give: Expr;
}
/** A program that is right for some of the examples, by their numbers. */
export interface Attempted {
  expr: Expr;
  right: Set<number>;
}
