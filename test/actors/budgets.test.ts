/** Budgets on a running engine, with a real provider over a stub that counts what it is asked (B1, B2, B3). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import type { DefaultBudgets } from "../../src/actors/term/budget-scopes.ts";
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
/** Of a call: 100,000 input and 1000 output tokens, 0.42 USD at the prices of tier frontier. */
const dear: StubTurn = { text: "Here it is.", usage: { input: 100_000, output: 1000 } };

const persona = (budget: object, more: object = {}) => ({
  ...{ persona: "writer", title: "Writer", flags: "-----", tools: [], tier: "frontier", prompt: "Write.", maxOutputTokens: 1000 },
  budget,
  ...more,
});
const net = (more: object = {}, transition: object = {}) => ({
  net: "costly",
  places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: {
    write: {
      ...{ kind: "llm", persona: "writer", ask: "Write of ${job.title}.", onError: "errors", retry: { max: 2, delay: "1ms" } },
      in: [{ place: "a", as: "job" }],
      out: [{ to: "b" }],
      ...transition,
    },
  },
  ...more,
});

const worker = (defaults: DefaultBudgets = {}) => {
  const anthropic = anthropicProvider({ apiKey: "k", baseURL: stub.url, clock: realClock });
  const limiter = rateLimiter({ quotas: localQuotas(), clock: realClock, random: () => 0.5, limits: {} });
  const tiers = tierModels(defaultConfig, new Map([["anthropic", anthropic]]), { clock: realClock, budgetUsd: 1000, limiter });
  return personaWorker(tiers, realClock, defaults);
};
async function begin(personaFile: object, netFile: object, defaults: DefaultBudgets = {}): Promise<void> {
  kit = await masterKit({ work: worker(defaults) });
  await kit.ask(null, "apply-persona", { persona: personaFile });
  await kit.ask(null, "apply-net", { definition: netFile });
}
const put = (title: string) => kit.put("costly", "a", { title });
const at = (place: string) => kit.stateOf("costly").places.get(place)?.size ?? 0;
const asked = () => stub.requests.length;
const paused = () => kit.stateOf("costly").pausedFor;
const models = () => stub.requests.map(({ body }) => body.model as string);
const events = async (type: string) => (await eventsOf(kit.broker, "costly")).filter((event) => event.type === type);

beforeEach(async () => {
  stub = await startAnthropicStub([dear]);
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "costly");
  await kit.stop();
  await stub.close();
});

/** Lets two pieces of work through, each at 0.42 USD. */
async function two(): Promise<void> {
  for (const [index, title] of ["one", "two"].entries()) {
    await put(title);
    await waitUntil(`${title} is written`, () => at("b") === index + 1);
  }
  expect(asked()).toBe(2);
}

