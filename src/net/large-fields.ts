/**
 * Data that is too large for a token: its largest fields are cut out, one by one, and lie in the artefact store, so that the small
 * ones stay readable. Pure: the reference follows from the bytes.
 *
 * F1 Texts go first, then whole lists and objects, and everything at once only where no field is worth cutting.
 * F2 A text is stored as it is, anything else as JSON: the type of a reference says what stood there.
 */
import { sha256 } from "../contract/hash.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import { type ArtifactRef, WORTH_STORING } from "../contract/token.ts";

/** Texts that one token lays down by themselves; past it the list or object around them goes as one. */
const MOST_TEXTS = 64;
export const TEXT_TYPE = "text/plain; charset=utf-8";
export const JSON_TYPE = "application/json";

export interface StoredPart {
  ref: ArtifactRef;
  bytes: Uint8Array;
}

/** `limit`: bytes of JSON that the data may have afterwards. */
export function cutLargeFields(data: Json, limit: number): { data: Json; parts: StoredPart[] } {
  const root: Part = { key: null, parent: null, value: data, bytes: 0, parts: [], ref: null };
  const texts: Part[] = [];
  measure(root, texts);
  const stored: StoredPart[] = [];
  const cut = (part: Part) => {
    const bytes = Buffer.from(typeof part.value === "string" ? part.value : JSON.stringify(withRefs(part)));
    const type = typeof part.value === "string" ? TEXT_TYPE : JSON_TYPE;
    const id = sha256(bytes);
    part.ref = { $artifact: id, sha256: id, size: bytes.length, type };
    stored.push({ ref: part.ref, bytes });
    const won = part.bytes - sizeOf({ ...part.ref });
    for (let each: Part | null = part; each; each = each.parent) each.bytes -= won;
  };
  for (const text of texts.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_TEXTS)) {
    if (root.bytes <= limit) break;
    cut(text);
  }
  while (root.bytes > limit) {
    const next = heaviest(root);
    cut(next);
    if (next === root) break;
  }
  return { data: withRefs(root), parts: stored };
}

interface Part {
  key: string | number | null;
  parent: Part | null;
  value: Json;
  /** Of its JSON as it stands. */
  bytes: number;
  /** Those that are worth storing by themselves. */
  parts: Part[];
  ref: ArtifactRef | null;
}

function measure(part: Part, texts: Part[]): void {
  const { value } = part;
  if (typeof value !== "object" || value === null) {
    part.bytes = sizeOf(value);
    if (typeof value === "string" && part.bytes > WORTH_STORING) texts.push(part);
    return;
  }
  const isList = Array.isArray(value);
  const fields = Object.entries(value);
  // Brackets, and no comma behind the last.
  part.bytes = fields.length === 0 ? 2 : 1;
  for (const [key, item] of fields) {
    const child: Part = { key: isList ? Number(key) : key, parent: part, value: item, bytes: 0, parts: [], ref: null };
    measure(child, texts);
    part.bytes += child.bytes + 1 + (isList ? 0 : sizeOf(key) + 1);
    // What is a reference already is as small as it gets.
    if (child.bytes > WORTH_STORING) part.parts.push(child);
  }
}

/** F1. Down from the whole, as long as one part makes most of what is there. */
function heaviest(root: Part): Part {
  let part = root;
  for (;;) {
    const next = part.parts.filter(({ ref, bytes }) => ref === null && bytes > WORTH_STORING).sort((a, b) => b.bytes - a.bytes)[0];
    if (!next || (part !== root && next.bytes * 2 < part.bytes)) return part;
    part = next;
  }
}

/** The value with references where something was cut out. */
function withRefs(part: Part): Json {
  if (part.ref) return { ...part.ref };
  const changed = part.parts.filter(({ ref, parts }) => ref !== null || parts.length > 0);
  if (changed.length === 0) return part.value;
  const made: Json = Array.isArray(part.value) ? [...part.value] : { ...(part.value as { [key: string]: Json }) };
  for (const child of changed) (made as { [key: string | number]: Json })[child.key as string | number] = withRefs(child);
  return made;
}

/** UTF-8 bytes as JSON. */
export function sizeOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Whether a reference to something that was cut out stands in the value. */
export function hasCutFields(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasCutFields);
  if (!isJsonObject(value)) return false;
  return isCutField(value) || Object.values(value).some(hasCutFields);
}

export function isCutField(value: Json): value is Json & ArtifactRef {
  return isJsonObject(value) && typeof value.$artifact === "string" && (value.type === TEXT_TYPE || value.type === JSON_TYPE);
}
