/** Requests and options to the model port, for tests. */
import type { AskOptions, ModelRequest } from "../../src/models/port.ts";

export const weatherTool = {
  name: "weather.look",
  description: "Looks at the weather of a city.",
  input: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

export function modelRequest(over: Partial<ModelRequest> = {}): ModelRequest {
  return {
    persona: "tester",
    tier: "standard",
    model: "stub-model",
    system: "You are a tester.",
    messages: [{ role: "user", content: [{ type: "text", text: "Say hello." }] }],
    tools: [],
    maxOutputTokens: 1000,
    ...over,
  };
}

export function askOptions(over: Partial<AskOptions> = {}): AskOptions {
  return { signal: new AbortController().signal, timeoutMs: 60_000, key: "net/step/f-1", ...over };
}
