/** Operations on texts, and from texts to words. */
import { type Op, op, whole } from "../op.ts";

export const texts: readonly Op[] = [
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
