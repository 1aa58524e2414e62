/** The words of which a program is made: an operation, what it takes and gives, and how it is written in JavaScript. */
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
function op<A extends unknown[]>(takes: Slot[], gives: Kind, run: (...args: A) => Value | undefined, code: Op["code"]): Op {
  return { takes, gives, run: run as unknown as Op["run"], code };
}

const whole = (n: number, most = 100) => Number.isInteger(n) && n >= 0 && n <= most;

const numbers: Op[] = [
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => a + b,
    (a, b) => `(${a} + ${b})`,
  ),
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => a - b,
    (a, b) => `(${a} - ${b})`,
  ),
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => a * b,
    (a, b) => `(${a} * ${b})`,
  ),
  op(
    ["num", "num"],
    "num",
    (a: number, b: number) => (b === 0 ? undefined : a / b),
    (a, b) => `(${a} / ${b})`,
  ),
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
  op(
    ["num"],
    "num",
    (a: number) => Math.round(a),
    (a) => `Math.round(${a})`,
  ),
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

const texts: Op[] = [
  op(
    ["str", "str"],
    "str",
    (a: string, b: string) => a + b,
    (a, b) => `(${a} + ${b})`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.toUpperCase(),
    (s) => `${s}.toUpperCase()`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.toLowerCase(),
    (s) => `${s}.toLowerCase()`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.trim(),
    (s) => `${s}.trim()`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => [...s].reverse().join(""),
    (s) => `[...${s}].reverse().join("")`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.slice(0, 1).toUpperCase() + s.slice(1),
    (s) => `${s}.replace(/^./, (first) => first.toUpperCase())`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.replace(/[^a-z]/gi, ""),
    (s) => `${s}.replace(/[^a-z]/gi, "")`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.replace(/\D/g, ""),
    (s) => `${s}.replace(/\\D/g, "")`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.replace(/[^aeiou]/gi, ""),
    (s) => `${s}.replace(/[^aeiou]/gi, "")`,
  ),
  op(
    ["str"],
    "str",
    (s: string) => s.replace(/[aeiou]/gi, ""),
    (s) => `${s}.replace(/[aeiou]/gi, "")`,
  ),
  op(
    ["str", "cstr", "cstr"],
    "str",
    (s: string, a: string, b: string) => (a === "" || a === b ? undefined : s.replaceAll(a, () => b)),
    (s, a, b) => `${s}.replaceAll(${a}, () => ${b})`,
  ),
  op(
    ["str", "cnum"],
    "str",
    (s: string, n: number) => (whole(n) && n > 0 ? s.slice(0, n) : undefined),
    (s, n) => `${s}.slice(0, ${n})`,
  ),
  op(
    ["str", "cnum"],
    "str",
    (s: string, n: number) => (whole(n) && n > 0 ? s.slice(n) : undefined),
    (s, n) => `${s}.slice(${n})`,
  ),
  op(
    ["str", "cnum"],
    "str",
    (s: string, n: number) => (whole(n) && n > 0 ? s.slice(-n) : undefined),
    (s, n) => `${s}.slice(-${n})`,
  ),
  op(
    ["str", "num"],
    "str",
    (s: string, n: number) => (whole(n, 50) ? s.repeat(n) : undefined),
    (s, n) => `${s}.repeat(${n})`,
  ),
  op(
    ["str", "cnum", "cstr"],
    "str",
    (s: string, n: number, c: string) => (whole(n) && c.length === 1 ? s.padStart(n, c) : undefined),
    (s, n, c) => `${s}.padStart(${n}, ${c})`,
  ),
  op(
    ["str"],
    "num",
    (s: string) => s.length,
    (s) => `${s}.length`,
  ),
  op(
    ["str", "str"],
    "num",
    (s: string, t: string) => (t === "" ? undefined : s.split(t).length - 1),
    (s, t) => `(${s}.split(${t}).length - 1)`,
  ),
  op(
    ["str"],
    "strs",
    (s: string) => s.split(/\s+/).filter(Boolean),
    (s) => `${s}.split(/\\s+/).filter(Boolean)`,
  ),
  op(
    ["str"],
    "strs",
    (s: string) => s.match(/[a-z0-9]+/gi) ?? [],
    (s) => `(${s}.match(/[a-z0-9]+/gi) ?? [])`,
  ),
  op(
    ["str"],
    "strs",
    (s: string) => [...s],
    (s) => `[...${s}]`,
  ),
  op(
    ["str", "cstr"],
    "strs",
    (s: string, c: string) => (c === "" ? undefined : s.split(c)),
    (s, c) => `${s}.split(${c})`,
  ),
  op(
    ["strs", "cstr"],
    "str",
    (list: string[], c: string) => list.join(c),
    (list, c) => `${list}.join(${c})`,
  ),
];

