/** A step that only a written rule settles: the digits of a code say which word stands in the middle of a text. */
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import { hashJson } from "../../src/contract/hash.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { TierRequest, Tiers } from "../../src/models/tiers.ts";

const KIND = { "1": "invoice", "2": "order", "3": "return", "4": "claim" };
export interface Letter {
  code: string;
  name: string;
}
export const letterText = ({ code, name }: Letter): string =>
  `${name}, about your ${KIND[code[3] as keyof typeof KIND]} ${code}: thank you`;
/** The same ones in the same order, and nothing in them follows from the number. */
export function letterNumber(n: number): Letter {
  const digits = hashJson(["letter", n]);
  const draw = (at: number, below: number) => Number.parseInt(digits.slice(8 * at, 8 * at + 8), 16) % below;
  const code = `${"ABC"[draw(0, 3)]}${"XYZ"[draw(1, 3)]}-${1 + draw(2, 4)}${draw(3, 1000)}`;
  return { code, name: ["Ann", "Bob", "Eve", "Zoe"][draw(4, 4)] ?? "" };
}

const middle = (digit: string) => ({
  if: [{ test: "matches", path: "/letter/code", pattern: `^..-${digit}` }],
  give: { kind: "constant", value: KIND[digit as keyof typeof KIND] },
});
export const letterRule: JsonObject = {
  guard: [],
  answer: {
    kind: "object",
    fields: {
      text: {
        kind: "text",
        parts: [
          { path: "/letter/name" },
          ", about your ",
          { kind: "cases", cases: ["1", "2", "3", "4"].map(middle) },
          " ",
          { path: "/letter/code" },
          ": thank you",
        ],
      },
    },
  },
} as unknown as JsonObject;

/** The persona's model: it answers so. */
export const letterWorker: PersonaWorker = async ({ firing }) => {
  const [, name = "", code = ""] = /^A letter for (\S+) about ([\w-]+)/.exec(firing.ask ?? "") ?? [];
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  const outcome = { ok: true as const, value: { text: letterText({ name, code }) } };
  return { firing: firing.firing, attempt: firing.attempt, outcome, extra: { model } };
};

export const letterNet = (net: string, more: object = {}, transition: object = {}) => ({
  net,
  places: { letters: { open: true }, done: { sink: true } },
  transitions: {
    write: {
      ...{ kind: "llm", persona: "clerk", ask: "A letter for ${letter.name} about ${letter.code}.", concurrency: 8 },
      in: [{ place: "letters", as: "letter" }],
      out: [{ to: "done" }],
      ...transition,
    },
  },
  ...more,
});
export const letterPersona = {
  ...{ persona: "clerk", title: "Clerk", flags: "-----", tools: [], tier: "economy", prompt: "Write." },
  output: { type: "object", required: ["text"], properties: { text: { type: "string" } }, additionalProperties: false },
};

/** A model that is asked for rules and hands this one in. */
export function ruleWriter(hand: () => Json): { requests: { tier: string; request: TierRequest }[]; tiers: Tiers } {
  const requests: { tier: string; request: TierRequest }[] = [];
  const ask: Tiers["ask"] = async (tier, request) => {
    requests.push({ tier, request });
    const content = [{ type: "tool-call" as const, id: `c${requests.length}`, name: "rule", input: hand() as JsonObject }];
    const use = { provider: "test", name: "m", tier, calls: 1, inputTokens: 100, outputTokens: 10, costUsd: 0.02 };
    return { answer: { content, stop: "tool-call", usage: { inputTokens: 100, outputTokens: 10 }, model: "m" }, use };
  };
  return { requests, tiers: { ask } as Partial<Tiers> as Tiers };
}
