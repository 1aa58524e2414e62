/** A rule that a model has written is the same one through all stages, by policy and by request; who asks for it pays in the net's name. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { historyOf } from "../../../src/actors/crystal/history.ts";
import { learnHere } from "../../../src/actors/crystal/learn.ts";
import { withKept } from "../../../src/actors/crystal/rule-writer.ts";
import { crystalsOf, runningNet, study } from "../../../src/client/crystals.ts";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import { WRITTEN } from "../../../src/crystallize/written.ts";
import { letterNet, letterNumber, letterPersona, letterRule, letterWorker, ruleWriter } from "../../support/letter-rule.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "mail";
let kit: MasterKit;
let hand: () => Json;
let writer: ReturnType<typeof ruleWriter>;
let count: number;

const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function letters(many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "letters", letterNumber(count));
  }
  await waitUntil(`${many} letters are written`, () => done() === before + many, 60_000);
}
async function begin(more: object = {}, transition: object = {}): Promise<void> {
  await kit.ask(null, "apply-persona", { persona: letterPersona });
  await kit.ask(null, "apply-net", { definition: letterNet(NET, more, transition) });
}
interface Told {
  stage: string;
  written?: { rounds: number; outcome: string; id?: string; rule?: JsonObject };
  failed?: { code: string };
}
const told = async () =>
  (await eventsOf(kit.broker, NET)).flatMap(({ attributes }) => (attributes?.crystallized ?? []) as unknown as Told[]);
const written = async () => (await told()).flatMap((one) => one.written ?? []);
const spent = () => kit.stateOf(NET).spent.get("rule-writer")?.total.usd ?? 0;

beforeEach(async () => {
  count = 0;
  hand = () => letterRule;
  writer = ruleWriter(() => hand());
  kit = await masterKit({ work: letterWorker, crystalModels: { tiers: writer.tiers, budgets: {} } });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

const POLICY = { every: 30, least: 100, bound: 0.1, confidence: 0.9, shadow: 4, promote: "policy" };

it("a net whose policy says so asks a model where nothing learned is good enough, and promotes what it wrote", {
  timeout: 180_000,
}, async () => {
  await begin({ crystallize: { ...POLICY, withModel: "standard" } });
  await letters(150);
  // Its shadow is short: what comes next is in it, or after it.
  await letters(6);
  await waitUntil("it answers", async () => (await crystalsOf(kit.broker, NET))[0]?.mode === "live");
  const [row] = await crystalsOf(kit.broker, NET);
  expect(row?.definition?.proof).toMatchObject({ learner: WRITTEN, wrong: 0 });
  expect(writer.requests.map(({ tier }) => tier)).toEqual(["standard"]);
  for (const stage of ["shadow", "promoted"]) expect((await told()).map((one) => one.stage)).toContain(stage);
  expect(await written()).toMatchObject([{ rounds: 1, outcome: "taken", id: row?.rule, rule: expect.anything() }]);
  expect(spent()).toBeCloseTo(0.02);
});

it("without that word nobody is asked", { timeout: 180_000 }, async () => {
  await begin({ crystallize: POLICY });
  await letters(150);
  await waitUntil("it was looked at", async () => (await told()).some(({ stage }) => stage === "candidates" || stage === "proven"));
  expect(writer.requests).toEqual([]);
});

it("what was written once is the candidate of every later stage, with the same id, until the step asks for something else", {
  timeout: 180_000,
}, async () => {
  await begin();
  await letters(200);
  const write = () => kit.ask(NET, "crystal-write", { transition: "write" });
  expect(await write()).toEqual({ transition: "write", asking: true });
  await waitUntil("it is told", async () => (await written()).length === 1);
  const [first] = await written();
  expect(first).toMatchObject({ outcome: "taken", id: expect.stringMatching(/^r-/) });
  // Another rule would be written now, and nobody asks for it.
  hand = () => ({ guard: [], answer: { kind: "constant", value: { text: "no" } } });
  await letters(40);
  for (let n = 0; n < 2; n += 1) {
    const { proposals } = await study(kit.broker, NET, { learn: withKept(learnHere) });
    expect(proposals[0]).toMatchObject({ rule: first?.id, proposal: { promotable: true, learner: WRITTEN, written: { rounds: 0 } } });
  }
  expect((await study(kit.broker, NET)).proposals[0]?.proposal.learner).not.toBe(WRITTEN);
  expect(writer.requests).toHaveLength(1);
  // Another request is another step.
  await kit.ask(null, "apply-net", {
    definition: letterNet(NET, {}, { ask: "A letter for ${letter.name} about ${letter.code}. Be kind." }),
  });
  await waitUntil("the new version runs", async () => JSON.stringify(await runningNet(kit.broker, NET)).includes("Be kind."));
  const [step] = await historyOf(kit.broker, await runningNet(kit.broker, NET), { transition: "write" });
  expect(step?.written).toBeUndefined();
});

it("says what is wrong: a step that asks no model, too short a history, a model that fails, a budget that is spent", {
  timeout: 180_000,
}, async () => {
  await begin({ budget: { usd: 2.52 } });
  await expect(kit.ask(NET, "crystal-write", { transition: "nope" })).rejects.toMatchObject({ code: "unknown-transition" });
  await letters(10);
  await kit.ask(NET, "crystal-write", { transition: "write" });
  await waitUntil("it is told", async () => (await told()).length === 1);
  expect((await eventsOf(kit.broker, NET)).find(({ attributes }) => attributes?.crystallized)?.summary).toContain(
    "10 good answers, and 150",
  );
  hand = () => {
    throw new Error("the provider is away");
  };
  await letters(190);
  await kit.ask(NET, "crystal-write", { transition: "write" });
  await waitUntil("the failure is told", async () => (await told()).some(({ failed }) => failed !== undefined));
  expect(spent()).toBe(0);
});

it("a note books cost on whom a study may ask, and on nobody else", async () => {
  await begin();
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 1, outputTokens: 1, costUsd: 5 };
  const note = (persona?: string) =>
    kit.ask(NET, "crystal-note", { stage: "proven", transition: "write", summary: "x", model, ...(persona ? { persona } : {}) });
  await expect(note("clerk")).rejects.toMatchObject({ code: "not-asked" });
  await note();
  expect(spent()).toBe(5);
});
