/**
 * Secrets of `petrel secret set`: sealed in a bucket that all masters share, opened where they are used.
 *
 * K1 The broker holds sealed values only; the key is never there. K2 A sealed value is tied to its name: under another one it does not open.
 * K3 What is removed is written as removed, so that whoever follows the bucket hears of it.
 */

import { PetrelError, Terminal } from "../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { KeyValue, StoredValue } from "../contract/key-value.ts";
import { seal, unseal } from "../contract/sealed.ts";
import { type SecretFilter, secretFilter } from "../contract/secret-forms.ts";
import type { Serving } from "../contract/serving.ts";
import type { SecretKey } from "./secret-keys.ts";
import type { Secret } from "./secrets.ts";

export interface SealedSecret {
  name: string;
  sealed: string;
  /** Id of the key that opens it. */
  key: string;
  hosts: string[] | null;
  nets: string[] | null;
  /** ISO time, and who set it. */
  at: string;
  by: string;
}

export async function storeSecret(
  bucket: KeyValue,
  key: SecretKey,
  value: string,
  about: Pick<SealedSecret, "name" | "hosts" | "nets" | "at" | "by">,
): Promise<void> {
  const { name, ...rest } = about;
  await bucket.put(name, { ...rest, sealed: seal(key.key, name, value), key: key.id });
}

/** False when there is none of that name. */
export async function removeSecret(bucket: KeyValue, name: string, about: { at: string; by: string }): Promise<boolean> {
  const stored = await bucket.get(name);
  if (!stored || !secretIn(stored)) return false;
  await bucket.put(name, { gone: true, ...about }); // K3
  return true;
}

export async function storedSecrets(bucket: KeyValue): Promise<SealedSecret[]> {
  const all = (await bucket.list(">")).flatMap((stored) => secretIn(stored) ?? []);
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function secretIn({ key: name, value }: StoredValue): SealedSecret | null {
  if (!isJsonObject(value) || typeof value.sealed !== "string" || typeof value.key !== "string") return null;
  const { sealed, key } = value;
  return { name, sealed, key, hosts: names(value.hosts), nets: names(value.nets), at: String(value.at), by: String(value.by) };
}
function names(value: Json | undefined): string[] | null {
  return Array.isArray(value) ? value.map(String) : null;
}

export interface SecretBook {
  /** Null when there is none. Errors: Terminal `secrets-key` when there is one and its key is not here. */
  open(name: string): Secret | null;
  /** Takes every value out of what is written down; null while there is none. */
  filter(): SecretFilter | null;
  stop(): Promise<void>;
}

/** Follows the bucket. `keys` are looked up anew for a secret that none opened so far. */
export async function secretBook(bucket: KeyValue, keys: () => readonly SecretKey[]): Promise<SecretBook> {
  const sealed = new Map<string, SealedSecret>();
  const opened = new Map<string, string>();
  let filter: SecretFilter | null = null;
  const reopen = () => {
    filter = opened.size > 0 ? secretFilter(opened) : null;
  };
  const value = (secret: SealedSecret): string => {
    const known = opened.get(secret.name);
    if (known !== undefined) return known;
    const key = keys().find(({ id }) => id === secret.key);
    if (!key) throw noKey(secret);
    const text = unseal(key.key, secret.name, secret.sealed);
    opened.set(secret.name, text);
    reopen();
    return text;
  };
  const take = (stored: StoredValue): void => {
    const secret = secretIn(stored);
    opened.delete(stored.key);
    if (secret) sealed.set(stored.key, secret);
    else sealed.delete(stored.key);
    reopen();
    try {
      if (secret) value(secret);
    } catch (error) {
      // It is told to whoever wants to use it.
      if (!(error instanceof PetrelError)) throw error;
    }
  };
  for (const stored of await bucket.list(">")) take(stored);
  const watching: Serving = await bucket.watch(take);
  return {
    open: (name) => {
      const secret = sealed.get(name);
      return secret ? { value: value(secret), hosts: secret.hosts, nets: secret.nets } : null;
    },
    filter: () => filter,
    stop: () => watching.stop(),
  };
}

function noKey({ name, key }: SealedSecret): Terminal {
  return new Terminal({
    code: "secrets-key",
    message: `the key ${key}, which the secret ${name} was sealed with, is not here`,
    hint: `bring it back (PETREL_SECRETS_KEY, or keys/secrets.key of the state folder), or petrel secret set ${name} anew; then petrel resume`,
  });
}

/** Every string of a JSON value without secrets. */
export function cleanJson(filter: SecretFilter, value: JsonObject): JsonObject {
  return JSON.parse(filter.strip(JSON.stringify(value))) as JsonObject;
}
