/** List prices in USD per million tokens, as published in November 2026. Estimates only: what is paid is between you and the provider. */
import type { Usage } from "./port.ts";

export interface Price {
  usdPerMTokIn: number;
  usdPerMTokOut: number;
  /** Some models cost more once the prompt is longer than this. */
  longContext?: { aboveTokens: number; usdPerMTokIn: number; usdPerMTokOut: number } | undefined;
}

const price = (usdPerMTokIn: number, usdPerMTokOut: number): Price => ({ usdPerMTokIn, usdPerMTokOut });
const GPT_LONG = 272_000;

export const LIST_PRICES: Readonly<Record<string, Price>> = {
  "claude-fable-5": price(10, 50),
  "claude-opus-5-5": price(4, 20),
  "claude-opus-5": price(5, 25),
  "claude-opus-4": price(5, 25),
  "claude-sonnet-5-5": price(2, 10),
  "claude-sonnet-5": price(2, 10),
  "claude-sonnet-4": price(3, 15),
  "claude-haiku-5-5": { ...price(0.1, 0.5), longContext: { aboveTokens: 100_000, usdPerMTokIn: 0.5, usdPerMTokOut: 2.5 } },
  "claude-haiku-4-5": price(1, 5),
  "gpt-5.6-sol": { ...price(5, 30), longContext: { aboveTokens: GPT_LONG, usdPerMTokIn: 10, usdPerMTokOut: 45 } },
  "gpt-5.6-terra": { ...price(2, 12), longContext: { aboveTokens: GPT_LONG, usdPerMTokIn: 4, usdPerMTokOut: 18 } },
  "gpt-5.6-luna": { ...price(0.2, 1.2), longContext: { aboveTokens: GPT_LONG, usdPerMTokIn: 0.4, usdPerMTokOut: 1.8 } },
};

/** The price of a model or of the family that its name begins with; undefined when it is not listed. */
export function listPrice(model: string): Price | undefined {
  const family = Object.keys(LIST_PRICES)
    .filter((name) => model === name || model.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
  return family === undefined ? undefined : LIST_PRICES[family];
}

/** USD. Cached input is counted at its full price, so the sum is never too low. */
export function costUsd(usage: Usage, at: Price): number {
  const long = at.longContext !== undefined && usage.inputTokens > at.longContext.aboveTokens ? at.longContext : at;
  return (usage.inputTokens * long.usdPerMTokIn + usage.outputTokens * long.usdPerMTokOut) / 1_000_000;
}
