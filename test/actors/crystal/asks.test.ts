/** A step that asks something else from now on: its history before is no example, and a rule learned from that answers no more (K2). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personaAsks } from "../../../src/actors/crystal/asks.ts";
import { historyOf } from "../../../src/actors/crystal/history.ts";
import { runningNet } from "../../../src/client/crystals.ts";
import { sha256 } from "../../../src/contract/hash.ts";
import { personaSchema } from "../../../src/personas/persona-schema.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { crystalOf, type RuleFile, ticketRule, triageBy, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
const personaFile = personaSchema.parse(triagePersona);
let kit: MasterKit;
let asked: string[];
let count: number;

beforeEach(async () => {
  asked = [];
  count = 0;
  const owners: Record<string, string> = { net: "ada", ui: "bob" };
  kit = await masterKit({
    work: triageBy((area) => {
      asked.push(area);
      return owners[area] ?? "eve";
    }),
  });
  await kit.ask(null, "apply-persona", { persona: triagePersona });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

const apply = (definition: object) => kit.ask(null, "apply-net", { definition: { net: NET, ...definition } });
const speaks = (more: object) => kit.ask(null, "apply-persona", { persona: { ...triagePersona, ...more } });
const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function work(many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "tickets", { area: ["net", "ui"][count % 2], n: count });
  }
  await waitUntil(`${many} are done`, () => done() >= before + many, 60_000);
}
const record = () => kit.stateOf(NET).crystals.get("triage");
const mode = () => kit.master.terms.get(NET)?.net?.transitions.get("triage")?.crystal?.definition.mode;
const outdated = async () => (await historyOf(kit.broker, await runningNet(kit.broker, NET)))[0]?.outdated;

/** Each edit of a net waits before its new version is written, until `goOn`. */
function heldEdits(): { areHeld(): boolean; goOn(): void } {
  const { netVersions } = kit.broker;
  const put = netVersions.put.bind(netVersions);
  let [held, goOn] = [false, () => {}];
  const gone = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  netVersions.put = async (...given) => {
    held = true;
    await gone;
    return put(...given);
  };
  return { areHeld: () => held, goOn };
}

describe("the history", () => {
  it("before another prompt, answer schema or title of its persona is none; what changes nothing of the request leaves it", async () => {
    await apply(triageNet(undefined));
    await work(3);
    await speaks({ tier: "standard", description: "Who does it.", budget: { turns: 3 } });
    expect(await outdated()).toBe(0);
    await speaks({ prompt: "Say who, and be kind." });
    expect(await outdated()).toBe(3);
    await work(2);
    expect(await outdated()).toBe(3);
    // The words of before, and what was answered to them, count again.
    await speaks({});
    expect(await outdated()).toBe(2);
  });
});

it("a persona's knowledge is its words, however a version of it was stored", async () => {
  await apply(triageNet(undefined));
  const persona = { prompt: "Say who." };
  const store = kit.broker.personaVersions;
  await store.put("x", "v1", { persona, knowledge: [{ file: "a.md", text: "Ada takes all." }] });
  await store.put("x", "v2", { persona, knowledge: [{ file: "a.md", sha256: sha256("Ada takes all.") }] });
  await store.put("x", "v3", { persona, knowledge: [{ file: "a.md", sha256: sha256("Eve takes all.") }] });
  const [text, same, other] = await Promise.all(["v1", "v2", "v3"].map((version) => personaAsks(store, "x", version)));
  expect(same).toBe(text);
  expect(other).not.toBe(text);
});

/** Until the rule has answered by itself: its first answers are audited more often. */
async function answers(): Promise<void> {
  for (let tries = 0; tries < 30 && (record()?.answered ?? 0) === 0; tries += 1) await work(2);
  expect(record()?.answered).toBeGreaterThan(0);
}

