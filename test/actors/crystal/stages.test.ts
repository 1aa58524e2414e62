/** From a net's log to a proven rule and on: what the history tells, what must not be learned from, and the policy of a net. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { historyOf } from "../../../src/actors/crystal/history.ts";
import type { PersonaWorker } from "../../../src/actors/persona-work.ts";
import { crystalOfStudy, crystalsOf, runningNet, study, tellStudy } from "../../../src/client/crystals.ts";
import { isoTime } from "../../../src/contract/clock.ts";
import type { Json } from "../../../src/contract/json.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
let kit: MasterKit;
let asked: number;
let count: number;

const OWNERS: Record<string, string> = { net: "ada", ui: "bob", db: "eve" };
const worker: PersonaWorker = async ({ firing }) => {
  asked += 1;
  const area = String((firing.data as { ticket?: { area?: string } }).ticket?.area);
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  const value: Json = firing.transition === "triage" ? { owner: OWNERS[area] ?? "zoe" } : { text: `note ${Math.random()}` };
  const timeline = [
    { call: "model", name: "m", from: 1000, to: 1300, ok: true },
    { call: "tool", name: "http.get", from: 1300, to: 1900, ok: true },
  ];
  return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value }, extra: { model, attributes: { timeline } } };
};

const persona = (name: string, output?: object) => ({
  ...{ persona: name, title: name, flags: "-----", tools: [], tier: "economy", prompt: "Say." },
  ...(output ? { output } : {}),
});
const file = (more: object = {}, transitions: object = {}) => ({
  net: NET,
  places: { tickets: { open: true }, sorted: {}, done: { sink: true } },
  transitions: {
    triage: {
      ...{ kind: "llm", persona: "triage", ask: "Who takes it?", data: { ticket: "${ticket}" }, concurrency: 4 },
      in: [{ place: "tickets", as: "ticket" }],
      out: [{ to: "sorted", value: { owner: "${$result.owner}", n: "${ticket.n}" } }],
    },
    note: {
      ...{ kind: "llm", persona: "noter", ask: "Say something of ${job.n}.", concurrency: 4 },
      in: [{ place: "sorted", as: "job" }],
      out: [{ to: "done" }],
    },
    ...transitions,
  },
  ...more,
});

async function begin(definition: object = file()): Promise<void> {
  const output = { type: "object", required: ["owner"], properties: { owner: { type: "string" } }, additionalProperties: false };
  await kit.ask(null, "apply-persona", { persona: persona("triage", output) });
  await kit.ask(null, "apply-persona", { persona: persona("noter") });
  await kit.ask(null, "apply-net", { definition });
}
const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function tickets(many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "tickets", { area: ["net", "ui", "db"][count % 3], n: count, title: `Ticket ${100_000 + count * 79}` });
  }
  await waitUntil(`${many} tickets are done`, () => done() === before + many, 60_000);
}
const BY = { user: "ada", roles: ["maintainer"] };

beforeEach(async () => {
  asked = 0;
  count = 0;
  kit = await masterKit({ work: worker });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

describe("the stages", () => {
  it("lead from the log to a rule in the model's place, each with its event, and leave the sibling alone", {
    timeout: 180_000,
  }, async () => {
    await begin();
    await tickets(200);
    const found = await study(kit.broker, NET);
    expect(found.candidates).toMatchObject([
      { asked: 200, examples: 200, usdPerFiring: expect.closeTo(0.01), shapes: 1 },
      { asked: 200, answers: expect.any(Number) },
    ]);
    const triage = found.proposals.find(({ transition }) => transition === "triage")?.proposal;
    expect(triage).toMatchObject({ promotable: true, reasons: [] });
    expect(found.proposals.find(({ transition }) => transition === "note")?.proposal.promotable).toBe(false);
    await tellStudy(kit.broker, found, BY);
    const crystal = crystalOfStudy(found, "triage", "ada", isoTime(kit.clock.now()));
    expect(() => crystalOfStudy(found, "note", "ada", "")).toThrow(/no rule for note|not proven/);
    await kit.ask(NET, "crystal-settle", {
      transition: "triage",
      action: "shadow",
      crystal: { ...crystal, shadow: 10 },
      base: found.net.version,
    });
    await tickets(10);
    await waitUntil("people are asked", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 1);
    await kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote" });
    const before = asked;
    await tickets(60);
    const [row] = await crystalsOf(kit.broker, NET);
    expect(row).toMatchObject({ transition: "triage", mode: "live", record: { answered: expect.any(Number) } });
    // The sibling asks for each, triage for its audits alone.
    expect(asked - before).toBeLessThan(60 + 15);
    expect(asked - before).toBeGreaterThanOrEqual(60);
    const stages = (await eventsOf(kit.broker, NET)).flatMap(({ attributes }) =>
      Array.isArray(attributes?.crystallized) ? attributes.crystallized.map((one) => (one as { stage: string }).stage) : [],
    );
    for (const stage of ["candidates", "learned", "proven", "shadow", "shadowed", "promoted"]) expect(stages).toContain(stage);
    await waitUntil("the question is withdrawn", () => [...kit.stateOf(NET).firings.values()].length === 0);
  });
  it("are gone through by the net itself where its file says so", { timeout: 180_000 }, async () => {
    const crystallize = { transitions: ["triage"], every: 50, least: 60, bound: 0.2, confidence: 0.9, shadow: 10, promote: "policy" };
    await begin(file({ crystallize }));
    for (let round = 0; round < 12; round += 1) {
      await tickets(20);
      const [row] = await crystalsOf(kit.broker, NET);
      if (row?.mode === "live") break;
    }
    await waitUntil("the rule is live", async () => (await crystalsOf(kit.broker, NET))[0]?.mode === "live");
    const before = asked;
    await tickets(40);
    expect(asked - before).toBeLessThan(40 + 12);
    expect((await crystalsOf(kit.broker, NET))[1]?.mode).toBe("none");
  });
});

describe("a policy of the configuration", () => {
  it("holds for a net that says nothing of it, and gives way where the net says something", { timeout: 180_000 }, async () => {
    await kit.stop();
    kit = await masterKit({ work: worker, crystallize: { least: 90, bound: 0.2, shadow: 33, approvers: ["user:eve"] } });
    await begin();
    await tickets(100);
    const found = await study(kit.broker, NET, { transition: "triage" });
    expect(found.policy).toMatchObject({ least: 90, bound: 0.2, shadow: 33, audit: 0.02 });
    const crystal = crystalOfStudy(found, "triage", "ada", isoTime(kit.clock.now()));
    await kit.ask(NET, "crystal-settle", { transition: "triage", action: "shadow", crystal, base: found.net.version });
    const early = kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote", early: true });
    await expect(early).rejects.toMatchObject({ code: "not-an-approver", message: expect.stringContaining("user:eve") });
    const eve = { user: "eve", roles: [] };
    await expect(kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote", by: eve })).rejects.toMatchObject({
      code: "shadow-not-over",
      message: expect.stringContaining("0 of 33"),
    });
    await kit.ask(null, "apply-net", { definition: file({ crystallize: { every: 10_000, shadow: 5 } }) });
    expect((await study(kit.broker, NET, { transition: "triage" })).policy).toMatchObject({ shadow: 5, bound: 0.2 });
  });
});

describe("the history", () => {
  it("does not count what people changed or turned down, nor what came back", { timeout: 180_000 }, async () => {
    await begin(
      file(
        {},
        { note: { kind: "pass", in: [{ place: "sorted", as: "job" }], gate: { approvers: ["role:maintainer"] }, out: [{ to: "done" }] } },
      ),
    );
    for (const n of [1, 2, 3]) await kit.put(NET, "tickets", { area: "net", n, title: `Ticket ${n}` });
    await waitUntil("three wait", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 3);
    const [first] = (await kit.ask(NET, "gates")) as { firing: string }[];
    await kit.ask(NET, "decide", { firing: first?.firing, decision: "reject", id: "d1" });
    const [step] = await historyOf(kit.broker, await runningNet(kit.broker, NET));
    expect(step?.examples.map(({ bad }) => bad)).toEqual(["rejected", undefined, undefined]);
    expect(step?.examples[1]).toMatchObject({
      input: { ticket: { area: "net", n: 2 } },
      output: { owner: "ada" },
      costUsd: 0.01,
      toolMs: 600,
    });
  });
  it("leaves out what was asked in other words", { timeout: 180_000 }, async () => {
    await begin();
    await tickets(3);
    const changed = file();
    changed.transitions.triage.ask = "Who takes this ticket?";
    await kit.ask(null, "apply-net", { definition: changed });
    await tickets(2);
    const [step] = await historyOf(kit.broker, await runningNet(kit.broker, NET));
    expect(step).toMatchObject({ asked: 5, outdated: 3 });
    expect(step?.examples).toHaveLength(2);
  });
  it("is refused for steps that ask no model, with the nearest name", async () => {
    await begin();
    await expect(study(kit.broker, NET, { transition: "traige" })).rejects.toMatchObject({
      code: "unknown-transition",
      hint: expect.stringContaining("triage"),
    });
  });
});
