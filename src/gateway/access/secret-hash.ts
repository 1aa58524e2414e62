/** Client secrets: drawn here, shown once, and kept as a hash by scrypt (RFC 7914). */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

const BYTES = 32;
const COST = { N: 2 ** 14, r: 8, p: 1 };

/** 256 bits as 43 letters of base64url. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** `scrypt$<salt>$<hash>`, both base64url. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString("base64url")}$${(await derive(secret, salt)).toString("base64url")}`;
}

/** Takes as long for a hash that is not there, so that the time says nothing of who exists. */
export async function secretMatches(secret: string, hash: string | null): Promise<boolean> {
  const [kind, salt, wanted] = (hash ?? "scrypt$AAAAAAAAAAAAAAAAAAAAAA$").split("$");
  const derived = await derive(secret, Buffer.from(salt ?? "", "base64url"));
  const expected = Buffer.from(wanted ?? "", "base64url");
  return kind === "scrypt" && expected.length === derived.length && timingSafeEqual(derived, expected);
}

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => scrypt(secret, salt, BYTES, COST, (error, key) => (error ? reject(error) : resolve(key))));
}
