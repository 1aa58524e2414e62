/**
 * The queues that executors pull work from: one stream a pool, and one consumer that all of them share.
 * Q1 A server that dies while it writes a consumer down comes back without that consumer, and says nothing. So whoever offers looks
 *    again at each return of the wire, and from time to time.
 * Q2 A queue that stands is left as it is: each change is a moment in which the server may die.
 */
import type { Clock } from "../contract/clock.ts";
import { streams, subjects, WORKERS } from "../contract/subjects.ts";
import { api, apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { persist } from "./retry.ts";
import { declareStream } from "./streams.ts";

/**
 * What went to a pull of one that is no longer there comes back after this time; nanoseconds. Who pulls acknowledges at once. One that
 * is slower gets an offer that another has too, and the claim decides.
 */
const ACK_WAIT_NS = 1_500_000_000;
const LOOK_AGAIN_MS = 15_000;

interface Known {
  ready: Promise<void>;
  lookedAt: number;
}

export class PoolQueues {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #keeping: Keeping;
  readonly #known = new Map<string, Known>();

  constructor(link: Link, keeping: Keeping) {
    this.#link = link;
    this.#clock = link.clock;
    this.#keeping = keeping;
    link.onConnection((state) => {
      if (state === "up") for (const pool of [...this.#known.keys()]) void this.#lookAgain(pool);
    });
  }

  /** Makes what is missing of the pool's queue. Rejects as the broker does; it may be asked again. */
  declare(pool: string): Promise<void> {
    const known = this.#known.get(pool);
    return known && this.#clock.now() - known.lookedAt < LOOK_AGAIN_MS ? known.ready : this.#make(pool);
  }

  /** The queue turned out to be gone: the next one to offer makes it anew. */
  forget(pool: string): void {
    this.#known.delete(pool);
  }

  #make(pool: string): Promise<void> {
    const known = { ready: this.#complete(pool), lookedAt: this.#clock.now() };
    this.#known.set(pool, known);
    known.ready.catch(() => {
      if (this.#known.get(pool) === known) this.#known.delete(pool);
    });
    return known.ready;
  }

  /** Offers that wait there may have nobody who offers more, so this does not wait for the next one. */
  async #lookAgain(pool: string): Promise<void> {
    // A broker that is not ready by then is asked at the next offer.
    await persist(this.#link, 4, () => this.#make(pool)).catch(() => undefined);
  }

  async #complete(pool: string): Promise<void> {
    const stream = streams.work(pool);
    await declareStream(this.#link, {
      name: stream,
      subjects: [subjects.workAll(pool)],
      retention: "workqueue",
      ...this.#keeping,
      allow_direct: true,
      description: `Work offers for the executors of pool ${pool}. An offer leaves when an executor has pulled it.`,
      metadata: { pool, role: "work" },
    });
    const wanted = {
      durable_name: WORKERS,
      name: WORKERS,
      description: `What the executors of pool ${pool} pull from`,
      ack_policy: "explicit",
      ack_wait: ACK_WAIT_NS,
      deliver_policy: "all",
      max_deliver: -1,
      max_ack_pending: 10_000,
    };
    const there = await this.#consumer(stream);
    if (there && Object.entries(wanted).every(([field, value]) => there[field] === value)) return;
    const make = () => api(this.#link, `CONSUMER.CREATE.${stream}.${WORKERS}`, { stream_name: stream, config: wanted });
    await make();
    // What a dying server left of the consumer's description is kept by the first request and written whole by the second.
    if (!there) await make();
  }

  async #consumer(stream: string): Promise<Record<string, unknown> | null> {
    try {
      return (await api<{ config: Record<string, unknown> }>(this.#link, `CONSUMER.INFO.${stream}.${WORKERS}`)).config;
    } catch (error) {
      if (isApiCode(error, apiCodes.consumerNotFound)) return null;
      throw error;
    }
  }
}
