/** What a condition or a table looks at: a place in the input, seen in one of a few ways. */
import * as z from "zod";
import type { Json } from "../../contract/json.ts";
import { pointerSchema, printPointer, readPointer } from "./pointer.ts";

export const VIEWS = ["length", "folded", "first-word", "last-word", "head", "domain"] as const;
export type View = (typeof VIEWS)[number];

export const termFields = {
  path: pointerSchema,
  of: z
    .enum(VIEWS)
    .optional()
    .describe(
      "`length` of a text, array or object; of a text `folded` (lower case, white space squeezed), `first-word`, `last-word`, `head` (the letters it begins with), `domain` (what follows the last @)",
    ),
};
export const termSchema = z.strictObject(termFields);
export interface Term {
  path: string;
  of?: View | undefined;
}

/** Undefined: not there, or not of a kind that can be seen so. */
export function readTerm(input: Json, term: Term): Json | undefined {
  const value = readPointer(input, term.path);
  return term.of === undefined || value === undefined ? value : viewOf(value, term.of);
}

export function viewOf(value: Json, view: View): Json | undefined {
  if (view === "length") return lengthOf(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  switch (view) {
    case "folded":
      return text.toLowerCase().split(/\s+/u).join(" ");
    case "first-word":
      return text.toLowerCase().match(/^[^\p{L}\p{N}]*([\p{L}\p{N}]+)/u)?.[1];
    case "last-word":
      return lastWord(text.toLowerCase());
    case "head":
      return text.match(/^\p{L}+/u)?.[0];
    case "domain":
      return text.includes("@") ? text.slice(text.lastIndexOf("@") + 1).toLowerCase() : undefined;
  }
}

/** From the end by hand: an anchored pattern would be tried at every position. */
function lastWord(text: string): string | undefined {
  const isWord = (at: number) => /[\p{L}\p{N}]/u.test(text.charAt(at));
  let end = text.length;
  while (end > 0 && !isWord(end - 1)) end -= 1;
  let start = end;
  while (start > 0 && isWord(start - 1)) start -= 1;
  return start === end ? undefined : text.slice(start, end);
}

function lengthOf(value: Json): number | undefined {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : undefined;
}

export function printTerm({ path, of }: Term): string {
  return of === undefined ? printPointer(path) : `${of === "length" ? "len" : of}(${printPointer(path)})`;
}
