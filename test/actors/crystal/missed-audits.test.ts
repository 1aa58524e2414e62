/** Audits for which the model cannot be asked: what the rule answers goes on, and people hear of it (A1, A2, A3, O5). */
import { afterEach, expect, it } from "vitest";
import { personaWorker } from "../../../src/actors/persona-work.ts";
import { Retryable } from "../../../src/contract/errors.ts";
import { localQuotas } from "../../../src/contract/quotas.ts";
import { defaultConfig } from "../../../src/models/default-config.ts";
import { anthropicProvider } from "../../../src/models/providers/anthropic.ts";
import { rateLimiter } from "../../../src/models/rate-limiter.ts";
import { tierModels } from "../../../src/models/tiers.ts";
import { foldEvents } from "../../../src/net/fold.ts";
import { spendingOf, WHOLE_NET } from "../../../src/net/spending.ts";
import { startAnthropicStub } from "../../support/anthropic-stub.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { realClock } from "../../support/model-clock.ts";
import type { Stub } from "../../support/stub-turn.ts";
import { crystalOf, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
let kit: MasterKit;
let stub: Stub | null = null;
let count = 0;

/** Its model is a server on a port of its own; where `stub` is stopped, nobody listens there. */
const worker = () => {
  const anthropic = anthropicProvider({ apiKey: "k", baseURL: stub?.url ?? "", clock: realClock });
  const limiter = rateLimiter({ quotas: localQuotas(), clock: realClock, random: () => 0.5, limits: {} });
  return personaWorker(
    tierModels(defaultConfig, new Map([["anthropic", anthropic]]), { clock: realClock, budgetUsd: 1000, limiter }),
    realClock,
  );
};
async function begin(budget: object | null, crystal: object = {}, persona: object = {}): Promise<void> {
  count = 0;
  stub = await startAnthropicStub([{ text: '{"owner": "ada"}' }]);
  kit = await masterKit({ work: worker() });
  const definition = { net: NET, ...triageNet(crystalOf({ audit: 1, ...crystal }), { retry: { max: 1, delay: "1ms" } }) };
  await kit.ask(null, "apply-persona", { persona: { ...triagePersona, ...persona } });
  await kit.ask(null, "apply-net", { definition: budget ? { ...definition, budget } : definition });
}
const put = (area: string) => kit.put(NET, "tickets", { area, n: ++count });
const state = () => kit.stateOf(NET);
const done = () => state().places.get("done")?.size ?? 0;
const record = () => state().crystals.get("triage");
const fired = async () => (await eventsOf(kit.broker, NET)).filter(({ type, transition }) => type === "fired" && transition === "triage");
const gates = async () => (await kit.ask(NET, "gates")) as { gate: string; firing: string; summary?: string }[];
async function work(many: number): Promise<void> {
  for (let n = 0; n < many; n += 1) await put("net");
  const all = count;
  await waitUntil(`${all} are done`, () => done() === all);
}

afterEach(async () => {
  const log = await eventsOf(kit.broker, NET);
  expect(foldEvents(NET, log).crystals).toEqual(state().crystals);
  const ends = log.filter(({ type }) => type === "fired").flatMap(({ consumed = [] }) => consumed.map(({ id }) => id));
  expect(new Set(ends).size).toBe(ends.length);
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
  await stub?.close();
});

it.each(["stop", "ask", "degrade"])(
  "a budget that is spent (%s) stops no rule, and is not overspent",
  { timeout: 180_000 },
  async (onCrossing) => {
    await begin({ turns: 2, onCrossing });
    await work(2);
    expect(record()?.audit).toEqual({ same: 2, other: 0 });
    await work(6);
    expect(state().paused).toBe(false);
    expect(stub?.requests).toHaveLength(2);
    expect(spendingOf(state(), WHOLE_NET, "").total.turns).toBe(2);
    expect(record()).toMatchObject({ answered: 6, audit: { same: 2, other: 0 }, missed: { all: 6, inRow: 6 } });
    const last = (await fired()).at(-1);
    expect(last?.attributes?.crystal).toMatchObject({ by: "rule", missed: { code: "budget-spent" } });
    expect(last?.summary).toContain("could not be");
    expect(last?.produced?.[0]?.token.from).toMatchObject({ rule: record()?.rule });
    expect(await gates()).toEqual([]);
  },
);

it("a model out of reach stops no rule either; what the rule leaves to the model still stops the net", { timeout: 180_000 }, async () => {
  await begin(null);
  await stub?.close();
  await work(4);
  expect(record()).toMatchObject({ answered: 4, missed: { all: 4, inRow: 4 } });
  expect((await fired()).map(({ attributes }) => (attributes?.crystal as { missed?: object } | undefined)?.missed)).toEqual(
    Array(4).fill(expect.objectContaining({ code: "model-unreachable" })),
  );
  expect(state().paused).toBe(false);
  await put("billing");
  await waitUntil("the net is paused", () => state().paused !== false);
});

it("after ten in a row people are asked, once; with a yes it goes on, and over a crash", { timeout: 180_000 }, async () => {
  await begin({ turns: 0 });
  await work(9);
  expect(await gates()).toEqual([]);
  await work(3);
  await waitUntil("people are asked", async () => (await gates()).length === 1);
  await kit.crash({ work: worker() });
  await kit.master.termOf(NET);
  const [gate] = await gates();
  expect(gate?.gate).toBe("crystal-triage");
  await kit.ask(NET, "decide", { firing: gate?.firing, decision: "approve", id: "d1" });
  await waitUntil("nobody is asked any more", async () => (await gates()).length === 0);
  await work(3);
  expect(record()).toMatchObject({ mode: "live", missed: { all: 15, inRow: 3 } });
  await work(7);
  await waitUntil("people are asked again", async () => (await gates()).length === 1);
  expect(stub?.requests).toHaveLength(0);
});

it("with a no the model does all of the step again", { timeout: 180_000 }, async () => {
  await begin({ turns: 0 });
  await work(10);
  await waitUntil("people are asked", async () => (await gates()).length === 1);
  await kit.ask(NET, "decide", { firing: (await gates())[0]?.firing, decision: "reject", id: "d1" });
  const crystal = () => kit.master.terms.get(NET)?.net?.transitions.get("triage")?.crystal?.definition;
  await waitUntil("the definition says so too", () => crystal()?.mode === "off");
  await put("net");
  await waitUntil("the model is asked, and the budget is spent", () => state().paused !== false);
});

it("an audit that is made ends the question", { timeout: 180_000 }, async () => {
  await begin({ turns: 0 });
  await work(10);
  await waitUntil("people are asked", async () => (await gates()).length === 1);
  const definition = { net: NET, ...triageNet(crystalOf({ audit: 1 })) };
  await kit.ask(null, "apply-net", { definition });
  await work(1);
  await waitUntil("nobody is asked any more", async () => (await gates()).length === 0);
  expect(record()).toMatchObject({ audit: { same: 1, other: 0 }, missed: { all: 10, inRow: 0 } });
});

it("a rule beside its model gives no answer: there the net waits as ever", { timeout: 180_000 }, async () => {
  await begin({ turns: 0 }, { mode: "shadow" });
  await put("net");
  await waitUntil("the net is paused", () => state().paused !== false);
  expect(done()).toBe(0);
});

it("what the model cost is booked once, though the artefact store is away when the rule's answer is laid there", {
  timeout: 180_000,
}, async () => {
  count = 0;
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  const error = { outlook: "terminal" as const, code: "too-many-turns", message: "no answer within its turns" };
  kit = await masterKit({
    work: async ({ firing }) => ({ firing: firing.firing, attempt: firing.attempt, outcome: { ok: false, error }, extra: { model } }),
  });
  await kit.ask(null, "apply-persona", { persona: triagePersona });
  const value = { owner: "${$result.owner}", one: "${ticket.text}", two: "${ticket.text}" };
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ audit: 1 }), { out: [{ to: "done", value }] }) } });
  const { artifacts } = kit.broker;
  const put = artifacts.put.bind(artifacts);
  let refused = 0;
  artifacts.put = async (...given) => {
    refused += 1;
    if (refused <= 2) throw new Retryable({ code: "away", message: "the store is away" });
    return put(...given);
  };
  await kit.put(NET, "tickets", { area: "net", text: "x".repeat(50_000) });
  await waitUntil("it is done", () => done() === 1);
  expect(refused).toBeGreaterThan(2);
  expect(spendingOf(state(), WHOLE_NET, "").total.turns).toBe(1);
});

