/** What is true or false of values. */
import { type Op, op } from "../op.ts";

export const BOTH: Op = op(
  ["bool", "bool"],
  "bool",
  (a: boolean, b: boolean) => a && b,
  (a, b) => `(${a} && ${b})`,
);

export const LESS: Op = op(
  ["num", "num"],
  "bool",
  (a: number, b: number) => a < b,
  (a, b) => `(${a} < ${b})`,
);

export const conditions: readonly Op[] = [
  op(
    ["num", "num"],
    "bool",
    (a: number, b: number) => a === b,
    (a, b) => `(${a} === ${b})`,
  ),
  LESS,
  op(
    ["str", "str"],
    "bool",
    (a: string, b: string) => a === b,
    (a, b) => `(${a} === ${b})`,
  ),
  op(
    ["str", "str"],
    "bool",
    (a: string, b: string) => (b === "" ? undefined : a.includes(b)),
    (a, b) => `${a}.includes(${b})`,
  ),
  op(
    ["str", "str"],
    "bool",
    (a: string, b: string) => (b === "" ? undefined : a.startsWith(b)),
    (a, b) => `${a}.startsWith(${b})`,
  ),
  op(
    ["str", "str"],
    "bool",
    (a: string, b: string) => (b === "" ? undefined : a.endsWith(b)),
    (a, b) => `${a}.endsWith(${b})`,
  ),
  op(
    ["nums", "num"],
    "bool",
    (l: number[], n: number) => l.includes(n),
    (l, n) => `${l}.includes(${n})`,
  ),
  op(
    ["strs", "str"],
    "bool",
    (l: string[], s: string) => l.includes(s),
    (l, s) => `${l}.includes(${s})`,
  ),
  op(
    ["bool"],
    "bool",
    (a: boolean) => !a,
    (a) => `!${a}`,
  ),
  BOTH,
  op(
    ["bool", "bool"],
    "bool",
    (a: boolean, b: boolean) => a || b,
    (a, b) => `(${a} || ${b})`,
  ),
];
