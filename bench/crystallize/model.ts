/** The "model" of the streams: a local server that answers as the Messages API does, asked through the real SDK. It knows the truth and errs now and then. */
import type { Json } from "../../src/contract/json.ts";
import type { ToolCall } from "../../src/crystallize/example.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { startAnthropicStub } from "../../test/support/anthropic-stub.ts";
import { clock } from "../bed.ts";
import { type Chance, chanceOf } from "./draws.ts";
import type { Item, Stream } from "./stream.ts";

/** US dollars for a million tokens, in and out: what a small model costs at list price. */
const PRICE = { input: 1, output: 5 };

export interface Asked {
  output: Json;
  tools: ToolCall[];
  costUsd: number;
  latencyMs: number;
}

export interface Teacher {
  items: Item[];
  /** What the model says of an item, whether it is asked or not: its slips do not depend on who asks when. */
  said: Json[];
  /** And what it calls before it does. */
  called: ToolCall[][];
  ask(at: number): Promise<Asked>;
  close(): Promise<void>;
}

/** The items of a stream, and what its model says of each. */
export function lessonsOf(stream: Stream, size: number, errs: number, seed: number): Pick<Teacher, "items" | "said" | "called"> {
  const chance = chanceOf(seed);
  const slips = chanceOf(seed + 1_000_003);
  const items = Array.from({ length: size }, (_, at) => stream.item(at, chance));
  const acts = items.map((item) => actOf(stream, item, slips.chance(errs) ? slips : null));
  return { items, said: acts.map(({ output }) => output), called: acts.map(({ tools }) => tools) };
}

export async function startTeacher(stream: Stream, size: number, errs: number, seed: number): Promise<Teacher> {
  const { items, said, called } = lessonsOf(stream, size, errs, seed);
  const stub = await startAnthropicStub();
  const provider = anthropicProvider({ apiKey: "bench", baseURL: stub.url, clock });
  return {
    items,
    said,
    called,
    ask: async (at) => {
      const text = JSON.stringify(items[at]?.input);
      stub.requests.length = 0;
      // An agent pays for a turn a call, with all that went before; here they are one.
      const turns = 1 + (called[at]?.length ?? 0);
      stub.turns[0] = {
        text: JSON.stringify({ output: said[at], tools: called[at] }),
        usage: { input: turns * (400 + Math.ceil(text.length / 4)), output: 40 * turns },
      };
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
      return { ...(JSON.parse(words) as Pick<Asked, "output" | "tools">), costUsd, latencyMs: performance.now() - began };
    },
    close: () => stub.close(),
  };
}

/** What the model does with an item; with `slips`, wrongly. */
export function actOf(stream: Stream, item: Item, slips: Chance | null): { output: Json; tools: ToolCall[] } {
  const { truth, tools = [] } = item;
  if (slips === null) return { output: truth, tools };
  return stream.slipCalls ? stream.slipCalls(item, slips) : { output: stream.slip(truth, slips), tools };
}
