/** Whether an Ollama answers on its usual port: then a live run is possible without any key. */
import type { Clock } from "../contract/clock.ts";
import { withDeadline } from "./deadline.ts";

export const OLLAMA_URL = "http://127.0.0.1:11434";

export interface OllamaOffer {
  /** For the provider's configuration: the OpenAI-compatible root. */
  baseURL: string;
  /** Names of the models that are there. */
  models: string[];
}

/** Null when nothing answers within half a second, or no model is installed. Never throws. */
export async function findOllama(clock: Clock, url = OLLAMA_URL): Promise<OllamaOffer | null> {
  const options = { signal: new AbortController().signal, timeoutMs: 500 };
  try {
    const tags: unknown = await withDeadline(clock, options, "Ollama", async (signal) =>
      (await fetch(`${url}/api/tags`, { signal })).json(),
    );
    const models = namesIn(tags);
    return models.length > 0 ? { baseURL: `${url}/v1`, models } : null;
  } catch {
    return null;
  }
}

function namesIn(tags: unknown): string[] {
  const list = (tags as { models?: unknown } | null)?.models;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const name = (entry as { name?: unknown } | null)?.name;
    return typeof name === "string" ? [name] : [];
  });
}