const lists: Op[] = [
  ...(["nums", "strs"] as const).flatMap((list) => [
    op(
      [list],
      list,
      (l: number[]) => [...l].reverse(),
      (l) => `[...${l}].reverse()`,
    ),
    op(
      [list],
      list,
      (l: number[]) => [...new Set(l)],
      (l) => `[...new Set(${l})]`,
    ),
    op(
      [list, "cnum"],
      list,
      (l: number[], n: number) => (whole(n) && n > 0 ? l.slice(n) : undefined),
      (l, n) => `${l}.slice(${n})`,
    ),
    op(
      [list, "cnum"],
      list,
      (l: number[], n: number) => (whole(n) && n > 0 ? l.slice(0, n) : undefined),
      (l, n) => `${l}.slice(0, ${n})`,
    ),
    op(
      [list, list],
      list,
      (l: number[], m: number[]) => [...l, ...m],
      (l, m) => `[...${l}, ...${m}]`,
    ),
    op(
      [list],
      "num",
      (l: number[]) => l.length,
      (l) => `${l}.length`,
    ),
    op(
      [list],
      list === "nums" ? "num" : "str",
      (l: number[]) => l[0],
      (l) => `${l}[0]`,
    ),
    op(
      [list],
      list === "nums" ? "num" : "str",
      (l: number[]) => l.at(-1),
      (l) => `${l}.at(-1)`,
    ),
  ]),
  op(
    ["strs"],
    "strs",
    (l: string[]) => [...l].sort(),
    (l) => `[...${l}].sort()`,
  ),
  op(
    ["strs"],
    "strs",
    (l: string[]) => [...l].sort((a, b) => a.length - b.length),
    (l) => `[...${l}].sort((a, b) => a.length - b.length)`,
  ),
  op(
    ["strs"],
    "strs",
    (l: string[]) => l.map((w) => w.toUpperCase()),
    (l) => `${l}.map((word) => word.toUpperCase())`,
  ),
  op(
    ["strs"],
    "strs",
    (l: string[]) => l.map((w) => w.slice(0, 1)),
    (l) => `${l}.map((word) => word.slice(0, 1))`,
  ),
  op(
    ["strs"],
    "strs",
    (l: string[]) => l.map((w) => w.slice(0, 1).toUpperCase() + w.slice(1)),
    (l) => `${l}.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))`,
  ),
  op(
    ["strs"],
    "strs",
    (l: string[]) => l.map((w) => [...w].reverse().join("")),
    (l) => `${l}.map((word) => [...word].reverse().join(""))`,
  ),
  op(
    ["strs"],
    "nums",
    (l: string[]) => l.map((w) => w.length),
    (l) => `${l}.map((word) => word.length)`,
  ),
  op(
    ["strs"],
    "nums",
    (l: string[]) => (l.every((w) => /^-?\d+(\.\d+)?$/.test(w.trim())) ? l.map(Number) : undefined),
    (l) => `${l}.map(Number)`,
  ),
  op(
    ["nums"],
    "strs",
    (l: number[]) => l.map(String),
    (l) => `${l}.map(String)`,
  ),
  op(
    ["nums"],
    "nums",
    (l: number[]) => [...l].sort((a, b) => a - b),
    (l) => `[...${l}].sort((a, b) => a - b)`,
  ),
  op(
    ["nums"],
    "nums",
    (l: number[]) => l.map((n) => n * n),
    (l) => `${l}.map((n) => n * n)`,
  ),
  op(
    ["nums", "num"],
    "nums",
    (l: number[], k: number) => l.map((n) => n + k),
    (l, k) => `${l}.map((n) => n + ${k})`,
  ),
  op(
    ["nums", "num"],
    "nums",
    (l: number[], k: number) => l.map((n) => n * k),
    (l, k) => `${l}.map((n) => n * ${k})`,
  ),
  op(
    ["nums", "num"],
    "nums",
    (l: number[], k: number) => (k === 0 ? undefined : l.filter((n) => n % k === 0)),
    (l, k) => `${l}.filter((n) => n % ${k} === 0)`,
  ),
  op(
    ["nums", "num"],
    "nums",
    (l: number[], k: number) => (k === 0 ? undefined : l.filter((n) => n % k !== 0)),
    (l, k) => `${l}.filter((n) => n % ${k} !== 0)`,
  ),
  op(
    ["nums", "num"],
    "nums",
    (l: number[], k: number) => l.filter((n) => n > k),
    (l, k) => `${l}.filter((n) => n > ${k})`,
  ),
  op(
    ["nums", "num"],
    "nums",
    (l: number[], k: number) => l.filter((n) => n < k),
    (l, k) => `${l}.filter((n) => n < ${k})`,
  ),
  op(
    ["nums"],
    "num",
    (l: number[]) => l.reduce((sum, n) => sum + n, 0),
    (l) => `${l}.reduce((sum, n) => sum + n, 0)`,
  ),
  op(
    ["nums"],
    "num",
    (l: number[]) => l.reduce((product, n) => product * n, 1),
    (l) => `${l}.reduce((product, n) => product * n, 1)`,
  ),
  op(
    ["nums"],
    "num",
    (l: number[]) => (l.length === 0 ? undefined : Math.max(...l)),
    (l) => `Math.max(...${l})`,
  ),
  op(
    ["nums"],
    "num",
    (l: number[]) => (l.length === 0 ? undefined : Math.min(...l)),
    (l) => `Math.min(...${l})`,
  ),
];

export const BOTH: Op = op(
  ["bool", "bool"],
  "bool",
  (a: boolean, b: boolean) => a && b,
  (a, b) => `(${a} && ${b})`,
);

const conditions: Op[] = [
  op(
    ["num", "num"],
    "bool",
    (a: number, b: number) => a === b,
    (a, b) => `(${a} === ${b})`,
  ),
  op(
    ["num", "num"],
    "bool",
    (a: number, b: number) => a < b,
    (a, b) => `(${a} < ${b})`,
  ),
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

export const GRAMMAR: readonly Op[] = [...numbers, ...texts, ...lists, ...conditions];
