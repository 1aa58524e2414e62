/** Small numbers that several masters share and change: how much of a rate limit is used up, say. */
import { Retryable } from "./errors.ts";
import type { Json } from "./json.ts";
import type { KeyValue } from "./key-value.ts";

export interface Quotas {
  /**
   * Reads, decides and writes by compare-and-swap, again until nobody came in between: `decide` may run several times and must be
   * pure. `after` null writes nothing. Throws Retryable when the broker is away.
   */
  change<T>(key: string, decide: (before: Json | null) => { after: Json | null; result: T }): Promise<T>;
}

/** Each round somebody else's change has got through: with as many at one number as this, all have had their turn. */
const ROUNDS = 50;
/** What nobody has touched for so long is full again anyway. */
const KEPT_MS = 3_600_000;

/** Over a bucket that all masters share. Callers of one process take turns, so that only other masters are met there. */
export function sharedQuotas(bucket: KeyValue): Quotas {
  const turns = new Map<string, Promise<unknown>>();
  async function swap<T>(key: string, decide: (before: Json | null) => { after: Json | null; result: T }): Promise<T> {
    for (let round = 0; round < ROUNDS; round++) {
      const stored = await bucket.get(key);
      const { after, result } = decide(stored?.value ?? null);
      if (after === null) return result;
      if ((await bucket.put(key, after, { expected: stored?.revision ?? 0, ttlMs: KEPT_MS })) !== null) return result;
    }
    throw new Retryable({ code: "quota-contended", message: `others keep changing ${key} at the same time`, hint: "try again" });
  }
  return {
    change: (key, decide) => {
      const mine = (turns.get(key) ?? Promise.resolve()).then(() => swap(key, decide));
      const settled = mine.catch(() => {});
      turns.set(key, settled);
      void settled.then(() => turns.get(key) === settled && turns.delete(key));
      return mine;
    },
  };
}

/** For one process alone. */
export function localQuotas(): Quotas {
  const values = new Map<string, Json>();
  return {
    change: (key, decide) => {
      const { after, result } = decide(values.get(key) ?? null);
      if (after !== null) values.set(key, after);
      return Promise.resolve(result);
    },
  };
}
