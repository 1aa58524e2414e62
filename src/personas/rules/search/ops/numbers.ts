/** Operations that begin with numbers. */
import { type Op, op, whole } from "../op.ts";

export const PLUS: Op = op(
  ["num", "num"],
  "num",
  (a: number, b: number) => a + b,
  (a, b) => `(${a} + ${b})`,
);

export const MINUS: Op = op(
  ["num", "num"],
  "num",
  (a: number, b: number) => a - b,
  (a, b) => `(${a} - ${b})`,
);

export const TIMES: Op = op(
  ["num", "num"],
  "num",
  (a: number, b: number) => a * b,
  (a, b) => `(${a} * ${b})`,
);

export const OVER: Op = op(
  ["num", "num"],
  "num",
  (a: number, b: number) => (b === 0 ? undefined : a / b),
  (a, b) => `(${a} / ${b})`,
);

export const ROUND: Op = op(
  ["num"],
  "num",
  (a: number) => Math.round(a),
  (a) => `Math.round(${a})`,
);

export const numbers: readonly Op[] = [
  PLUS,
  MINUS,
  TIMES,
  OVER,
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => (b === 0 ? undefined : a % b),
    (a, b) => `(${a} % ${b})`,
  ),
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => Math.max(a, b),
    (a, b) => `Math.max(${a}, ${b})`,
  ),
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => Math.min(a, b),
    (a, b) => `Math.min(${a}, ${b})`,
  ),
  op(
    ["num"],
    "num",
    (a: number) => Math.abs(a),
    (a) => `Math.abs(${a})`,
  ),
  ROUND,
  op(
    ["num"],
    "num",
    (a: number) => Math.floor(a),
    (a) => `Math.floor(${a})`,
  ),
  op(
    ["num"],
    "num",
    (a: number) => Math.ceil(a),
    (a) => `Math.ceil(${a})`,
  ),
  op(
    ["str"],
    "num",
    (s: string) => (/^-?\d+(\.\d+)?$/.test(s.trim()) ? Number(s) : undefined),
    (s) => `Number(${s})`,
  ),
  op(
    ["num"],
    "str",
    (n: number) => String(n),
    (n) => `String(${n})`,
  ),
  op(
    ["num"],
    "nums",
    (n: number) => (whole(n, 200) ? Array.from({ length: n }, (_, i) => i + 1) : undefined),
    (n) => `Array.from({ length: ${n} }, (_, index) => index + 1)`,
  ),
  op(
    ["num"],
    "nums",
    (n: number) => (whole(n, 2 ** 53) ? [...String(n)].map(Number) : undefined),
    (n) => `[...String(${n})].map(Number)`,
  ),
];
