/**
 * What executors were enrolled for, as it stands on the broker, followed so that every master knows a change at once.
 * N1 An executor counts for no pool, label or hand beyond its enrolment, whatever its heartbeats say.
 * N2 Who was never enrolled works beside its masters, with their folder at hand, and is believed.
 */
import * as z from "zod";
import type { EnrolledFor, ExecutorPresence } from "../contract/envelope.ts";
import type { KeyValue, StoredValue } from "../contract/key-value.ts";
import type { Serving } from "../contract/serving.ts";

const enrolment = z.object({ pools: z.array(z.string()), labels: z.array(z.string()), hands: z.array(z.string()).optional() });

export class Enrolments {
  readonly #bucket: () => KeyValue;
  readonly #known = new Map<string, EnrolledFor>();
  #opening: Promise<Serving> | null = null;

  constructor(bucket: () => KeyValue) {
    this.#bucket = bucket;
  }

  /** Everything that stood there is known when it settles. Errors: those of the bucket; then it may be opened again. */
  async open(): Promise<void> {
    this.#opening ??= this.#follow();
    await this.#opening.catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
  }

  async close(): Promise<void> {
    await (await this.#opening?.catch(() => null))?.stop();
  }

  /** Null for who was not enrolled (N2). */
  of(name: string): EnrolledFor | null {
    return this.#known.get(name) ?? null;
  }

  /** N1 */
  bound(presence: ExecutorPresence): ExecutorPresence {
    const may = this.of(presence.name);
    if (!may) return presence;
    const { pools, labels, hands } = presence;
    const hand = may.hands === undefined ? hands : (hands ?? may.hands).filter((one) => may.hands?.includes(one));
    return {
      ...presence,
      pools: pools.filter((pool) => may.pools.includes(pool)),
      labels: (Array.isArray(labels) ? labels : []).filter((label) => may.labels.includes(label)),
      ...(hand === undefined ? {} : { hands: hand }),
    };
  }

  async #follow(): Promise<Serving> {
    for (const stored of await this.#bucket().list(">")) this.#learn(stored);
    return await this.#bucket().watch((stored) => this.#learn(stored));
  }

  #learn({ key, value }: StoredValue): void {
    const { success, data } = enrolment.safeParse(value);
    // What cannot be read allows nothing.
    if (success) this.#known.set(key, { pools: data.pools, labels: data.labels, ...(data.hands ? { hands: data.hands } : {}) });
    else this.#known.set(key, { pools: [], labels: [], hands: [] });
  }
}
