/** Guests: clients of `petrel share`. Their questions to a model have a budget of their own, counted on the broker for all gateways. */
import type { Clock } from "../../contract/clock.ts";
import type { Json } from "../../contract/json.ts";
import type { KeyValue } from "../../contract/key-value.ts";

export const GUEST_ROLE = "guest";
/** Questions to a model in one day (UTC), of all guests together. */
export const GUEST_QUESTIONS = 100;
const DAY_MS = 24 * 3600 * 1000;
const ROUNDS = 20;

/** Takes one question of the day; false when none is left. */
export async function takeGuestQuestion(bucket: KeyValue, clock: Clock, most = GUEST_QUESTIONS): Promise<boolean> {
  const key = `guests.${new Date(clock.now()).toISOString().slice(0, 10)}`;
  for (let round = 0; round < ROUNDS; round++) {
    const stored = await bucket.get(key);
    const asked = Number((stored?.value as { asked?: Json } | undefined)?.asked ?? 0);
    if (asked >= most) return false;
    if ((await bucket.put(key, { asked: asked + 1 }, { expected: stored?.revision ?? 0, ttlMs: 2 * DAY_MS })) !== null) return true;
  }
  return false;
}
