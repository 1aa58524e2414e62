/**
 * Patterns in the syntax of RE2, matched in time linear in the text (Thompson 1968; Cox, "Regular expression matching can be
 * simple and fast", 2007): no backtracking, so no text can make a rule slow.
 */
import { RE2JS } from "re2js";
import * as z from "zod";

/** Longest pattern, in characters: time is bounded by its product with the text's length. */
const LONGEST_PATTERN = 500;

const compiled = new Map<string, RE2JS | null>();
const MOST_COMPILED = 1024;

/** Null for what is no pattern. */
export function compilePattern(pattern: string): RE2JS | null {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = madeOf(pattern);
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function madeOf(pattern: string): RE2JS | null {
  if (pattern.length > LONGEST_PATTERN) return null;
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}

export const patternSchema = z
  .string()
  .min(1)
  .max(LONGEST_PATTERN)
  .refine((pattern) => compilePattern(pattern) !== null, "not a pattern in the syntax of RE2")
  .describe("Pattern in the syntax of RE2: linear time, no look-around, no back-references");

/** Whether any part of the text matches; anchors are the pattern's own. */
export function testsPattern(pattern: string, text: string): boolean {
  return compilePattern(pattern)?.test(text) ?? false;
}

export type Captured = { found: string } | { found: null; why: "no match" | "ambiguous" };

/**
 * What the first group captures. A text in which the pattern matches a second time with another capture is ambiguous:
 * nothing says which one is meant. Only two matches are looked for, so the time stays linear.
 */
export function capture(pattern: string, text: string): Captured {
  const matcher = compilePattern(pattern)?.matcher(text);
  if (!matcher?.find()) return { found: null, why: "no match" };
  const first = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
  if (first === null || first === undefined) return { found: null, why: "no match" };
  if (matcher.find() && (matcher.groupCount() > 0 ? matcher.group(1) : matcher.group()) !== first) return { found: null, why: "ambiguous" };
  return { found: first };
}
