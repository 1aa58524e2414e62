/** What an operation of the grammar is: what it takes and gives, and how it is written in JavaScript. */
import type { Kind, Value } from "./examples.ts";

/** `cnum`, `cstr`: only numbers and texts that stand in the program itself. */
export type Slot = Kind | "cnum" | "cstr";

export interface Op {
  takes: Slot[];
  gives: Kind;
  /** Undefined where the operation makes no sense for these. */
  run(...args: Value[]): Value | undefined;
  code(...args: string[]): string;
}

/** The parameter types are those of `takes`, which the search keeps to. */
export function op<A extends unknown[]>(takes: Slot[], gives: Kind, run: (...args: A) => Value | undefined, code: Op["code"]): Op {
  return { takes, gives, run: run as unknown as Op["run"], code };
}

export const whole = (n: number, most = 100) => Number.isInteger(n) && n >= 0 && n <= most;
