/** Budgets in tool calls and in seconds, and what a durable loop costs over a crash: the provider's stub counts what it is asked. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import { costsOf } from "../../src/client/costs.ts";
import { localQuotas } from "../../src/contract/quotas.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { rateLimiter } from "../../src/models/rate-limiter.ts";
import { tierModels } from "../../src/models/tiers.ts";
import { spendingOf, WHOLE_NET } from "../../src/net/spending.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { realClock } from "../support/model-clock.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";

let stub: Stub;
let kit: MasterKit;
const usage = { input: 100_000, output: 1000 };
/** Each costs 0.42 USD at the prices of tier frontier. */
const looks = (count = 1): StubTurn => ({ tools: Array.from({ length: count }, () => ({ name: "time__now", input: {} })), usage });
const done: StubTurn = { tools: [{ name: "done", input: { summary: "It is done." } }], usage };

async function begin(budget: object, netBudget?: object, transition: object = {}): Promise<void> {
  kit = await masterKit({ work: worker() });
  const persona = {
    ...{ persona: "writer", title: "Writer", flags: "-----", tools: ["time.now"], tier: "frontier", prompt: "Write.", budget },
    maxOutputTokens: 1000,
  };
  await kit.ask(null, "apply-persona", { persona });
  const write = {
    ...{ kind: "agent", persona: "writer", ask: "Write of ${job.title}.", onError: "errors", retry: { max: 2, delay: "1ms" } },
    ...{ in: [{ place: "a", as: "job" }], out: [{ to: "b" }], ...transition },
  };
  const places = { a: { open: true }, b: { sink: true }, errors: { sink: true } };
  const definition = { net: "costly", places, transitions: { write }, ...(netBudget ? { budget: netBudget } : {}) };
  await kit.ask(null, "apply-net", { definition });
}
const worker = () => {
  const anthropic = anthropicProvider({ apiKey: "k", baseURL: stub.url, clock: realClock });
  const limiter = rateLimiter({ quotas: localQuotas(), clock: realClock, random: () => 0.5, limits: {} });
  return personaWorker(
    tierModels(defaultConfig, new Map([["anthropic", anthropic]]), { clock: realClock, budgetUsd: 1000, limiter }),
    realClock,
  );
};
const put = (title: string) => kit.put("costly", "a", { title });
const at = (place: string) => kit.stateOf("costly").places.get(place)?.size ?? 0;
const paused = () => kit.stateOf("costly").pausedFor;
const asked = () => stub.requests.length;
const events = async (type: string) => (await eventsOf(kit.broker, "costly")).filter((event) => event.type === type);
/** Nothing more is asked however often the net is told to go on. */
async function staysSpent(): Promise<void> {
  const before = asked();
  for (let round = 0; round < 3; round++) {
    await kit.ask("costly", "resume");
    await waitUntil("it is paused again", () => paused() !== null);
  }
  expect(asked()).toBe(before);
}

beforeEach(async () => {
  stub = await startAnthropicStub([looks(), done]);
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "costly");
  await kit.stop();
  await stub.close();
});

describe("tool calls", () => {
  it("of one firing: the call beyond is not made, the work fails once, and nothing more is asked", async () => {
    stub.turns = [looks(), looks(), looks(), done];
    await begin({ toolCalls: 2 });
    await put("one");
    await waitUntil("it has failed", () => at("errors") === 1);
    expect(asked()).toBe(3);
    const [failed] = await events("failed");
    expect(failed?.attributes).toMatchObject({ final: true, error: { code: "budget-exhausted" } });
    expect(failed?.tools?.filter(({ ok }) => ok)).toHaveLength(2);
    expect(await events("failed")).toHaveLength(1);
    expect(paused()).toBeNull();
  });
  it("of the persona in the net: it is paused at the call that would cross", async () => {
    await begin({ perNet: { toolCalls: 2 } });
    for (const [index, title] of ["one", "two"].entries()) {
      await put(title);
      await waitUntil(`${title} is written`, () => at("b") === index + 1);
    }
    await put("three");
    await waitUntil("the net is paused", () => paused()?.code === "budget-spent");
    expect(paused()?.reason).toContain("2 tool calls of 2 tool calls");
    expect(spendingOf(kit.stateOf("costly"), WHOLE_NET, "").total).toMatchObject({ toolCalls: 2 });
  });
  it("of the net in one day, with several in one answer", async () => {
    stub.turns = [looks(3), done];
    await begin({}, { perDay: { toolCalls: 2 } });
    await put("one");
    await waitUntil("the net is paused", () => paused()?.code === "budget-spent");
    expect(asked()).toBe(1);
  });
});

describe("seconds", () => {
  it("of the net: what a firing took counts, and the next is not begun", async () => {
    stub.turns = [
      { ...looks(), delayMs: 700 },
      { ...done, delayMs: 700 },
    ];
    await begin({}, { seconds: 1 });
    await put("one");
    await waitUntil("it is written, or the net is paused", () => at("b") === 1 || paused() !== null);
    if (paused() === null) {
      await put("two");
      await waitUntil("the net is paused", () => paused()?.code === "budget-spent");
    }
    expect(paused()?.reason).toMatch(/seconds|\bs of\b/);
    await staysSpent();
  });
  it("of one firing: the loop ends, once, and nothing more is asked", async () => {
    stub.turns = Array.from({ length: 8 }, () => ({ ...looks(), delayMs: 600 }));
    await begin({ seconds: 1 });
    await put("one");
    await waitUntil("it has failed", () => at("errors") === 1);
    const before = asked();
    expect(before).toBeLessThanOrEqual(3);
    await put("two");
    await waitUntil("the second fails by itself", () => at("errors") === 2);
    const failed = await events("failed");
    expect(failed.map(({ attributes }) => attributes?.final)).toEqual([true, true]);
  });
});

describe("a durable loop over a crash", () => {
  it("costs what was asked: its events, the budgets and petrel costs agree, and no answer is paid for twice", async () => {
    stub.turns = [looks(), { ...looks(), delayMs: 1500 }, done];
    await begin({}, undefined, { durable: true });
    await put("one");
    await waitUntil("the second call is under way", () => asked() === 2);
    await kit.crash({ work: worker() });
    await waitUntil("it is written", () => at("b") === 1);
    // The first answer was in the log; the call that was under way was made again.
    expect(asked()).toBe(4);
    const [fired] = await events("fired");
    expect(fired?.attributes?.total).toMatchObject({ calls: 3, inputTokens: 300_000, outputTokens: 3000 });
    const { total } = await costsOf(kit.broker, ["costly"], ["net", "persona"], 0);
    expect(total).toMatchObject({ firings: 1, calls: 3, inputTokens: 300_000, outputTokens: 3000 });
    const spent = spendingOf(kit.stateOf("costly"), WHOLE_NET, "").total;
    expect(spent).toMatchObject({ turns: 3, tokens: 303_000 });
    expect(total.usd).toBeCloseTo(spent.usd, 6);
    expect(total.usd).toBeCloseTo(Number((fired?.attributes?.total as { costUsd: number } | undefined)?.costUsd), 6);
    expect(total.usd).toBeCloseTo(1.26, 6);
  });
});