it("missed audits are made up once the model answers again, one for one, also after a crash", { timeout: 60_000 }, async () => {
  await begin({ turns: 0 }, { audit: 0.1 });
  const missed = () => record()?.missed?.all ?? 0;
  for (let tries = 0; tries < 100 && missed() < 4; tries += 1) await work(1);
  const owed = missed();
  expect(owed).toBeGreaterThanOrEqual(4);
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ audit: 0.1 })) } });
  await kit.crash({ work: worker() });
  await kit.master.termOf(NET);
  // What the rule leaves to the model shows that it answers.
  await put("billing");
  await waitUntil("it is done", () => done() === count);
  const before = { answered: record()?.answered, audits: record()?.audit.same ?? 0 };
  await work(owed);
  expect(record()).toMatchObject({ answered: before.answered, audit: { same: before.audits + owed, other: 0 } });
  expect(record()?.watch.owed).toBeUndefined();
  for (let tries = 0; tries < 40 && record()?.answered === before.answered; tries += 1) await work(1);
  expect(record()?.answered).toBeGreaterThan(before.answered ?? 0);
});

/** What a step without a rule does then too: with `stop` nothing more begins, with `ask` that firing alone waits for people. */
it.each(["stop", "ask"])(
  "a firing that the rule leaves to the model meets a spent budget (%s) as that of any step",
  { timeout: 180_000 },
  async (onCrossing) => {
    await begin({ turns: 0, onCrossing }, { audit: 0.001 });
    await work(3);
    await put("billing");
    if (onCrossing === "stop") {
      await waitUntil("the net is paused", () => state().paused !== false);
      await put("net");
      expect(done()).toBe(3);
      expect(state().pausedFor?.code).toBe("budget-spent");
      // Nothing is lost: with another budget both are done.
      await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ audit: 0.001 })) } });
      await kit.ask(NET, "resume", { by: { user: "ada", roles: ["maintainer"] } });
      await waitUntil("both are done", () => done() === 5);
      return;
    }
    await waitUntil("people are asked", async () => (await gates()).some(({ gate }) => gate === "triage-budget"));
    for (let n = 0; n < 6; n += 1) await put("net");
    await waitUntil("the rule goes on", () => done() === 9);
    expect(state().paused).toBe(false);
    expect(record()).toMatchObject({ answered: 9 });
    expect(stub?.requests).toHaveLength(0);
  },
);
