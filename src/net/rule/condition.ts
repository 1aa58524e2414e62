/**
 * Conditions on an input: what guards, decision lists and trees are made of. All are total. A condition on what is not there
 * is false, and each costs time linear in what it looks at.
 */
import * as z from "zod";
import type { Json } from "../../contract/json.ts";
import { equalValues } from "../expression-values.ts";
import { patternSchema, testsPattern } from "./pattern.ts";
import { pointerSchema, readPointer } from "./pointer.ts";
import { readTerm, type Term, termFields } from "./term.ts";
import { type Characters, characterFields, isMadeOf, knownShare } from "./text-kind.ts";
import { wordsOf } from "./words.ts";

export const TYPES = ["null", "boolean", "number", "text", "array", "object"] as const;
export type ValueType = (typeof TYPES)[number];

export type Condition =
  | ({ test: "equal"; value: Json } & Term)
  | ({ test: "in"; values: Json[] } & Term)
  | ({
      test: "range";
      atLeast?: number | undefined;
      atMost?: number | undefined;
      above?: number | undefined;
      below?: number | undefined;
    } & Term)
  | { test: "present"; path: string }
  | { test: "type"; path: string; is: ValueType[] }
  | { test: "word"; path: string; word: string }
  | { test: "contains" | "starts" | "ends"; path: string; text: string }
  | { test: "matches"; path: string; pattern: string }
  | ({ test: "characters"; path: string } & Characters)
  | { test: "known"; path: string; words: string[]; share: number }
  | { test: "has"; path: string; value: Json }
  | { test: "each"; path: string; conditions: Condition[] }
  | { test: "decimals"; path: string; most: number }
  | { test: "same" | "less"; path: string; than: string }
  | { test: "fields"; path: string; required: string[]; optional: string[] }
  | { test: "not"; condition: Condition }
  | { test: "any"; conditions: Condition[] };

const json = z.json() as z.ZodType<Json>;
const bound = z.number().optional();
const path = pointerSchema;

export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.discriminatedUnion("test", [
    z.strictObject({ test: z.literal("equal"), ...termFields, value: json }),
    z.strictObject({ test: z.literal("in"), ...termFields, values: z.array(json).min(1).max(5000) }),
    z.strictObject({ test: z.literal("range"), ...termFields, atLeast: bound, atMost: bound, above: bound, below: bound }),
    z.strictObject({ test: z.literal("present"), path }).describe("There, and not null"),
    z.strictObject({ test: z.literal("type"), path, is: z.array(z.enum(TYPES)).min(1) }),
    z.strictObject({ test: z.literal("word"), path, word: z.string().min(1).max(200) }).describe("A text with this word, in lower case"),
    z.strictObject({ test: z.enum(["contains", "starts", "ends"]), path, text: z.string().min(1).max(500) }),
    z.strictObject({ test: z.literal("matches"), path, pattern: patternSchema }),
    z.strictObject({ test: z.literal("characters"), path, ...characterFields }).describe("A text of these characters and no others"),
    z
      .strictObject({
        test: z.literal("known"),
        path,
        words: z.array(z.string().min(1).max(200)).max(2000),
        share: z.number().min(0).max(1),
      })
      .describe(
        "A text of whose different words at least this share is among these; words with digits do not count, and without any it is not",
      ),
    z.strictObject({ test: z.literal("has"), path, value: json }).describe("An array with this element"),
    z
      .strictObject({ test: z.literal("each"), path, conditions: z.array(conditionSchema).min(1).max(20) })
      .describe("An array whose elements all meet these; their paths begin at the element"),
    z.strictObject({ test: z.literal("decimals"), path, most: z.int().min(0).max(20) }).describe("A number with no more decimals"),
    z.strictObject({ test: z.enum(["same", "less"]), path, than: path }).describe("Compares two places of the input"),
    z
      .strictObject({ test: z.literal("fields"), path, required: z.array(z.string()), optional: z.array(z.string()) })
      .describe("An object with all of the one and none but these"),
    z.strictObject({ test: z.literal("not"), condition: conditionSchema }),
    z.strictObject({ test: z.literal("any"), conditions: z.array(conditionSchema).min(1).max(200) }),
  ]),
);

