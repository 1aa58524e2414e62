/** What holds without a petrel.config.json. The file that the project ships says the same. */
import type { Config } from "./config.ts";

export const defaultConfig: Config = {
  tiers: {
    frontier: [
      { provider: "anthropic", model: "claude-opus-5-5" },
      { provider: "openai", model: "gpt-5.6-sol" },
    ],
    standard: [
      { provider: "anthropic", model: "claude-sonnet-5-5" },
      { provider: "openai", model: "gpt-5.6-terra" },
    ],
    economy: [
      { provider: "anthropic", model: "claude-haiku-5-5" },
      { provider: "openai", model: "gpt-5.6-luna" },
    ],
  },
  providers: { anthropic: { apiKey: "env:ANTHROPIC_API_KEY" }, openai: { apiKey: "env:OPENAI_API_KEY" } },
  prices: {},
  expert: { usdPerDay: 1, guestQuestionsPerDay: 100 },
  budget: { usd: 5 },
};
