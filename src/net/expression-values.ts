/** How JSON values compare, count as true and read as text. Nothing here reaches a JavaScript prototype. */
import type { Json } from "../contract/json.ts";
import { limitError } from "./expression-error.ts";

/** Longest text that an expression may make, in UTF-16 units. */
export const TEXT_LIMIT = 1024 * 1024;

type Value = Json | undefined;

/** Equal by content. Missing equals missing and null. Without recursion, since data from outside may be nested at will. */
export function equalValues(one: Value, other: Value): boolean {
  const open: [Value, Value][] = [[one, other]];
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const left = pair[0] ?? null;
    const right = pair[1] ?? null;
    if (left === right) continue;
    if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
    if (Array.isArray(left) || Array.isArray(right)) {
      if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
      for (let index = 0; index < left.length; index += 1) open.push([left[index], right[index]]);
      continue;
    }
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(right, key)) return false;
      open.push([left[key], right[key]]);
    }
  }
  return true;
}

/** Negative, zero or positive for two numbers or two texts (by UTF-16 unit), undefined where there is no order. */
export function orderValues(left: Value, right: Value): number | undefined {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  return undefined;
}

/** Missing, null, false, 0 and "" are not true; everything else is, an empty array or object too. */
export function isTrue(value: Value): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== "";
}

/** Texts as they are, all else as compact JSON. Errors: Terminal `expression-limit`. */
export function textOf(value: Json): string {
  if (typeof value === "string") return value;
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    throw limitError("a value is nested too deeply to be written as text");
  }
  return limitedText(text);
}

export function limitedText(text: string): string {
  if (text.length > TEXT_LIMIT) throw limitError(`a text of ${text.length} characters is more than an expression may make (${TEXT_LIMIT})`);
  return text;
}

/** The member of an object or the element of an array (from 0), own ones only; undefined where there is none. */
export function memberOf(value: Value, key: Json | undefined): Value {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return value[positionOf(key, value.length)];
  if (typeof key === "number") return memberOf(value, String(key));
  return typeof key === "string" && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A position within `length`, or -1, which no array has. Keys like `length` are no positions. */
export function positionOf(key: Json | undefined, length: number): number {
  const position = typeof key === "string" && /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : key;
  return typeof position === "number" && Number.isInteger(position) && position >= 0 && position < length ? position : -1;
}
