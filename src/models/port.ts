/** The model port: what a persona asks of a language model, and what comes back. Providers live in `providers/`. */
import type { Json, JsonObject } from "../contract/json.ts";

export type Block =
  | { type: "text"; text: string }
  | { type: "tool-call"; id: string; name: string; input: Json }
  | { type: "tool-result"; id: string; output: Json; isError?: boolean }
  /** What only the model that wrote it understands (its thinking, signed): handed back unchanged to it, dropped for any other. */
  | { type: "opaque"; provider: string; model: string; value: Json };

export interface Message {
  role: "user" | "assistant";
  content: Block[];
}

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema 2020-12 of the input; an object schema. */
  input: JsonObject;
}

export interface ModelRequest {
  /** For error messages, cost booking and the cassette's reading; no part of the prompt. */
  persona: string;
  tier: string;
  /** Name of the model at its provider. */
  model: string;
  system: string;
  messages: Message[];
  tools: ToolSpec[];
  /** The model must call this tool. */
  toolChoice?: string;
  maxOutputTokens: number;
  temperature?: number;
}

export interface Usage {
  /** All of the input, with what came from a cache or went into one. */
  inputTokens: number;
  outputTokens: number;
  /** Absent: none. */
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
}

export interface ModelAnswer {
  content: Block[];
  /** `refusal`: the provider or the model declined. `length`: cut at maxOutputTokens. */
  stop: "end" | "tool-call" | "length" | "refusal";
  usage: Usage;
  /** The model that answered, as the provider names it. */
  model: string;
  /** What the provider itself says that it cost. */
  costUsd?: number;
}

/** Usage without zeros where nothing was cached. */
export function usageOf(inputTokens: number, outputTokens: number, cacheReadTokens = 0, cacheWriteTokens = 0): Usage {
  return {
    inputTokens,
    outputTokens,
    ...(cacheReadTokens > 0 ? { cacheReadTokens } : {}),
    ...(cacheWriteTokens > 0 ? { cacheWriteTokens } : {}),
  };
}

export interface AskOptions {
  signal: AbortSignal;
  /** Milliseconds for the whole answer. */
  timeoutMs: number;
  /** Stable key of this one request, sent as an idempotency key where the provider takes one. */
  key: string;
  onText?: (delta: string) => void;
}

/**
 * Errors: Retryable (`model-busy`, `model-unreachable`, `model-timeout`, with retryAfterMs where told), Terminal
 * (`model-key-refused`, `model-unknown`, `model-request`, `no-recording`), Cancelled (`aborted`).
 */
export interface ModelProvider {
  readonly name: string;
  /** The body that `ask` would send, for looking at it; absent where nothing is sent. */
  body?(request: ModelRequest): object;
  ask(request: ModelRequest, options: AskOptions): Promise<ModelAnswer>;
}
