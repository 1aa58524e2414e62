/** What the Domain Expert's model may cost in one day (UTC), counted on the broker for all gateways together. */
import { type Clock, isoTime } from "../../contract/clock.ts";
import type { Json } from "../../contract/json.ts";
import type { KeyValue } from "../../contract/key-value.ts";

export const EXPERT_USD_PER_DAY = 1;
const DAY_MS = 24 * 3600 * 1000;
const ROUNDS = 20;

const keyOf = (clock: Clock) => `expert.${isoTime(clock.now()).slice(0, 10)}`;
const usdIn = (stored: { value: Json } | null) => Number((stored?.value as { usd?: Json } | undefined)?.usd ?? 0);

/** US dollars spent today. */
export async function expertSpent(bucket: KeyValue, clock: Clock): Promise<number> {
  return usdIn(await bucket.get(keyOf(clock)));
}

/** Adds what an answer has cost. What cannot be noted in some rounds is not: the next answer's is. */
export async function noteExpertSpend(bucket: KeyValue, clock: Clock, usd: number): Promise<void> {
  for (let round = 0; usd > 0 && round < ROUNDS; round++) {
    const stored = await bucket.get(keyOf(clock));
    const value = { usd: usdIn(stored) + usd };
    if ((await bucket.put(keyOf(clock), value, { expected: stored?.revision ?? 0, ttlMs: 2 * DAY_MS })) !== null) return;
  }
}
