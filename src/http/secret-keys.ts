/** The keys that seal secrets: from the environment, from a file that its owner alone may read, or from the keyring of the system. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { Terminal } from "../contract/errors.ts";
import { sha256 } from "../contract/hash.ts";
import { KEY_BYTES } from "../contract/sealed.ts";

export const KEY_VARIABLE = "PETREL_SECRETS_KEY";
export const KEY_PLACES = ["environment", "file", "keyring"] as const;
export type KeyPlace = (typeof KEY_PLACES)[number];

export interface SecretKey {
  place: KeyPlace;
  key: Uint8Array;
  /** Tells keys apart and gives nothing of them away. */
  id: string;
}

export function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** Errors: Terminal `secrets-key` for what is no key. */
export function keyFrom(place: KeyPlace, text: string): SecretKey {
  const key = new Uint8Array(Buffer.from(text.trim(), "base64"));
  if (key.length !== KEY_BYTES) {
    const where = { environment: KEY_VARIABLE, file: "the key file", keyring: "the entry of the keyring" }[place];
    throw new Terminal({
      code: "secrets-key",
      message: `${where} holds no key: it is base64 of ${KEY_BYTES} bytes`,
      hint: "make one: openssl rand -base64 32",
    });
  }
  return { place, key, id: sha256(key).slice(0, 12) };
}

export function environmentKey(env: Readonly<Record<string, string | undefined>>): SecretKey | null {
  const text = env[KEY_VARIABLE];
  return text === undefined || text === "" ? null : keyFrom("environment", text);
}

/** Errors: Terminal `secrets-key` when others may read it. */
export function fileKey(file: string): SecretKey | null {
  if (!existsSync(file)) return null;
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
    throw new Terminal({ code: "secrets-key", message: `${file} can be read by others`, hint: "chmod 600 it; then petrel resume" });
  }
  return keyFrom("file", readFileSync(file, "utf8"));
}
