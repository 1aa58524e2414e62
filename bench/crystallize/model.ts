/** The "model" of the streams: a local server that answers as the Messages API does, asked through the real SDK. It knows the truth and errs now and then. */
import type { Json } from "../../src/contract/json.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { startAnthropicStub } from "../../test/support/anthropic-stub.ts";
import { clock } from "../bed.ts";
import { chanceOf } from "./draws.ts";
import type { Item, Stream } from "./stream.ts";

/** US dollars for a million tokens, in and out: what a small model costs at list price. */
const PRICE = { input: 1, output: 5 };

export interface Asked {
  output: Json;
  costUsd: number;
  latencyMs: number;
}

export interface Teacher {
  items: Item[];
  /** What the model says of an item, whether it is asked or not: its slips do not depend on who asks when. */
  said: Json[];
  ask(at: number): Promise<Asked>;
  close(): Promise<void>;
}

/** The items of a stream, and what its model says of each. */
export function lessonsOf(stream: Stream, size: number, errs: number, seed: number): Pick<Teacher, "items" | "said"> {
  const chance = chanceOf(seed);
  const slips = chanceOf(seed + 1_000_003);
  const items = Array.from({ length: size }, (_, at) => stream.item(at, chance));
  return { items, said: items.map(({ truth }) => (slips.chance(errs) ? stream.slip(truth, slips) : truth)) };
}

export async function startTeacher(stream: Stream, size: number, errs: number, seed: number): Promise<Teacher> {
  const { items, said } = lessonsOf(stream, size, errs, seed);
  const stub = await startAnthropicStub();
  const provider = anthropicProvider({ apiKey: "bench", baseURL: stub.url, clock });
  return {
    items,
    said,
    ask: async (at) => {
      const text = JSON.stringify(items[at]?.input);
      stub.requests.length = 0;
      stub.turns[0] = { text: JSON.stringify(said[at]), usage: { input: 400 + Math.ceil(text.length / 4), output: 40 } };
      const request = {
        persona: "bench",
        tier: "economy",
        model: "claude-bench",
        system: "Answer with JSON.",
        tools: [],
        maxOutputTokens: 500,
      };
      const began = performance.now();
      const ask = () =>
        provider.ask(
          { ...request, messages: [{ role: "user", content: [{ type: "text", text }] }] },
          { signal: new AbortController().signal, timeoutMs: 60_000, key: `${seed}-${at}` },
        );
      // While a rule is learned nobody reads, and the server may close what stood idle: as the engine does, it is asked again.
      const answer = await ask().catch(ask);
      const words = answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
      const { inputTokens, outputTokens } = answer.usage;
      const costUsd = (inputTokens * PRICE.input + outputTokens * PRICE.output) / 1e6;
      return { output: JSON.parse(words) as Json, costUsd, latencyMs: performance.now() - began };
    },
    close: () => stub.close(),
  };
}