export function holds(condition: Condition, input: Json): boolean {
  switch (condition.test) {
    case "equal": {
      const value = readTerm(input, condition);
      return value !== undefined && equalValues(value, condition.value);
    }
    case "in":
      return isAmong(readTerm(input, condition), condition.values);
    case "range":
      return inRange(readTerm(input, condition), condition);
    case "not":
      return !holds(condition.condition, input);
    case "any":
      return condition.conditions.some((one) => holds(one, input));
    default:
      return holdsOf(condition, readPointer(input, condition.path), input);
  }
}

type Plain = Exclude<Condition, { test: "equal" | "in" | "range" | "not" | "any" }>;

function holdsOf(condition: Plain, value: Json | undefined, input: Json): boolean {
  switch (condition.test) {
    case "present":
      return value !== undefined && value !== null;
    case "type":
      return value !== undefined && condition.is.includes(typeOf(value));
    case "word":
      return typeof value === "string" && wordsOf(value).has(condition.word);
    case "contains":
      return typeof value === "string" && value.includes(condition.text);
    case "starts":
      return typeof value === "string" && value.startsWith(condition.text);
    case "ends":
      return typeof value === "string" && value.endsWith(condition.text);
    case "matches":
      return typeof value === "string" && testsPattern(condition.pattern, value);
    case "characters":
      return typeof value === "string" && isMadeOf(value, condition);
    case "known":
      return typeof value === "string" && (knownShare(value, condition.words) ?? -1) >= condition.share;
    case "has":
      return Array.isArray(value) && value.some((item) => equalValues(item, condition.value));
    case "each":
      return Array.isArray(value) && value.every((item) => condition.conditions.every((one) => holds(one, item)));
    case "decimals":
      return typeof value === "number" && decimalsOf(value) <= condition.most;
    case "same":
      return value !== undefined && equalValues(value, readPointer(input, condition.than));
    case "less": {
      const other = readPointer(input, condition.than);
      return typeof value === "number" && typeof other === "number" && value < other;
    }
    case "fields":
      return hasFields(value, condition.required, condition.optional);
  }
}

export function typeOf(value: Json): ValueType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "object" : (typeof value as "boolean" | "number");
}

/** As the number is written: 3 of `0.125`, none of `1e21`. */
export function decimalsOf(value: number): number {
  const [, part = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, part.length - Number(exponent));
}

/** Lists of texts and numbers are looked up, not walked: guards hold whole vocabularies. */
const indexes = new WeakMap<Json[], Set<Json>>();

function isAmong(value: Json | undefined, values: Json[]): boolean {
  if (value === undefined) return false;
  if (typeof value === "object" && value !== null) return values.some((one) => equalValues(one, value));
  let index = indexes.get(values);
  if (!index) {
    index = new Set(values);
    indexes.set(values, index);
  }
  return index.has(value);
}

interface Range {
  atLeast?: number | undefined;
  atMost?: number | undefined;
  above?: number | undefined;
  below?: number | undefined;
}

function inRange(value: Json | undefined, { atLeast, atMost, above, below }: Range): boolean {
  if (typeof value !== "number") return false;
  if (atLeast !== undefined && value < atLeast) return false;
  if (atMost !== undefined && value > atMost) return false;
  if (above !== undefined && value <= above) return false;
  return below === undefined || value < below;
}

function hasFields(value: Json | undefined, required: string[], optional: string[]): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (!required.every((name) => Object.hasOwn(value, name))) return false;
  return Object.keys(value).every((name) => required.includes(name) || optional.includes(name));
}
