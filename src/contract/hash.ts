/** Content addresses: what a definition, a prompt or a firing is called when only its content may decide. */
import { createHash } from "node:crypto";
import { canonicalJson } from "./json.ts";

/** SHA-256 (FIPS 180-4) of UTF-8 text or bytes, as 64 lower-case hex digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 of the canonical JSON of a value: equal values have equal hashes whatever the order of their keys. */
export function hashJson(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** Small pieces are gathered: a call for each costs more than the hash. */
const PIECES = 64 * 1024;

/** SHA-256 of a text that comes in pieces. */
export function sha256Pieces(pieces: Iterable<string>): string {
  const hash = createHash("sha256");
  let waiting = "";
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < PIECES) continue;
    hash.update(waiting);
    waiting = "";
  }
  return hash.update(waiting).digest("hex");
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

/** The first 26 characters of a hash of the parts in base 32: an id that the same parts always give again. */
export function derivedId(prefix: string, ...parts: unknown[]): string {
  const bytes = createHash("sha256").update(canonicalJson(parts)).digest();
  let bits = 0n;
  for (const byte of bytes.subarray(0, 13)) bits = (bits << 8n) | BigInt(byte);
  return `${prefix}${bits.toString(32).padStart(21, "0")}`;
}