describe("a live rule", () => {
  it("answers no more from the event on that gives its persona another prompt, and people are asked", async () => {
    await apply(triageNet(crystalOf()));
    await answers();
    await speaks({ tier: "standard" });
    expect(record()).toMatchObject({ demoted: null });
    await speaks({ prompt: "Say who, by the new list." });
    const before = { answered: record()?.answered, asked: asked.length };
    await work(6);
    expect([record()?.answered, asked.length - before.asked]).toEqual([before.answered, 6]);
    await waitUntil("it is off", () => mode() === "off");
    expect(record()?.demoted?.reason).toMatch(/^its step asks something else since event \d+/);
    const [gate] = (await kit.ask(NET, "gates")) as { firing: string }[];
    const stages = (await eventsOf(kit.broker, NET)).flatMap(({ type, attributes }) =>
      ((attributes?.crystallized ?? []) as { stage: string }[]).map(({ stage }) => `${type} ${stage}`),
    );
    expect(stages).toEqual(expect.arrayContaining(["edited asks-otherwise", "crystallized demoted", "edited undone"]));
    await kit.ask(NET, "decide", { firing: gate?.firing, decision: "approve", id: "again" });
    await waitUntil("it is beside its model", () => mode() === "shadow");
    await work(2);
    expect(record()).toMatchObject({ demoted: null, shadow: { same: 2, other: 0 } });
  });

  it("answers no more after an edit of what its step asks, though the edit keeps the rule; any other edit leaves it", async () => {
    await apply(triageNet(crystalOf()));
    await answers();
    await apply(triageNet(crystalOf(), { concurrency: 3 }));
    const before = record()?.answered ?? 0;
    for (let tries = 0; tries < 10 && record()?.answered === before; tries += 1) await work(2);
    expect(record()?.answered).toBeGreaterThan(before);
    await apply(triageNet(crystalOf(), { ask: "Who does not take it? Its area is ${ticket.area}." }));
    const [then, requests] = [record()?.answered, asked.length];
    await work(4);
    expect([record()?.answered, asked.length - requests]).toEqual([then, 4]);
    await waitUntil("it is off", () => mode() === "off");
    const edit = (await eventsOf(kit.broker, NET)).find(({ attributes }) =>
      JSON.stringify(attributes?.crystallized ?? []).includes("asks-otherwise"),
    );
    expect(edit?.summary).toContain("the rule of triage answers no more: its step asks something else now");
  });

  it("that came while its persona's new version was looked at answers no more either", async () => {
    await apply(triageNet(crystalOf()));
    await answers();
    const [first, old] = [record()?.rule, kit.stateOf(NET).personas.triage];
    const { personaVersions } = kit.broker;
    const get = personaVersions.get.bind(personaVersions);
    // The edit has looked at its personas, and goes on once the old words of the persona are read.
    const edits = heldEdits();
    const later: RuleFile = { ...ticketRule, guard: [{ test: "in", path: "/ticket/area", values: ["net"] }] };
    const edited = apply(triageNet(crystalOf({ rule: later })));
    await waitUntil("the edit is under way", edits.areHeld);
    let looked = false;
    personaVersions.get = async (name, version) => {
      if (!looked && version === old) {
        looked = true;
        edits.goOn();
        await edited;
      }
      return get(name, version);
    };
    await speaks({ prompt: "Say who, by the new list." });
    expect(looked).toBe(true);
    expect(record()?.rule).not.toBe(first);
    expect(record()?.outdated).toBeGreaterThan(0);
  });

  it("is not promoted by a policy after a shadow beside another request", async () => {
    await apply(triageNet(crystalOf({ mode: "shadow", shadow: 4, promote: "policy" })));
    await work(3);
    await speaks({ prompt: "Say who, by the new list." });
    await work(3);
    await waitUntil("it is off", () => mode() === "off");
    expect(record()?.answered).toBe(0);
  });

  it("is promoted for the words that it was proven beside: others of its persona come by an edit of their own", async () => {
    await apply(triageNet(crystalOf({ mode: "shadow", shadow: 4, promote: "policy" })));
    await work(3);
    const proven = kit.stateOf(NET).personas.triage;
    // It is in the store, and its nets have not heard of it yet.
    await kit.master.personas.apply({ ...personaFile, prompt: "Say who, by the new list." }, []);
    await work(1);
    await waitUntil("it is promoted", () => mode() === "live", 60_000);
    expect(kit.stateOf(NET).personas.triage).toBe(proven);
    expect(record()?.outdated).toBeUndefined();
    await speaks({ prompt: "Say who, by the new list." });
    expect(record()?.outdated).toBeGreaterThan(0);
    await waitUntil("it is off", () => mode() === "off", 60_000);
  });

  it("is not promoted by an edit that was under way when its persona got other words", async () => {
    await apply(triageNet(crystalOf({ mode: "shadow", shadow: 4, promote: "policy" })));
    await work(3);
    const edits = heldEdits();
    await work(1);
    await waitUntil("the promotion is under way", edits.areHeld, 60_000);
    await speaks({ prompt: "Say who, by the new list." });
    const heard = kit.stateOf(NET).personas.triage;
    edits.goOn();
    await waitUntil("it is off", () => mode() === "off", 60_000);
    expect(record()).toMatchObject({ answered: 0, demoted: { reason: expect.stringContaining("asks something else") } });
    expect(kit.stateOf(NET).personas.triage).toBe(heard);
    const stages = (await eventsOf(kit.broker, NET)).flatMap(({ attributes }) => (attributes?.crystallized ?? []) as { stage: string }[]);
    expect(stages.map(({ stage }) => stage)).not.toContain("promoted");
  });
});
