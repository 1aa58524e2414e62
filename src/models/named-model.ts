/** A model that a persona names by its provider, as the configuration knows it. */
import { type Config, isKnownProvider, type ModelChoice, priceOf, TIERS } from "./config.ts";

/** With its price from wherever a tier names it too, else from `prices`. `name`: `provider/model`. */
export function namedModel(config: Config, name: string): ModelChoice {
  const slash = name.indexOf("/");
  const [provider, model] = [name.slice(0, slash), name.slice(slash + 1)];
  const same = (choice: ModelChoice) => choice.provider === provider && choice.model === model;
  return TIERS.flatMap((tier) => config.tiers[tier]).find(same) ?? { provider, model, ...config.prices[name] };
}

/** Why nobody could be asked by this name, whatever keys there are; null when somebody could. */
export function namedModelFault(config: Config, name: string): { code: string; message: string; hint: string } | null {
  const choice = namedModel(config, name);
  if (!isKnownProvider(config, choice.provider)) {
    const message = `petrel.config.json names no provider "${choice.provider}"`;
    return { code: "unknown-provider", message, hint: `Add "${choice.provider}" under "providers" there, with its baseURL.` };
  }
  if (priceOf(choice)) return null;
  return {
    code: "no-price",
    message: `Petrel knows no price of ${name}, and asks nobody whose price it does not know`,
    hint: `Add "prices": {"${name}": {"usdPerMTokIn": ..., "usdPerMTokOut": ...}} to petrel.config.json; 0 for a model of your own.`,
  };
}