describe("a budget that is spent stops before the next call", () => {
  it("of the net: it is paused, the provider sees nothing more, and resume does not go round", async () => {
    await begin(persona({}), net({ budget: { usd: 0.844 } }));
    await two();
    await put("three");
    await waitUntil("the net is paused", () => paused() !== null);
    expect(paused()).toMatchObject({ code: "budget-spent", reason: expect.stringContaining("0.84 USD of 0.844 USD") });
    for (let round = 0; round < 3; round++) {
      await kit.ask("costly", "resume");
      await waitUntil("it is paused again", () => paused() !== null);
    }
    expect(asked()).toBe(2);
    expect(at("a")).toBe(1);
  });
  it("and stays spent for the next master: what was used is in the log (B3)", async () => {
    await begin(persona({}), net({ budget: { usd: 0.844 } }));
    await two();
    await kit.crash({ work: worker() });
    await kit.master.termOf("costly");
    await put("three");
    await waitUntil("the net is paused", () => paused() !== null);
    expect(asked()).toBe(2);
    expect(spendingOf(kit.stateOf("costly"), WHOLE_NET, "").total).toMatchObject({ turns: 2, tokens: 202_000 });
  });
  it("raised in the net file, the work goes on", async () => {
    await begin(persona({}), net({ budget: { turns: 2 } }));
    await two();
    await put("three");
    await waitUntil("the net is paused", () => paused() !== null);
    await kit.ask(null, "apply-net", { definition: net({ budget: { turns: 3 } }) });
    await kit.ask("costly", "resume");
    await waitUntil("the third is written", () => at("b") === 3);
  });
  it.each([
    ["money", { perNet: { usd: 0.844 } }],
    ["tokens", { perNet: { tokens: 202_300 } }],
    ["model calls", { perNet: { turns: 2 } }],
    ["money in one day", { perDay: { usd: 0.844 } }],
  ])("of the persona in %s", async (_, budget) => {
    await begin(persona(budget), net());
    await two();
    await put("three");
    await waitUntil("the net is paused", () => paused() !== null);
    expect(paused()?.reason).toContain("writer");
  });
  it("of petrel.config.json, where the net declares none", async () => {
    await begin(persona({}), net(), { perDay: { turns: 2 } });
    await two();
    await put("three");
    await waitUntil("the net is paused", () => paused()?.code === "budget-spent");
    expect(asked()).toBe(2);
  });
  it("of one firing: its work fails, once, and the rest goes on", async () => {
    // Less than an answer of 256 tokens costs: nothing is asked at all.
    await begin(persona({ usd: 0.004 }), net());
    await put("one");
    await waitUntil("it has failed", () => at("errors") === 1);
    expect(asked()).toBe(0);
    const failed = await events("failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.attributes).toMatchObject({ final: true, error: { code: "budget-exhausted" } });
    expect(paused()).toBeNull();
  });
  it("of one firing over all of its attempts: a retry does not begin with a full purse", async () => {
    // Each attempt gives text that is no answer, twice; its calls cost 0.42 USD each.
    await begin(persona({ usd: 1.3 }, { output: { type: "object", required: ["n"] } }), net());
    stub.turns = [dear, dear, { text: "429", status: 503 }];
    await put("one");
    await waitUntil("it has failed", () => at("errors") === 1);
    expect(asked()).toBeLessThanOrEqual(3);
  });
});

describe("a new day", () => {
  it("begins with a full budget", async () => {
    await begin(persona({ perDay: { turns: 2 } }), net());
    await two();
    await put("three");
    await waitUntil("the net is paused", () => paused() !== null);
    kit.clock.jump(24 * 3_600_000);
    await kit.ask("costly", "resume");
    await waitUntil("the third is written", () => at("b") === 3);
  });
});

describe("calls under way count at their worst (B1)", () => {
  it("so many at once do not spend what one may spend", async () => {
    stub.turns = [{ ...dear, delayMs: 50 }];
    await begin(persona({}), net({ budget: { turns: 3 } }, { concurrency: 8 }));
    await Promise.all(Array.from({ length: 8 }, (_, index) => put(`${index}`)));
    await waitUntil("the net is paused and three are written", () => paused() !== null && at("b") === 3);
    expect(asked()).toBe(3);
  });
});

describe("on crossing", () => {
  it("degrade asks the next lower tier, and stops where that is too dear as well", async () => {
    await begin(persona({ onCrossing: "degrade", perNet: { usd: 0.424 } }), net());
    await put("one");
    await waitUntil("the first is written", () => at("b") === 1);
    await put("two");
    await waitUntil("the second is written", () => at("b") === 2);
    expect(models()).toEqual(["claude-opus-5-5", "claude-sonnet-5-5"]);
    expect((await events("noted")).map(({ attributes }) => attributes?.degraded)).toEqual([
      { from: "frontier", to: "standard", scope: "persona", period: "all", persona: "writer" },
    ]);
    await put("three");
    await waitUntil("the net is paused", () => paused() !== null);
    expect(asked()).toBe(2);
  });
  it("degrade leaves the cheaper tiers room: the dearest is not asked for the last quarter of an answer", async () => {
    stub.turns = [{ text: "Here it is.", usage: { input: 100, output: 4000 } }];
    await begin(persona({ onCrossing: "degrade", perNet: { usd: 0.4 } }, { maxOutputTokens: 16_000 }), net());
    for (let n = 1; paused() === null; n++) {
      await put(`piece ${n}`);
      await waitUntil("it is written, or the net is paused", () => at("b") === n || paused() !== null);
    }
    const room = (model: RegExp) => stub.requests.flatMap(({ body }) => (model.test(String(body.model)) ? [Number(body.max_tokens)] : []));
    expect(Math.min(...room(/opus/))).toBeGreaterThanOrEqual(4000);
    expect(Math.min(...room(/sonnet/))).toBeGreaterThanOrEqual(4000);
    expect(room(/haiku/).length).toBeGreaterThan(0);
    expect([...new Set(models())]).toEqual([
      expect.stringContaining("opus"),
      expect.stringContaining("sonnet"),
      expect.stringContaining("haiku"),
    ]);
  });
  it("ask waits at a gate; approved, there is one budget more; rejected, the work leaves", async () => {
    await begin(persona({ onCrossing: "ask", perNet: { turns: 1 } }), net());
    await put("one");
    await waitUntil("the first is written", () => at("b") === 1);
    await put("two");
    const gates = async () => (await kit.ask("costly", "gates")) as { firing: string; gate: string }[];
    await waitUntil("it waits for people", async () => (await gates()).length === 1);
    expect((await gates())[0]).toMatchObject({ gate: "write-budget" });
    expect(asked()).toBe(1);
    await kit.crash({ work: worker() });
    await kit.master.termOf("costly");
    expect(await gates()).toHaveLength(1);
    await kit.ask("costly", "decide", { gate: "write-budget", decision: "approve", id: "d1" });
    await waitUntil("the second is written", () => at("b") === 2);
    await put("three");
    await waitUntil("it waits for people again", async () => (await gates()).length === 1);
    await kit.ask("costly", "decide", { gate: "write-budget", decision: "reject", id: "d2" });
    await waitUntil("the work has left", () => at("errors") === 1);
    expect(asked()).toBe(2);
    expect(paused()).toBeNull();
  });
  it("a persona may not decide: who approves is declared", async () => {
    await begin(persona({ onCrossing: "ask", approvers: ["user:bob"], perNet: { turns: 0 } }), net());
    await put("one");
    await waitUntil("it waits", async () => ((await kit.ask("costly", "gates")) as unknown[]).length === 1);
    const decided = kit.ask("costly", "decide", { gate: "write-budget", decision: "approve", id: "d1" });
    await expect(decided).rejects.toMatchObject({ code: "not-an-approver" });
    expect(asked()).toBe(0);
  });
});

describe("what is left bounds the answer", () => {
  it("the model gets no more room than the budget pays for", async () => {
    await begin(persona({ usd: 0.012 }), net());
    stub.turns = [{ text: "Short.", usage: { input: 100, output: 10 } }];
    await put("one");
    await waitUntil("it is written", () => at("b") === 1);
    const room = stub.requests[0]?.body.max_tokens as number;
    expect(room).toBeGreaterThanOrEqual(256);
    expect(room).toBeLessThan(600);
  });
});

describe("a persona names a model", () => {
  it("which is asked before those of its tier", async () => {
    await begin(persona({}, { model: "anthropic/claude-haiku-5-5" }), net());
    await put("one");
    await waitUntil("it is written", () => at("b") === 1);
    expect(models()).toEqual(["claude-haiku-5-5"]);
    expect((await events("fired"))[0]?.model).toMatchObject({ tier: "frontier", name: "claude-haiku-5-5" });
  });
  it("one of no known price pauses the net instead of costing what nobody knows", async () => {
    await begin(persona({}, { model: "anthropic/claude-unheard-of" }), net());
    await put("one");
    await waitUntil("the net is paused", () => paused()?.code === "no-price");
    expect(asked()).toBe(0);
  });
});
