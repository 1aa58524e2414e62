/** An object store of the broker, opened on first use; its client's errors become ours. */
import type { ObjectInfo, ObjectStore } from "@nats-io/obj";
import { Objm } from "@nats-io/obj";
import { PetrelError, Retryable } from "../contract/errors.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";

export class Objects {
  readonly #link: Link;
  readonly #name: string;
  readonly #options: Keeping & { description: string };
  #store: Promise<ObjectStore> | null = null;

  constructor(link: Link, name: string, options: Keeping & { description: string }) {
    this.#link = link;
    this.#name = name;
    this.#options = options;
  }

  /** Runs with the open store; throws Retryable `store-unanswered` when the broker does not answer. */
  async use<T>(work: (store: ObjectStore) => Promise<T>): Promise<T> {
    if (!this.#link.up) await this.#link.whenUp(AbortSignal.timeout(5000)).catch(() => undefined);
    try {
      const { num_replicas: replicas, ...options } = this.#options;
      this.#store ??= new Objm(this.#link.nc).create(this.#name, { ...options, replicas });
      return await work(await this.#store);
    } catch (cause) {
      // Opened anew next time: the bucket may have been deleted or the wire lost while it was being opened.
      this.#store = null;
      if (cause instanceof PetrelError) throw cause;
      throw new Retryable({
        code: "store-unanswered",
        message: `the object store ${this.#name} could not be used: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      });
    }
  }

  async list(): Promise<ObjectInfo[]> {
    return (await this.use((store) => store.list())).filter((info) => !info.deleted);
  }
}
