/** What the models cost. Estimates only: what is paid is between you and the provider. This is the one place of list prices. */
import type { Usage } from "./port.ts";

/** The day on which the list below was as the providers publish it. */
export const PRICES_AS_OF = "2026-11-22";

/** USD for a million tokens each. */
export interface Price {
  usdPerMTokIn: number;
  usdPerMTokOut: number;
  /** Input read from the provider's cache. Absent: as other input. */
  usdPerMTokCacheRead?: number | undefined;
  /** Input written into the provider's cache. Absent: a quarter more than other input, so that the sum is never too low. */
  usdPerMTokCacheWrite?: number | undefined;
  /** Some models cost more once the prompt is longer than this. */
  longContext?: { aboveTokens: number; usdPerMTokIn: number; usdPerMTokOut: number } | undefined;
}

/** Anthropic: a cache of five minutes costs a quarter more to write, and a tenth to read. */
const claude = (usdPerMTokIn: number, usdPerMTokOut: number): Price => ({
  ...{ usdPerMTokIn, usdPerMTokOut },
  usdPerMTokCacheRead: cents(usdPerMTokIn / 10),
  usdPerMTokCacheWrite: cents(usdPerMTokIn * 1.25),
});
/** OpenAI: caches by itself, writing costs nothing more, reading a tenth; everything is dearer in a long prompt. */
const gpt = (usdPerMTokIn: number, usdPerMTokOut: number): Price => ({
  ...{ usdPerMTokIn, usdPerMTokOut },
  usdPerMTokCacheRead: cents(usdPerMTokIn / 10),
  usdPerMTokCacheWrite: usdPerMTokIn,
  longContext: { aboveTokens: 272_000, usdPerMTokIn: usdPerMTokIn * 2, usdPerMTokOut: usdPerMTokOut * 1.5 },
});

export const LIST_PRICES: Readonly<Record<string, Price>> = {
  "claude-fable-5": claude(10, 50),
  "claude-opus-5-5": claude(4, 20),
  "claude-opus-5": claude(5, 25),
  "claude-opus-4": claude(5, 25),
  "claude-sonnet-5-5": claude(2, 10),
  "claude-sonnet-5": claude(2, 10),
  "claude-sonnet-4": claude(3, 15),
  "claude-haiku-5-5": { ...claude(0.1, 0.5), longContext: { aboveTokens: 100_000, usdPerMTokIn: 0.5, usdPerMTokOut: 2.5 } },
  "claude-haiku-4-5": claude(1, 5),
  "gpt-5.6-sol": gpt(5, 30),
  "gpt-5.6-terra": gpt(2, 12),
  "gpt-5.6-luna": gpt(0.2, 1.2),
};
export const FREE: Price = { usdPerMTokIn: 0, usdPerMTokOut: 0 };

/** The price of a model or of the family that its name begins with; undefined when it is not listed. */
export function listPrice(model: string): Price | undefined {
  const family = Object.keys(LIST_PRICES)
    .filter((name) => model === name || model.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
  return family === undefined ? undefined : LIST_PRICES[family];
}

/** USD. */
export function costUsd(usage: Usage, at: Price): number {
  const long = at.longContext !== undefined && usage.inputTokens > at.longContext.aboveTokens ? at.longContext : at;
  const [read, written] = [usage.cacheReadTokens ?? 0, usage.cacheWriteTokens ?? 0];
  const scale = at.usdPerMTokIn === 0 ? 1 : long.usdPerMTokIn / at.usdPerMTokIn;
  const readUsd = (at.usdPerMTokCacheRead ?? at.usdPerMTokIn) * scale;
  const writeUsd = (at.usdPerMTokCacheWrite ?? at.usdPerMTokIn * 1.25) * scale;
  const fresh = Math.max(0, usage.inputTokens - read - written);
  return (fresh * long.usdPerMTokIn + read * readUsd + written * writeUsd + usage.outputTokens * long.usdPerMTokOut) / 1_000_000;
}

/** USD that a call can cost at most: all of its input written into the cache, all of its room for output used. */
export function worstUsd(inputTokens: number, outputTokens: number, at: Price): number {
  return costUsd({ inputTokens, outputTokens, cacheWriteTokens: inputTokens }, at);
}

function cents(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}
