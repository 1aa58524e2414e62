/** Content addresses: what a definition, a prompt or a firing is called when only its content may decide. */
import { createHash, hash } from "node:crypto";
import { canonicalJson } from "./json.ts";

/** SHA-256 (FIPS 180-4) of UTF-8 text or bytes, as 64 lower-case hex digits. */
export function sha256(content: string | Uint8Array): string {
  return hash("sha256", content, "hex");
}

/** SHA-256 of the canonical JSON of a value: equal values have equal hashes whatever the order of their keys. */
export function hashJson(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** Small pieces are gathered: a call for each costs more than the hash. */
const PIECES = 64 * 1024;

/** SHA-256 of a text that comes in pieces. */
export function sha256Pieces(pieces: Iterable<string>): string {
  const all = createHash("sha256");
  let waiting = "";
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < PIECES) continue;
    all.update(waiting);
    waiting = "";
  }
  return all.update(waiting).digest("hex");
}

/** What the first entry of a log names as the hash of the entry before it. */
export const CHAIN_START = "start";

/** The hash of a log entry, over all that it says and over the hash of the entry before it. Null: it was written without one. */
export function entryHash(entry: { prev: string | null; epoch: number; id: string }, body: string | Uint8Array): string {
  return createHash("sha256")
    .update(`${entry.prev ?? ""}\n${entry.epoch}\n${entry.id}\n`)
    .update(body)
    .digest("hex");
}

/** Lists of texts and numbers, whose canonical form is what `JSON.stringify` writes at once. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value === "string" || typeof value === "number";
}

const DIGITS = [...Buffer.from("0123456789abcdefghijklmnopqrstuv")];

/** The first 104 bits of a hash of the parts as a number in base 32: an id that the same parts always give again. */
export function derivedId(prefix: string, ...parts: unknown[]): string {
  // Every firing has one: the one-shot hash and digits by hand cost a fifth of a hash object and a BigInt.
  const bytes = hash("sha256", isPlain(parts) ? JSON.stringify(parts) : canonicalJson(parts), "binary");
  // Of all its characters at once, so that it lies in memory as one text and not as a chain of them.
  const id = new Array<number>(prefix.length + 21);
  let length = 0;
  for (; length < prefix.length; length += 1) id[length] = prefix.charCodeAt(length);
  let value = 0;
  // 104 bits are 21 digits with one bit to spare, which is the first.
  let bits = 1;
  for (let at = 0; at < 13; at += 1) {
    value = (value << 8) | bytes.charCodeAt(at);
    bits += 8;
    for (; bits >= 5; value &= (1 << bits) - 1) {
      bits -= 5;
      id[length++] = DIGITS[value >> bits] as number;
    }
  }
  return String.fromCharCode(...id);
}
