/** After drift a net with a policy learns anew, from what came since (J2); what people took away, it leaves to them. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { historyOf } from "../../../src/actors/crystal/history.ts";
import { type CrystalRow, crystalsOf, runningNet } from "../../../src/client/crystals.ts";
import type { JsonObject } from "../../../src/contract/json.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { triageBy, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
let owners: Record<string, string>;
let kit: MasterKit;
let count: number;
const worker = triageBy((area) => owners[area] ?? "zoe");
const policy = { every: 10, least: 60, bound: 0.2, confidence: 0.9, shadow: 5, audit: 0.5 };

beforeEach(async () => {
  owners = { net: "ada", ui: "bob", db: "eve" };
  count = 0;
  kit = await masterKit({ work: worker });
  await kit.ask(null, "apply-persona", { persona: triagePersona });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function tickets(many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "tickets", { area: ["net", "ui", "db"][count % 3], n: count });
  }
  await waitUntil(`${many} tickets are done`, () => done() === before + many, 60_000);
}
const row = async () => (await crystalsOf(kit.broker, NET))[0] as CrystalRow;
async function until(what: string, is: (now: CrystalRow) => boolean): Promise<CrystalRow> {
  for (let round = 0; round < 60 && !is(await row()); round += 1) await tickets(10);
  await waitUntil(what, async () => is(await row()));
  return row();
}
const stages = async () =>
  (await eventsOf(kit.broker, NET)).flatMap(({ attributes, seq }) =>
    Array.isArray(attributes?.crystallized) ? (attributes.crystallized as JsonObject[]).map((one): JsonObject => ({ ...one, seq })) : [],
  );
/** Until the rule of the old owners is live, then others own the areas, then it is demoted. */
async function drifted(promote: "policy" | "people"): Promise<CrystalRow> {
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined), crystallize: { ...policy, promote } } });
  await until("the first rule is live, or asked about", ({ mode, gate }) => mode === "live" || gate !== null);
  if (promote === "people") {
    await kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote", by: { user: "ada", roles: ["maintainer"] } });
    await waitUntil("nothing is asked", async () => (await gates()).length === 0);
  }
  owners = { net: "joe", ui: "kim", db: "lou" };
  const now = await until("drift is seen", ({ mode }) => mode === "demoted");
  await waitUntil("people are asked", async () => (await gates()).length === 1);
  await waitUntil("the file says so too", async () => (await row()).definition?.mode === "off");
  return now;
}
const gates = async () => (await kit.ask(NET, "gates")) as { firing: string }[];

it("a rule is learned from what came after the change, goes through its shadow, and answers", { timeout: 180_000 }, async () => {
  const old = await drifted("policy");
  const later = await until("another rule is live", ({ mode, rule }) => mode === "live" && rule !== old.rule);
  expect(JSON.stringify(later.definition?.rule)).toMatch(/joe/);
  expect(JSON.stringify(later.definition?.rule)).not.toMatch(/ada|bob|eve/);
  const told = await stages();
  const demoted = told.find(({ stage }) => stage === "demoted") ?? expect.fail("nothing was demoted");
  const after = told.filter(({ seq }) => Number(seq) > Number(demoted.seq)).map(({ stage }) => stage);
  expect(after.filter((stage) => stage === "shadow" || stage === "promoted")).toEqual(["shadow", "promoted"]);
  // The question about the old one is not in question any more.
  await waitUntil("nothing is asked", async () => (await gates()).length === 0);
  // Nothing of before the change is an example, and what the proof looked at came later.
  const [step] = await historyOf(kit.broker, await runningNet(kit.broker, NET));
  expect(step?.examples.every(({ output }) => ["joe", "kim", "lou"].includes(String((output as JsonObject).owner)))).toBe(true);
  expect(step?.outdated).toBeGreaterThan(60);
  expect(done()).toBe(count);
});

it("where people say no, it is left to its model", { timeout: 180_000 }, async () => {
  await drifted("people");
  const [gate] = await gates();
  await kit.ask(NET, "decide", { firing: gate?.firing, decision: "reject", id: "no" });
  await waitUntil("they have said so", async () => (await row()).record?.demoted != null && (await gates()).length === 0);
  const before = (await stages()).length;
  await tickets(120);
  expect((await stages()).slice(before).filter(({ stage }) => stage === "learned" || stage === "shadow")).toEqual([]);
});
