/** Failed tries to get a token: 10 a minute for each address, counted on the broker for all gateways together. */
import type { Clock } from "../../contract/clock.ts";
import { Retryable } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import type { KeyValue } from "../../contract/key-value.ts";
import { triesRecord } from "./records.ts";

const MOST = 10;
const WINDOW_MS = 60_000;
const ROUNDS = 20;

export class Throttle {
  readonly #bucket: KeyValue;
  readonly #clock: Clock;
  /** One at a time for each address, so that a burst cannot pass between the look and the count. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(bucket: KeyValue, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  /** Runs a try; one that answers null has failed. Errors: Retryable `rate_limit_exceeded` with `retryAfterMs`; what `attempt` throws. */
  async guard<T>(address: string, attempt: () => Promise<T | null>): Promise<T | null> {
    const key = `tries.${sha256(address).slice(0, 32)}`;
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(
      () => this.#attempt(key, attempt),
      () => this.#attempt(key, attempt),
    );
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }

  async #attempt<T>(key: string, attempt: () => Promise<T | null>): Promise<T | null> {
    const { failed, since } = await this.#read(key);
    if (failed >= MOST) {
      const retryAfterMs = Math.max(1000, since + WINDOW_MS - this.#clock.now());
      throw new Retryable({
        code: "rate_limit_exceeded",
        message: `${MOST} tries from this address failed within a minute`,
        hint: `try again in ${Math.ceil(retryAfterMs / 1000)} s`,
        retryAfterMs,
      });
    }
    const outcome = await attempt();
    if (outcome === null) await this.#count(key);
    return outcome;
  }

  async #read(key: string): Promise<{ failed: number; since: number; revision: number }> {
    const stored = await this.#bucket.get(key);
    const record = triesRecord.safeParse(stored?.value).data;
    const now = this.#clock.now();
    const fresh = record && record.since + WINDOW_MS > now;
    return { ...(fresh ? record : { failed: 0, since: now }), revision: stored?.revision ?? 0 };
  }

  async #count(key: string): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const { failed, since, revision } = await this.#read(key);
      const stored = await this.#bucket.put(key, { failed: failed + 1, since }, { expected: revision, ttlMs: WINDOW_MS });
      if (stored !== null) return;
    }
  }
}
