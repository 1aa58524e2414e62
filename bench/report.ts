/** What a case prints when it is done: one line of JSON, which `run.mjs` gathers. */
import type { Limits } from "./limits.ts";

export interface Row {
  case: string;
  value: number;
  unit: string;
  /** Null: reported, nothing to reach. */
  target: number | null;
  /** Whether more is better. */
  better?: "more" | "less";
}

export function report(rows: Row[], limits?: Limits): void {
  process.stdout.write(`${JSON.stringify({ rows, ...(limits ? { limits } : {}) })}\n`);
}
