/** What holds without a petrel.config.json. The file that the project ships says the same. */
import type { Config } from "./config.ts";
import { defaultTiers } from "./default-tiers.ts";

export const defaultConfig: Config = {
  tiers: defaultTiers,
  providers: { anthropic: { apiKey: "env:ANTHROPIC_API_KEY" }, openai: { apiKey: "env:OPENAI_API_KEY" } },
  prices: {},
  expert: { usdPerDay: 1, guestQuestionsPerDay: 100 },
  budget: { usd: 5 },
};
