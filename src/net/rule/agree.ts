/** When two answers count as the same: declared for each transition, since only its owner knows what matters. */
import * as z from "zod";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { equalValues } from "../expression-values.ts";
import { pointerTo } from "./pointer.ts";

export type Equality =
  | "exact"
  | "judge"
  | { judge: string }
  | { tolerance: number }
  | { text: "folded" }
  | { fields: Record<string, Equality> };

export const equalitySchema: z.ZodType<Equality> = z.lazy(() =>
  z.union([
    z.literal("exact").describe("Equal by content"),
    z.literal("judge").describe("Free text: a judge decides where the two are not equal by content; without a name, nobody can be asked"),
    z
      .strictObject({ judge: z.string().regex(/^[a-z][a-z0-9-]{0,47}$/, "a persona is named like clerk") })
      .describe("Free text: this persona decides where the two are not equal by content"),
    z
      .strictObject({ tolerance: z.number().min(0) })
      .describe("Numbers that differ by no more than this share of the greater one, wherever they stand in the answers"),
    z.strictObject({ text: z.literal("folded") }).describe("Texts but for case and white space, wherever they stand in the answers"),
    z
      .strictObject({ fields: z.record(z.string(), equalitySchema) })
      .describe(
        "By field of an object; a field that is not named does not count. Answers that have none of the fields are compared exactly",
      ),
  ]),
);

/** `ask`: equal content would have been enough, and only a judge can say more. */
export type Agreement = "yes" | "no" | "ask";

export function agreement(equality: Equality, one: Json | undefined, other: Json | undefined): Agreement {
  if (one === undefined || other === undefined) return one === other ? "yes" : "no";
  if (equalValues(one, other)) return "yes";
  if (equality === "exact") return "no";
  if (equality === "judge") return "ask";
  if ("judge" in equality) return "ask";
  if ("tolerance" in equality) return alike(one, other, (left, right) => near(left, right, equality.tolerance)) ? "yes" : "no";
  if ("text" in equality) return alike(one, other, isFoldedAlike) ? "yes" : "no";
  return byField(equality.fields, one, other);
}

/** Of the same form, and equal or alike where they hold no others. */
function alike(one: Json, other: Json, leaf: (one: Json, other: Json) => boolean): boolean {
  const keys = keysOf(one, other);
  if (keys === null) return equalValues(one, other) || leaf(one, other);
  return keys.every((key) => {
    const [left, right] = [memberOf(one, key), memberOf(other, key)];
    return left !== undefined && right !== undefined && alike(left, right, leaf);
  });
}

const isFoldedAlike = (one: Json, other: Json): boolean =>
  typeof one === "string" && typeof other === "string" && folded(one) === folded(other);

function byField(fields: Record<string, Equality>, one: Json, other: Json): Agreement {
  if (!isJsonObject(one) || !isJsonObject(other)) return "no";
  const named = Object.entries(fields).filter(([name]) => Object.hasOwn(one, name) || Object.hasOwn(other, name));
  // An equality that was declared for other answers says nothing of these, and they are not equal by content.
  if (named.length === 0) return "no";
  const all = named.map(([name, equality]) => agreement(equality, member(one, name), member(other, name)));
  return all.includes("no") ? "no" : all.includes("ask") ? "ask" : "yes";
}

const member = (value: Record<string, Json>, name: string): Json | undefined => (Object.hasOwn(value, name) ? value[name] : undefined);

function near(one: Json, other: Json, tolerance: number): boolean {
  return (
    typeof one === "number" && typeof other === "number" && Math.abs(one - other) <= tolerance * Math.max(Math.abs(one), Math.abs(other))
  );
}

export const folded = (text: string): string => text.trim().toLowerCase().split(/\s+/u).join(" ");

/** The persona that judges; of several the first by name of the field. Null: none is named. */
export function judgeOf(equality: Equality | undefined): string | null {
  if (typeof equality !== "object") return null;
  if ("judge" in equality) return equality.judge;
  if (!("fields" in equality)) return null;
  const names = Object.keys(equality.fields).sort();
  return names.map((name) => judgeOf(equality.fields[name])).find((judge) => judge !== null) ?? null;
}

/** The equality of each field of answers that have these, for learners that make an answer field by field. Null: the field does not count. */
export function fieldEqualities(equality: Equality, names: readonly string[]): Map<string, Equality | null> {
  if (typeof equality !== "object" || !("fields" in equality)) return new Map(names.map((name) => [name, equality]));
  const { fields } = equality;
  const others = names.some((name) => Object.hasOwn(fields, name)) ? null : "exact";
  return new Map(names.map((name) => [name, Object.hasOwn(fields, name) ? (fields[name] ?? null) : others]));
}

/** Paths at which two answers differ, as JSON Pointers; no more than `most`. */
export function differences(one: Json | undefined, other: Json | undefined, most = 20): string[] {
  const found: string[] = [];
  const open: [string, Json | undefined, Json | undefined][] = [["", one, other]];
  for (let pair = open.pop(); pair && found.length < most; pair = open.pop()) {
    const [path, left, right] = pair;
    if (left === right || (left !== undefined && right !== undefined && equalValues(left, right))) continue;
    const keys = keysOf(left, right);
    if (keys === null) found.push(path);
    else for (const key of keys.reverse()) open.push([pointerTo(path, key), memberOf(left, key), memberOf(right, key)]);
  }
  return found;
}

/** The members to compare one by one; null where the two are not of the same form. */
function keysOf(left: Json | undefined, right: Json | undefined): string[] | null {
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length ? left.map((_, at) => String(at)) : null;
  return isJsonObject(left) && isJsonObject(right) ? [...new Set([...Object.keys(left), ...Object.keys(right)])] : null;
}

function memberOf(value: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)];
  return isJsonObject(value) ? member(value, key) : undefined;
}
