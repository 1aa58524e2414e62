/** The providers that can be asked: those of the configuration whose key is in the environment. */
import type { Clock } from "../../contract/clock.ts";
import type { Config, ProviderConfig } from "../config.ts";
import type { ModelProvider } from "../port.ts";
import { redactor } from "../redact.ts";
import { anthropicProvider } from "./anthropic.ts";
import { openaiProvider } from "./openai.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface AvailableProviders {
  providers: ReadonlyMap<string, ModelProvider>;
  /** Providers without a key, and the variable that would hold it. */
  missing: { provider: string; variable: string }[];
}

const KEY_OF: Readonly<Record<string, string>> = { anthropic: "ANTHROPIC_API_KEY", openai: "OPENAI_API_KEY" };
const URL_OF: Readonly<Record<string, string>> = { anthropic: "ANTHROPIC_BASE_URL", openai: "OPENAI_BASE_URL" };

/** A provider at an own URL needs no key, unless the configuration names one. `given`: providers that others make, by name. */
export function availableProviders(
  config: Config,
  env: Environment,
  clock: Clock,
  given: ReadonlyMap<string, ModelProvider> = new Map(),
): AvailableProviders {
  const entries: Record<string, ProviderConfig> = { anthropic: {}, openai: {}, ...config.providers };
  const providers = new Map<string, ModelProvider>(given);
  const missing: AvailableProviders["missing"] = [];
  const redact = redactor(env);
  for (const [name, entry] of Object.entries(entries)) {
    const keyVariable = entry.apiKey?.slice("env:".length) ?? KEY_OF[name] ?? `${name.toUpperCase().replaceAll("-", "_")}_API_KEY`;
    const apiKey = env[keyVariable] || undefined;
    const baseURL = entry.baseURL ?? (env[URL_OF[name] ?? ""] || undefined);
    const api = entry.api ?? (name === "anthropic" || name === "claude-code" ? name : "openai");
    // Made where processes may be started, and given.
    if (api === "claude-code") continue;
    const keyless = api !== "anthropic" && baseURL !== undefined && (entry.apiKey === undefined || name === "openai");
    if (apiKey === undefined && !keyless) {
      missing.push({ provider: name, variable: keyVariable });
      continue;
    }
    const common = { clock, keyVariable, redact, ...(baseURL === undefined ? {} : { baseURL }) };
    if (api === "anthropic") providers.set(name, anthropicProvider({ apiKey: apiKey ?? "", ...common }));
    else {
      const form = api === "openai" ? {} : { api: api === "openai-chat" ? ("chat" as const) : ("responses" as const) };
      providers.set(name, openaiProvider({ ...(apiKey === undefined ? {} : { apiKey }), name, ...form, ...common }));
    }
  }
  return { providers, missing };
}
