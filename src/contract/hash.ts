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

/** The first 26 characters of a hash of the parts in base 32: an id that the same parts always give again. */
export function derivedId(prefix: string, ...parts: unknown[]): string {
  const bytes = createHash("sha256").update(canonicalJson(parts)).digest();
  let bits = 0n;
  for (const byte of bytes.subarray(0, 13)) bits = (bits << 8n) | BigInt(byte);
  return `${prefix}${bits.toString(32).padStart(21, "0")}`;
}
