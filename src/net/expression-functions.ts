/**
 * The functions of the expression language. All are total: an operand of the wrong type gives undefined, which is
 * "missing". `default`, which looks at presence, and `now`, which needs the clock, are known here by their arity alone.
 */
import type { Json } from "../contract/json.ts";
import { equalValues, limitedText, orderValues, textOf } from "./expression-values.ts";

type Value = Json | undefined;

export interface ExpressionFunction {
  least: number;
  most: number;
  apply(operands: Value[], now: number | undefined): Value;
}

const onText =
  (change: (text: string) => string) =>
  ([text]: Value[]): Value =>
    typeof text === "string" ? change(text) : undefined;

/** One array stands for its elements; missing and null do not count. */
function listed(operands: Value[]): Json[] | undefined {
  const only = operands[0];
  if (operands.length === 1 && only !== undefined && only !== null && !Array.isArray(only)) return [only];
  const list = operands.length === 1 && Array.isArray(only) ? only : operands;
  return list.filter((item): item is Json => item !== undefined && item !== null);
}

function sum(operands: Value[]): Value {
  let total = 0;
  for (const item of listed(operands) ?? []) {
    if (typeof item !== "number") return undefined;
    total += item;
  }
  return Number.isFinite(total) ? total : undefined;
}

function avg(operands: Value[]): Value {
  const total = sum(operands);
  const list = listed(operands) ?? [];
  return typeof total === "number" && list.length > 0 ? total / list.length : undefined;
}

function extreme(operands: Value[], sign: 1 | -1): Value {
  let best: Value;
  for (const item of listed(operands) ?? []) {
    const order = best === undefined ? (orderValues(item, item) ?? Number.NaN) : (orderValues(item, best) ?? Number.NaN);
    if (Number.isNaN(order)) return undefined;
    if (best === undefined || order * sign > 0) best = item;
  }
  return best;
}

/** Elements that are there; with a second operand, those equal to it. What is no array counts as none. */
function count([list, wanted]: Value[], length: number): Value {
  if (!Array.isArray(list)) return list === undefined || list === null ? 0 : undefined;
  return length === 1 ? list.length : list.filter((item) => equalValues(item, wanted)).length;
}

/** The elements of an array, each once, in the order of their first. */
function unique([list]: Value[]): Value {
  if (!Array.isArray(list)) return undefined;
  const plain = new Set<Json>();
  const found: Json[] = [];
  for (const item of list) {
    const isPlain = typeof item !== "object" || item === null;
    if (isPlain ? plain.has(item) : found.some((one) => equalValues(one, item))) continue;
    if (isPlain) plain.add(item);
    found.push(item);
  }
  return found;
}

function len([value]: Value[]): Value {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : undefined;
}

function round([value, digits = 0]: Value[]): Value {
  if (typeof value !== "number" || typeof digits !== "number" || !Number.isInteger(digits) || digits < 0 || digits > 15) return undefined;
  const rounded = Math.round(value * 10 ** digits) / 10 ** digits;
  return Number.isFinite(rounded) ? rounded : undefined;
}

function join([list, separator = ", "]: Value[]): Value {
  if (!Array.isArray(list) || typeof separator !== "string") return undefined;
  let text = "";
  for (const [index, item] of list.entries()) text = limitedText(text + (index > 0 ? separator : "") + textOf(item));
  return text;
}

function slice([value, start, end]: Value[]): Value {
  if (typeof start !== "number" || (end !== undefined && typeof end !== "number")) return undefined;
  return typeof value === "string" || Array.isArray(value) ? value.slice(start, end) : undefined;
}

/** A number with its noun: `plural(1, "task")` is `1 task`, `plural(2, "criterion", "criteria")` is `2 criteria`. */
function plural([number, one, many]: Value[]): Value {
  if (typeof number !== "number" || typeof one !== "string") return undefined;
  if (many !== undefined && typeof many !== "string") return undefined;
  return `${number} ${number === 1 ? one : (many ?? `${one}s`)}`;
}

/** Milliseconds since 1970 of an ISO 8601 time, so that ages can be reckoned: `time(now()) - time($meta.at) > 3600000`. */
function time([text]: Value[]): Value {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\d(T|$)/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** ISO 8601 in UTC, the form of `$meta.at`; missing where the caller gives no time. */
function isoNow(now: number | undefined): Value {
  return now === undefined || !Number.isFinite(now) || Math.abs(now) > 8.64e15 ? undefined : new Date(now).toISOString();
}

const table: [string, ExpressionFunction][] = [
  ["len", { least: 1, most: 1, apply: len }],
  ["lower", { least: 1, most: 1, apply: onText((text) => text.toLowerCase()) }],
  ["upper", { least: 1, most: 1, apply: onText((text) => text.toUpperCase()) }],
  ["trim", { least: 1, most: 1, apply: onText((text) => text.trim()) }],
  ["default", { least: 2, most: 8, apply: (operands) => operands.find((item) => item !== undefined && item !== null) ?? operands.at(-1) }],
  ["sum", { least: 1, most: 64, apply: sum }],
  ["avg", { least: 1, most: 64, apply: avg }],
  ["count", { least: 1, most: 2, apply: (operands) => count(operands, operands.length) }],
  ["unique", { least: 1, most: 1, apply: unique }],
  ["min", { least: 1, most: 64, apply: (operands) => extreme(operands, -1) }],
  ["max", { least: 1, most: 64, apply: (operands) => extreme(operands, 1) }],
  ["now", { least: 0, most: 0, apply: (_, now) => isoNow(now) }],
  ["time", { least: 1, most: 1, apply: time }],
  ["round", { least: 1, most: 2, apply: round }],
  ["join", { least: 1, most: 2, apply: join }],
  ["slice", { least: 2, most: 3, apply: slice }],
  ["plural", { least: 2, most: 3, apply: plural }],
];

/** A map, because a record would answer for `constructor` too. */
export const expressionFunctions: ReadonlyMap<string, ExpressionFunction> = new Map(table);
