/** Each amount of each budget, over a stub that counts: what is spent is followed by no request more, and by no endless retry. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import { localQuotas } from "../../src/contract/quotas.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { rateLimiter } from "../../src/models/rate-limiter.ts";
import { tierModels } from "../../src/models/tiers.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { realClock } from "../support/model-clock.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";

let stub: Stub;
let kit: MasterKit;
const usage = { input: 100_000, output: 1000 };
/** A firing is two calls and one tool call: 0.84 USD and 202,000 tokens at the prices of tier frontier. */
const FIRING: StubTurn[] = [
  { tools: [{ name: "time__now", input: {} }], usage },
  { tools: [{ name: "done", input: { summary: "It is done." } }], usage },
];
/** Enough for one firing, and not for the least call more. */
const FOR_ONE = { usd: 0.842, tokens: 202_100, turns: 2, toolCalls: 1 };
const AMOUNTS = ["usd", "tokens", "turns", "toolCalls"] as const;
type Limits = Partial<Record<(typeof AMOUNTS)[number], number>>;

async function begin(own: object, net: object | null): Promise<void> {
  const anthropic = anthropicProvider({ apiKey: "k", baseURL: stub.url, clock: realClock });
  const limiter = rateLimiter({ quotas: localQuotas(), clock: realClock, random: () => 0.5, limits: {} });
  const tiers = tierModels(defaultConfig, new Map([["anthropic", anthropic]]), { clock: realClock, budgetUsd: 1000, limiter });
  kit = await masterKit({ work: personaWorker(tiers, realClock) });
  const about = { persona: "writer", title: "Writer", flags: "-----", tools: ["time.now"], tier: "frontier", prompt: "Write." };
  await kit.ask(null, "apply-persona", { persona: { ...about, maxOutputTokens: 1000, budget: own } });
  const write = {
    ...{ kind: "agent", persona: "writer", ask: "Write.", onError: "errors", retry: { max: 2, delay: "1ms" } },
    ...{ in: [{ place: "a", as: "job" }], out: [{ to: "b" }] },
  };
  const places = { a: { open: true }, b: { sink: true }, errors: { sink: true } };
  await kit.ask(null, "apply-net", { definition: { net: "costly", places, transitions: { write }, ...(net ? { budget: net } : {}) } });
}
const at = (place: string) => kit.stateOf("costly").places.get(place)?.size ?? 0;
const paused = () => kit.stateOf("costly").pausedFor;

beforeEach(async () => {
  stub = await startAnthropicStub(FIRING);
});
afterEach(async () => {
  await kit.stop();
  await stub.close();
});

describe.each<[string, (limits: Limits) => [object, object | null]]>([
  ["the persona in this net", (limits) => [{ perNet: limits }, null]],
  ["the persona in one day", (limits) => [{ perDay: limits }, null]],
  ["the net", (limits) => [{}, limits]],
  ["the net in one day", (limits) => [{}, { perDay: limits }]],
])("a budget of %s", (_, where) => {
  it.each(AMOUNTS)("in %s lets one firing through, and stops the second", async (amount) => {
    await begin(...where({ [amount]: FOR_ONE[amount] }));
    await kit.put("costly", "a", { n: 1 });
    await waitUntil("the first is written", () => at("b") === 1);
    expect(stub.requests).toHaveLength(2);
    await kit.put("costly", "a", { n: 2 });
    await waitUntil("the net is paused", () => paused()?.code === "budget-spent");
    // A tool call is known only when the model has asked for it.
    expect(stub.requests).toHaveLength(amount === "toolCalls" ? 3 : 2);
    expect(at("b")).toBe(1);
    // Nothing is lost, and nothing goes round while nobody says so.
    expect(at("a")).toBe(1);
    expect(paused()?.hint).toContain("petrel resume costly");
  });
});

describe("a budget of one firing", () => {
  it.each<[string, Limits, number]>([
    ["usd", { usd: 0.421 }, 1],
    ["tokens", { tokens: 101_100 }, 1],
    ["turns", { turns: 1 }, 1],
  ])("in %s ends it after what it pays for, once", async (_, limits, asked) => {
    await begin(limits, null);
    await kit.put("costly", "a", { n: 1 });
    await waitUntil("it has failed", () => at("errors") === 1);
    expect(stub.requests).toHaveLength(asked);
    expect(paused()).toBeNull();
  });
});
