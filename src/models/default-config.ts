/** What holds without a petrel.config.json. The file that the project ships says the same. */
import type { Config, ModelChoice } from "./config.ts";
import { LIST_PRICES } from "./prices.ts";

export const defaultConfig: Config = {
  tiers: {
    frontier: [choice("anthropic", "claude-opus-5-5"), choice("openai", "gpt-5.6-sol")],
    standard: [choice("anthropic", "claude-sonnet-5-5"), choice("openai", "gpt-5.6-terra")],
    economy: [choice("anthropic", "claude-haiku-5-5"), choice("openai", "gpt-5.6-luna")],
  },
  providers: { anthropic: { apiKey: "env:ANTHROPIC_API_KEY" }, openai: { apiKey: "env:OPENAI_API_KEY" } },
  budget: { usd: 5 },
};

function choice(provider: string, model: string): ModelChoice {
  const listed = LIST_PRICES[model];
  if (!listed) throw new RangeError(`no list price for ${model}`);
  return { provider, model, ...listed };
}
