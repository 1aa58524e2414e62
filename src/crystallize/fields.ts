/** The places of an input that learners look at, and what has been seen there. */
import type { Json, JsonObject } from "../contract/json.ts";
import { typeOf, type ValueType } from "../net/rule/condition.ts";
import { pointerTo } from "../net/rule/pointer.ts";

export interface Field {
  path: string;
  /** One for each input; undefined where there is none. */
  values: (Json | undefined)[];
  present: number;
  types: Set<ValueType>;
  /** How often each text, number or boolean was seen; empty for arrays and objects. */
  counts: Map<Json, number>;
}

const DEEPEST = 6;
const MOST_FIELDS = 200;

/** Objects are walked into; of an array of objects, the first element. In the order of the paths, so that learning is the same each time. */
export function fieldsOf(inputs: readonly JsonObject[]): Field[] {
  const paths = new Map<string, Field>();
  for (const [at, input] of inputs.entries()) walk(input, "", 0, (path, value) => note(paths, inputs.length, at, path, value));
  return [...paths.values()].sort((one, other) => (one.path < other.path ? -1 : 1)).slice(0, MOST_FIELDS);
}

function walk(value: Json, path: string, depth: number, visit: (path: string, value: Json) => void): void {
  if (path !== "") visit(path, value);
  if (depth >= DEEPEST || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const [first] = value;
    if (typeof first === "object" && first !== null && !Array.isArray(first)) walk(first, pointerTo(path, 0), depth + 1, visit);
    return;
  }
  for (const [key, inner] of Object.entries(value)) walk(inner, pointerTo(path, key), depth + 1, visit);
}

function note(paths: Map<string, Field>, length: number, at: number, path: string, value: Json): void {
  let field = paths.get(path);
  if (!field) {
    field = { path, values: new Array<Json | undefined>(length).fill(undefined), present: 0, types: new Set(), counts: new Map() };
    paths.set(path, field);
  }
  field.values[at] = value;
  field.present += 1;
  field.types.add(typeOf(value));
  if (typeof value !== "object" || value === null) field.counts.set(value, (field.counts.get(value) ?? 0) + 1);
}

/** Good's estimate of the share of values that have not been seen yet: those seen once, among all (Biometrika 1953). */
export function unseenShare({ counts, present }: Field): number {
  let once = 0;
  for (const count of counts.values()) if (count === 1) once += 1;
  return present === 0 ? 1 : once / present;
}

/** A field of few values that come again and again: a category rather than a text of its own each time. */
export function isCategory(field: Field): boolean {
  return field.counts.size > 0 && field.counts.size <= Math.max(2, field.present * 0.2) && field.counts.size <= 1000;
}

/** The least and the greatest number, or null where there are others than numbers. */
export function numberRange(field: Field): { least: number; most: number } | null {
  if (field.types.size !== 1 || !field.types.has("number")) return null;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of field.counts.keys()) {
    least = Math.min(least, value as number);
    most = Math.max(most, value as number);
  }
  return { least, most };
}
