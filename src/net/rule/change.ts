/**
 * Small typed functions on the way from the input to the answer: case, white space, numbers, dates, lists. All are total:
 * a value of the wrong type gives undefined, and the rule declines.
 */
import * as z from "zod";
import type { Json } from "../../contract/json.ts";
import { DATE_FORMS, type DateForm, formatDate, parseDate } from "./date-format.ts";
import { pointerSchema, readPointer } from "./pointer.ts";

const WORDS = ["lower", "upper", "title", "sentence", "trim", "squeeze", "slug", "digits", "text", "number", "count"] as const;

export type Change =
  | { do: (typeof WORDS)[number] }
  | { do: "fixed"; digits: number; group?: string | undefined; decimal?: string | undefined }
  | { do: "round"; digits: number }
  | { do: "scale"; by: number }
  | { do: "date"; from: DateForm; to: DateForm }
  | { do: "split"; at: string }
  | { do: "join"; with: string }
  | { do: "item"; at: number }
  | { do: "each"; path: string }
  | { do: "before" | "after"; text: string }
  | { do: "first"; length: number }
  | { do: "pad"; length: number; with: string };

const mark = z.string().min(1).max(20);
export const changeSchema: z.ZodType<Change> = z.discriminatedUnion("do", [
  z.strictObject({ do: z.enum(WORDS) }).describe("`text` writes a number, `number` reads one, `count` counts elements"),
  z
    .strictObject({ do: z.literal("fixed"), digits: z.int().min(0).max(10), group: z.string().max(1).optional(), decimal: mark.optional() })
    .describe("A number with so many decimals, thousands set apart by `group`"),
  z.strictObject({ do: z.literal("round"), digits: z.int().min(0).max(10) }),
  z.strictObject({ do: z.literal("scale"), by: z.number() }),
  z.strictObject({ do: z.literal("date"), from: z.enum(DATE_FORMS), to: z.enum(DATE_FORMS) }),
  z.strictObject({ do: z.literal("split"), at: mark }),
  z.strictObject({ do: z.literal("join"), with: z.string().max(20) }),
  z.strictObject({ do: z.literal("item"), at: z.int().min(-100).max(100) }).describe("An element by its number; -1 is the last"),
  z.strictObject({ do: z.literal("each"), path: pointerSchema }).describe("From an array of objects, this of each"),
  z.strictObject({ do: z.enum(["before", "after"]), text: mark }).describe("What stands before or after the first such text"),
  z.strictObject({ do: z.literal("first"), length: z.int().min(1).max(1000) }),
  z.strictObject({ do: z.literal("pad"), length: z.int().min(1).max(40), with: z.string().length(1) }),
]);

type Value = Json | undefined;

export function applyChanges(value: Value, changes: readonly Change[] | undefined): Value {
  let changed = value;
  for (const change of changes ?? []) {
    if (changed === undefined) return undefined;
    changed = applyChange(changed, change);
  }
  return changed;
}

export function applyChange(value: Json, change: Change): Value {
  if (typeof value === "number") return onNumber(value, change);
  if (typeof value === "string") return onText(value, change);
  return Array.isArray(value) ? onList(value, change) : undefined;
}

function onNumber(value: number, change: Change): Value {
  switch (change.do) {
    case "text":
      return String(value);
    case "fixed":
      return fixed(value, change.digits, change.group ?? "", change.decimal ?? ".");
    case "round":
      return rounded(value, change.digits);
    case "scale": {
      // Twelve digits: 1999 * 0.01 is 19.99, whatever binary makes of it.
      const scaled = Number((value * change.by).toPrecision(12));
      return Number.isFinite(scaled) ? scaled : undefined;
    }
    default:
      return undefined;
  }
}

/** As the number is written: 1.005 to two digits is 1.01, though the nearest binary one lies below the half. Halves go away from zero. */
function rounded(value: number, digits: number): number {
  const size = Number(`${Math.round(Number(`${Math.abs(value)}e${digits}`))}e-${digits}`);
  // Zero has no sign.
  return (Number.isNaN(size) ? Number(value.toFixed(digits)) : Math.sign(value) * size) + 0;
}

function fixed(value: number, digits: number, group: string, decimal: string): Value {
  if (Math.abs(value) >= 1e15) return undefined;
  const near = rounded(value, digits);
  const [whole = "", part = ""] = Math.abs(near).toFixed(digits).split(".");
  const grouped = group === "" ? whole : whole.replace(/\B(?=(\d{3})+$)/g, group);
  const sign = near < 0 ? "-" : "";
  return digits === 0 ? sign + grouped : `${sign}${grouped}${decimal}${part}`;
}

function onText(value: string, change: Change): Value {
  switch (change.do) {
    case "date": {
      const date = parseDate(value, change.from);
      return date === null ? undefined : formatDate(date, change.to);
    }
    case "split":
      return value.split(change.at).slice(0, 1000);
    case "before":
    case "after":
      return part(value, change.text, change.do);
    case "first":
      return [...value.slice(0, 2 * change.length)].slice(0, change.length).join("");
    case "pad":
      return value.padStart(change.length, change.with);
    default:
      return onWords(value, change.do);
  }
}

function part(value: string, text: string, side: "before" | "after"): Value {
  const at = value.indexOf(text);
  if (at === -1) return undefined;
  return side === "before" ? value.slice(0, at) : value.slice(at + text.length);
}

function onWords(value: string, name: Change["do"]): Value {
  switch (name) {
    case "lower":
      return value.toLowerCase();
    case "upper":
      return value.toUpperCase();
    case "title":
      return value.toLowerCase().replace(/(?<![\p{L}\p{N}'’])\p{L}/gu, (letter) => letter.toUpperCase());
    case "sentence":
      return value.charAt(0).toUpperCase() + value.slice(1);
    case "trim":
      return value.trim();
    case "squeeze":
      return value.trim().split(/\s+/u).join(" ");
    case "slug":
      return slug(value);
    case "digits":
      return value.match(/\d+/g)?.join("");
    case "text":
      return value;
    case "number":
      return numberIn(value);
    default:
      return undefined;
  }
}

/** Letters without their accents; undefined where one has no plain letter to stand for it. */
function slug(value: string): Value {
  const plain = value.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return /[^\P{L}a-z]/u.test(plain) ? undefined : (plain.match(/[a-z0-9]+/g) ?? []).join("-");
}

/** `-1,234.50` with or without its commas; nothing else beside it. */
function numberIn(text: string): Value {
  const plain = text.trim();
  if (plain.length > 30 || !/^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/.test(plain)) return undefined;
  return Number(plain.replaceAll(",", ""));
}

function onList(value: Json[], change: Change): Value {
  switch (change.do) {
    case "count":
      return value.length;
    case "item":
      return value.at(change.at);
    case "join":
      return value.every((item) => typeof item === "string" || typeof item === "number") ? value.join(change.with) : undefined;
    case "each": {
      const picked = value.map((item) => readPointer(item, change.path));
      return picked.every((item) => item !== undefined) ? picked : undefined;
    }
    case "lower":
    case "upper":
    case "title":
    case "trim": {
      const changed = value.map((item) => (typeof item === "string" ? onWords(item, change.do) : undefined));
      return changed.every((item) => item !== undefined) ? changed : undefined;
    }
    default:
      return undefined;
  }
}
