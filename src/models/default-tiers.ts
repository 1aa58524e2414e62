/** The models behind the tiers where a configuration does not name them. */
export const defaultTiers = {
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
};
