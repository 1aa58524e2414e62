/** A rule that answers is learned again beside itself: a wider one is proven, shadowed, and takes its place; a wrong one goes (J4, L4). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CrystalRow, crystalsOf } from "../../../src/client/crystals.ts";
import type { JsonObject } from "../../../src/contract/json.ts";
import { ruleId } from "../../../src/net/crystal/compiled.ts";
import { crystalSchema } from "../../../src/net/crystal/definition.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { crystalOf, type RuleFile, ticketRule, triageBy, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
const OWNERS: Record<string, string> = { net: "ada", ui: "bob", db: "eve", ops: "joe", web: "kim" };
let kit: MasterKit;
let asked: number;
let count: number;
const worker = triageBy((area) => {
  asked += 1;
  return OWNERS[area] ?? "zoe";
});

beforeEach(async () => {
  [asked, count] = [0, 0];
  kit = await masterKit({ work: worker });
  await kit.ask(null, "apply-persona", { persona: triagePersona });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function tickets(many: number, areas: readonly string[]): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "tickets", { area: areas[count % areas.length], n: count });
  }
  await waitUntil(`${many} tickets are done`, () => done() === before + many, 60_000);
}
const row = async () => (await crystalsOf(kit.broker, NET))[0] as CrystalRow;
async function until(what: string, is: (now: CrystalRow) => boolean, areas: readonly string[]): Promise<CrystalRow> {
  for (let round = 0; round < 40 && !is(await row()); round += 1) await tickets(10, areas);
  await waitUntil(what, async () => is(await row()));
  return row();
}
const stages = async () =>
  (await eventsOf(kit.broker, NET)).flatMap(({ attributes }) =>
    Array.isArray(attributes?.crystallized) ? (attributes.crystallized as JsonObject[]) : [],
  );
const policy = { every: 10, least: 60, bound: 0.2, confidence: 0.9, shadow: 5 };

describe("a rule that leaves more and more to the model", () => {
  it("gets a wider one beside it, which takes its place by the policy and says the same where both answer", {
    timeout: 180_000,
  }, async () => {
    await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined), crystallize: { ...policy, promote: "policy" } } });
    const first = await until("the first rule is live", ({ mode }) => mode === "live", ["net", "ui", "db"]);
    const all = Object.keys(OWNERS);
    const later = await until("a later one has its place", ({ mode, rule }) => mode === "live" && rule !== first.rule, all);
    expect(later.definition?.next).toBeUndefined();
    const told = await stages();
    expect(told.find(({ stage }) => stage === "beside")).toMatchObject({ rule: first.rule, next: later.rule, by: "crystallizer" });
    expect(told.find(({ stage, rule }) => stage === "promoted" && rule === later.rule)).toMatchObject({ replaces: first.rule });
    expect(told.some(({ stage }) => stage === "demoted" || stage === "undone")).toBe(false);
    // It answers what the first one declined, and both answer each ticket once.
    const [before, owners] = [asked, new Set<string>()];
    await tickets(40, ["ops", "web"]);
    expect(asked - before).toBeLessThan(20);
    for (const { token } of kit.stateOf(NET).places.get("done")?.values() ?? []) owners.add(String((token.data as JsonObject).owner));
    expect([...owners].sort()).toEqual(["ada", "bob", "eve", "joe", "kim"]);
    expect(done()).toBe(count);
  });

  it("waits for people where they decide, who are asked at the gate, and answers on meanwhile", { timeout: 180_000 }, async () => {
    await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined), crystallize: { ...policy, promote: "people" } } });
    const gates = async () => (await kit.ask(NET, "gates")) as { firing: string }[];
    const yes = async () => {
      await waitUntil("people are asked", async () => (await gates()).length === 1);
      await kit.ask(NET, "decide", { firing: (await gates())[0]?.firing, decision: "approve", id: `d${count}` });
    };
    await until("the first is to be asked about", ({ gate }) => gate !== null, ["net", "ui", "db"]);
    await yes();
    await waitUntil("it is live", async () => (await row()).mode === "live");
    const first = await row();
    const asking = await until("the later one is to be asked about", ({ gate }) => gate !== null, Object.keys(OWNERS));
    expect(asking).toMatchObject({ mode: "live", rule: first.rule, record: { next: { same: expect.any(Number), other: 0 } } });
    // A crash while people are asked: the question stands, and the rule answers.
    await kit.crash();
    await waitUntil("the net is owned again", () => kit.stateOf(NET).crystals.size === 1);
    expect(await gates()).toHaveLength(1);
    await yes();
    await waitUntil("the later one has its place", async () => (await row()).rule !== first.rule && (await row()).mode === "live");
    await waitUntil("nothing is asked any more", async () => (await gates()).length === 0);
  });
});

const tickets2: RuleFile = {
  guard: [{ test: "in", path: "/ticket/area", values: ["net", "ui", "db"] }],
  answer: {
    kind: "object",
    fields: {
      owner: {
        kind: "table",
        keys: [{ path: "/ticket/area" }],
        rows: [
          { when: ["net"], give: "ada" },
          { when: ["ui"], give: "somebody else" },
          { when: ["db"], give: "nobody" },
        ],
      },
    },
  },
};

describe("a later rule that is wrong", () => {
  it("goes, with its disagreements kept, and while it stands the model says who is right where the two differ", {
    timeout: 180_000,
  }, async () => {
    await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ audit: 0.001 })) } });
    const crystal = crystalSchema.parse({ mode: "shadow", rule: tickets2, shadow: 6, promote: "policy" });
    await kit.ask(NET, "crystal-settle", { transition: "triage", action: "shadow", crystal });
    const standing = await row();
    expect(standing).toMatchObject({
      mode: "live",
      rule: ruleId(crystalSchema.parse(crystalOf()).rule),
      record: { next: { same: 0, other: 0 } },
    });
    await expect(kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote" })).rejects.toMatchObject({
      code: "shadow-not-over",
    });
    const before = asked;
    await tickets(4, ["ui"]);
    // L4: both claim it, and say otherwise.
    expect(asked - before).toBe(4);
    await tickets(2, ["db"]);
    await waitUntil("it is gone", async () => (await row()).definition?.next === undefined);
    expect(await row()).toMatchObject({ mode: "live", rule: standing.rule, record: { next: null } });
    expect((await stages()).map(({ stage }) => stage)).toContain("dropped");
    const lying = [...(kit.stateOf(NET).places.get("disagreements")?.values() ?? [])].map(({ token }) => token.data as JsonObject);
    expect(lying).toHaveLength(6);
    expect(lying[0]).toMatchObject({ mode: "shadow", model: { owner: "bob" }, says: { owner: "somebody else" } });
  });

  it("goes where it is wrong in what it would add, however often the two said the same meanwhile", { timeout: 180_000 }, async () => {
    await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ audit: 1 })) } });
    const rule = structuredClone(tickets2);
    (rule.answer as { fields: { owner: { rows: unknown[] } } }).fields.owner.rows.splice(1, 1, { when: ["ui"], give: "bob" });
    const crystal = crystalSchema.parse({ mode: "shadow", rule, shadow: 12, promote: "policy" });
    await kit.ask(NET, "crystal-settle", { transition: "triage", action: "shadow", crystal });
    const standing = await row();
    await tickets(2, ["db"]);
    await tickets(9, ["net", "ui"]);
    expect(await row()).toMatchObject({ record: { next: { same: 9, other: 2, beyond: { same: 0, other: 2 } } } });
    // 2 of 12 are within the bound, 2 of the 2 that only it claims are not.
    await tickets(1, ["net"]);
    await waitUntil("its shadow is over", async () => (await row()).definition?.next === undefined);
    expect(await row()).toMatchObject({ mode: "live", rule: standing.rule, record: { next: null } });
    expect((await stages()).filter(({ stage }) => stage === "promoted" || stage === "dropped")).toMatchObject([
      { stage: "promoted", rule: standing.rule },
      { stage: "dropped" },
    ]);
  });

  it("is refused when it is the very rule that answers", async () => {
    await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf()) } });
    const crystal = crystalSchema.parse({ mode: "shadow", rule: ticketRule });
    const again = kit.ask(NET, "crystal-settle", { transition: "triage", action: "shadow", crystal });
    await expect(again).rejects.toMatchObject({ code: "same-rule" });
  });
});
