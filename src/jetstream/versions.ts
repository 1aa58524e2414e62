/** Every version of a definition, under `<name>.<sha256>`: written once, never changed. */
import type { VersionStore } from "../contract/broker.ts";
import { Retryable } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { lastToken } from "./answering.ts";
import type { Bucket } from "./bucket.ts";
import type { Link } from "./link.ts";
import { persist } from "./retry.ts";

export class JetStreamVersions implements VersionStore {
  readonly #link: Link;
  readonly #bucket: Bucket;

  constructor(link: Link, bucket: Bucket) {
    this.#link = link;
    this.#bucket = bucket;
  }

  async put(name: string, hash: string, definition: Json): Promise<void> {
    // As it was given, in the order of the file: people pull it back. A null revision says that the key stands already, and the same hash is the same content.
    await persist(this.#link, 4, () => this.#bucket.put(`${name}.${hash}`, JSON.stringify(definition), { expected: 0 }));
  }

  async get(name: string, hash: string): Promise<Json | null> {
    const message = await this.#bucket.get(`${name}.${hash}`);
    if (message === null) return null;
    try {
      return JSON.parse(new TextDecoder().decode(message.data)) as Json;
    } catch (cause) {
      throw new Retryable({ code: "version-damaged", message: `version ${hash} of ${name} cannot be read from the broker`, cause });
    }
  }

  async list(name: string): Promise<{ hash: string; at: string }[]> {
    const found = await this.#bucket.list(`${name}.*`);
    return found.sort((a, b) => a.seq - b.seq).map((message) => ({ hash: lastToken(message.subject), at: message.time }));
  }

  async names(): Promise<string[]> {
    const keys = await this.#bucket.keys();
    return [...new Set(keys.map((key) => key.slice(0, key.lastIndexOf("."))))].sort();
  }
}
