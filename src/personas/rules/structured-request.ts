/** What can be read out of a request without a model: a JSON object of examples, and lines that state criteria. */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";

/** The first JSON object in a text that has `function` and `examples`; null where there is none. */
export function examplesIn(text: string): JsonObject | null {
  for (let at = text.indexOf("{"); at >= 0; at = text.indexOf("{", at + 1)) {
    const value = objectAt(text, at);
    if (value && "function" in value && "examples" in value) return value;
  }
  return null;
}

/** The text without that object and its fence. */
export function withoutExamples(text: string): string {
  const at = text.indexOf("{");
  if (at < 0 || !examplesIn(text)) return text.trim();
  return text
    .slice(0, at)
    .replace(/```(?:json)?\s*$/, "")
    .trim();
}

function objectAt(text: string, from: number): JsonObject | null {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter === "\\") at++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "{") depth++;
    else if (letter === "}" && --depth === 0) return parsed(text.slice(from, at + 1));
  }
  return null;
}

function parsed(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Lines that begin with a dash, a star or a number, and sentences of the form "Given ..., then ...". */
export function criteriaIn(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .flatMap((line) => /^(?:[-*•]|\d+[.)])\s+(.+)$/.exec(line)?.[1] ?? (/^(?:given|when)\b.*\bthen\b/i.test(line) ? line : []))
    .slice(0, 12);
}

/** "Show the age of a note" becomes `show-the-age`. */
export function slugOf(text: string): string {
  const words = text.toLowerCase().match(/[a-z][a-z0-9]*/g) ?? [];
  const slug = words.slice(0, 4).join("-").slice(0, 30).replace(/-+$/, "");
  return /^[a-z][a-z0-9-]{1,30}$/.test(slug) ? slug : "request";
}
