/** A key-value bucket as the NATS CLI knows it (stream `KV_<name>`), read through the stream's leader and made on the first write. */
import type { MsgHdrs } from "@nats-io/transport-node";
import { headers } from "@nats-io/transport-node";
import { PetrelError } from "../contract/errors.ts";
import type { PubAck } from "./jetstream-api.ts";
import { apiCodes, isApiCode, publishAcked } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import type { StoredMessage } from "./stored-message.ts";
import { fromDirect } from "./stored-message.ts";
import { declareStream, leaderMessage, removeMessage, streamInfo } from "./streams.ts";

export interface BucketOptions extends Keeping {
  description: string;
  /** Milliseconds that an entry lives. */
  maxAgeMs?: number;
  /** Entries may have a life of their own. */
  entryTtl?: boolean;
}

export class Bucket {
  readonly stream: string;
  readonly #link: Link;
  readonly #name: string;
  readonly #options: BucketOptions;
  #made: Promise<unknown> | null = null;

  constructor(link: Link, name: string, options: BucketOptions) {
    this.#link = link;
    this.#name = name;
    this.#options = options;
    this.stream = `KV_${name}`;
  }

  subject(key: string): string {
    return `$KV.${this.#name}.${key}`;
  }

  /** The newest value as the leader has it; null when there is none. */
  async get(key: string): Promise<StoredMessage | null> {
    try {
      const message = await leaderMessage(this.#link, this.stream, { last_by_subj: this.subject(key) });
      // A deletion by the CLI leaves a marker in place of a value.
      return message === null || message.header("KV-Operation") !== "" ? null : message;
    } catch (error) {
      if (isApiCode(error, apiCodes.streamNotFound)) return null;
      throw error;
    }
  }

  /** Revision of the stored value; null when `expected` (the last revision, 0 for none) is not what stands there. */
  async put(key: string, value: Uint8Array | string, how: { expected?: number; ttlMs?: number } = {}): Promise<number | null> {
    const marks = headers();
    if (how.expected !== undefined) marks.set("Nats-Expected-Last-Subject-Sequence", String(how.expected));
    // The server takes whole seconds, and no less than one.
    if (how.ttlMs !== undefined) marks.set("Nats-TTL", `${Math.max(1, Math.ceil(how.ttlMs / 1000))}s`);
    try {
      return (await this.#store(key, value, marks)).seq;
    } catch (error) {
      if (isApiCode(error, apiCodes.wrongLastSequence)) return null;
      throw error;
    }
  }

  async #store(key: string, value: Uint8Array | string, marks: MsgHdrs): Promise<PubAck> {
    await this.#make();
    try {
      return await publishAcked(this.#link, this.subject(key), value, marks);
    } catch (error) {
      if (!(error instanceof PetrelError && error.code === "no-responders")) throw error;
    }
    // A bucket that was in memory is gone after a restart of the broker: it is made again.
    this.#made = null;
    await this.#make();
    return await publishAcked(this.#link, this.subject(key), value, marks);
  }

  /** Newest values of all keys that match, like `name.*` or `>`. */
  async list(pattern: string): Promise<StoredMessage[]> {
    const found: StoredMessage[] = [];
    const query = JSON.stringify({ multi_last: [this.subject(pattern)], batch: 1000 });
    try {
      await this.#link.collect(`${this.#link.apiPrefix}.DIRECT.GET.${this.stream}`, query, (msg) => {
        if (msg.headers === undefined || msg.headers.get("Nats-Sequence") === "") return "end";
        const message = fromDirect(msg);
        if (message.header("KV-Operation") === "") found.push(message);
        return "more";
      });
    } catch (error) {
      // No responder: the bucket is not there, so nothing is in it.
      if (error instanceof PetrelError && error.code === "no-responders") return [];
      throw error;
    }
    return found;
  }

  /** All keys, without their values; one that the CLI deleted counts too. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    const start = this.subject("").length;
    for (;;) {
      const info = await streamInfo(this.#link, this.stream, { subjects_filter: this.subject(">"), offset: keys.length });
      const page = Object.keys(info?.state.subjects ?? {});
      keys.push(...page.map((subject) => subject.slice(start)));
      if (info === null || page.length === 0 || keys.length >= (info.total ?? 0)) return keys;
    }
  }

  /** Removes one revision; a newer one stays. */
  async remove(revision: number): Promise<void> {
    await removeMessage(this.#link, this.stream, revision);
  }

  #make(): Promise<unknown> {
    this.#made ??= declareStream(this.#link, {
      name: this.stream,
      subjects: [this.subject(">")],
      retention: "limits",
      storage: this.#options.storage,
      num_replicas: this.#options.num_replicas,
      max_msgs_per_subject: 1,
      discard: "new",
      allow_direct: true,
      allow_rollup_hdrs: true,
      description: this.#options.description,
      ...(this.#options.entryTtl ? { allow_msg_ttl: true } : {}),
      ...(this.#options.maxAgeMs
        ? { max_age: this.#options.maxAgeMs * 1_000_000, duplicate_window: this.#options.maxAgeMs * 1_000_000 }
        : {}),
    }).catch((error: unknown) => {
      this.#made = null;
      throw error;
    });
    return this.#made;
  }
}
