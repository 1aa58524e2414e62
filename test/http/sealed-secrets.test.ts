/** Secrets in a bucket that all masters share (K1 to K3), and the keys that open them. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KeyValue } from "../../src/contract/key-value.ts";
import { removeSecret, secretBook, storedSecrets, storeSecret } from "../../src/http/sealed-secrets.ts";
import { environmentKey, fileKey, keyFrom, newKey, type SecretKey } from "../../src/http/secret-keys.ts";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { realClock } from "../support/model-clock.ts";
import { waitUntil } from "../support/wait-until.ts";

let folder: string;
let bucket: KeyValue;
const about = { name: "token", hosts: null, nets: null, at: "2026-03-01T12:00:00.000Z", by: "ada" };
const VALUE = "a-value-of-some-length";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "petrel-secrets-"));
  bucket = memoryBroker(new MemoryHub(realClock)).keyValue("secrets");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("K1, K2: the bucket holds no value, and one sealed value under another name opens nothing", async () => {
  const key = keyFrom("file", newKey());
  await storeSecret(bucket, key, VALUE, about);
  const [stored] = await bucket.list(">");
  expect(JSON.stringify(stored)).not.toContain(VALUE);
  expect(JSON.stringify(await storedSecrets(bucket))).not.toContain(VALUE);
  await bucket.put("other", stored?.value ?? null);
  const book = await secretBook(bucket, () => [key]);
  expect(book.open("token")).toMatchObject({ value: VALUE, hosts: null });
  expect(() => book.open("other")).toThrow(expect.objectContaining({ code: "sealed" }));
  expect(book.open("none")).toBeNull();
  await book.stop();
});

test("K3: a book follows what is set, changed and removed, and its filter with it", async () => {
  const key = keyFrom("file", newKey());
  const book = await secretBook(bucket, () => [key]);
  expect(book.filter()).toBeNull();
  await storeSecret(bucket, key, VALUE, about);
  await waitUntil("it is known", () => book.open("token")?.value === VALUE);
  expect(book.filter()?.strip(`so ${VALUE}`)).toBe("so <secret token>");
  await storeSecret(bucket, key, "another-value-now", { ...about, nets: ["one"] });
  await waitUntil("the new one is known", () => book.open("token")?.value === "another-value-now");
  expect(book.open("token")?.nets).toEqual(["one"]);
  expect(await removeSecret(bucket, "token", { at: about.at, by: "ada" })).toBe(true);
  await waitUntil("it is gone", () => book.open("token") === null);
  expect(book.filter()).toBeNull();
  expect(await removeSecret(bucket, "token", { at: about.at, by: "ada" })).toBe(false);
  expect(await storedSecrets(bucket)).toEqual([]);
  await book.stop();
});

test("without its key a secret is there and cannot be opened; when the key comes back, it can", async () => {
  const key = keyFrom("file", newKey());
  await storeSecret(bucket, key, VALUE, about);
  const here: SecretKey[] = [keyFrom("environment", newKey())];
  const book = await secretBook(bucket, () => here);
  expect(() => book.open("token")).toThrow(
    expect.objectContaining({ code: "secrets-key", hint: expect.stringContaining("PETREL_SECRETS_KEY") }),
  );
  here.push(key);
  expect(book.open("token")?.value).toBe(VALUE);
  await book.stop();
});

test("keys: from the environment, from a file of mode 0600, and nothing that is none", () => {
  const text = newKey();
  expect(environmentKey({ PETREL_SECRETS_KEY: text })?.id).toBe(keyFrom("file", text).id);
  expect(environmentKey({})).toBeNull();
  expect(() => environmentKey({ PETREL_SECRETS_KEY: "short" })).toThrow(expect.objectContaining({ code: "secrets-key" }));
  const file = join(folder, "secrets.key");
  expect(fileKey(file)).toBeNull();
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  expect(fileKey(file)?.place).toBe("file");
  chmodSync(file, 0o644);
  expect(() => fileKey(file)).toThrow(expect.objectContaining({ code: "secrets-key", message: expect.stringContaining("read by others") }));
});
