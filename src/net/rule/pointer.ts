/** JSON Pointers (RFC 6901): how a rule names a place in its input. `/ticket/total`; the empty pointer is the whole input. */
import * as z from "zod";
import type { Json } from "../../contract/json.ts";

export const pointerSchema = z
  .string()
  .max(500)
  .regex(/^(\/([^~/]|~[01])*)*$/, "a path is a JSON Pointer like /ticket/total, with ~1 for / and ~0 for ~ inside a name")
  .describe("JSON Pointer (RFC 6901) into the input: `/ticket/total`");

/** Rules name the same few paths again and again. */
const parsed = new Map<string, string[]>();
const MOST_PARSED = 4096;

function segmentsOf(pointer: string): string[] {
  const known = parsed.get(pointer);
  if (known) return known;
  const segments = pointer === "" ? [] : pointer.slice(1).split("/").map(unescaped);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(pointer, segments);
  return segments;
}

const unescaped = (segment: string): string => segment.replaceAll("~1", "/").replaceAll("~0", "~");

/** The pointer to a member or an element of what `pointer` names. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The value there, or undefined. Own members only. */
export function readPointer(json: Json, pointer: string): Json | undefined {
  let at: Json | undefined = json;
  for (const segment of segmentsOf(pointer)) {
    if (typeof at !== "object" || at === null) return undefined;
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(segment) ? at[Number(segment)] : undefined;
    else at = Object.hasOwn(at, segment) ? at[segment] : undefined;
  }
  return at;
}

/** As people read it, in the way of templates: `ticket.items[0].sku`. */
export function printPointer(pointer: string): string {
  if (pointer === "") return "input";
  let text = "";
  for (const segment of segmentsOf(pointer)) {
    if (/^\d+$/.test(segment)) text += `[${segment}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(segment)) text += text === "" ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}
