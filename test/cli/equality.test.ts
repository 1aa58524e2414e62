/** When two answers count as the same: a step says so, or a command does for once, and neither makes the net look for rules by itself. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { eventsOf } from "../support/log-check.ts";
import type { MasterKit } from "../support/master-kit.ts";
import { triageNet, triagePersona } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import type { Stage } from "./stage.ts";
import { triageStage } from "./triage-stage.ts";

const NET = "desk";
const FOLDED = { fields: { owner: { text: "folded" } } } as const;
let kit: MasterKit;
let stage: Stage;
let end: () => Promise<void>;

beforeEach(async () => {
  let asked = 0;
  // Two in five answers are written in another case: nothing that the input tells.
  const owner = (area: string) => {
    asked += 1;
    return asked % 5 < 2 ? area.toUpperCase() : area;
  };
  ({ kit, stage, end } = await triageStage(owner, { least: 40, bound: 0.15, shadow: 3 }));
});
afterEach(() => end());

async function netWith(transition: object, net: object = {}): Promise<void> {
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined, transition), ...net } });
  for (let n = 0; n < 90; n += 1) await kit.put(NET, "tickets", { area: ["net", "ui", "db"][n % 3] ?? "" });
  await waitUntil("all are done", () => kit.stateOf(NET).places.get("done")?.size === 90, 60_000);
}
const said = async (...args: string[]) => {
  const { out, err } = await stage.run("crystallize", ...args);
  return `${out}${err}`;
};
const crystal = () => kit.master.terms.get(NET)?.net?.transitions.get("triage")?.crystal;

it("goes by what the step declares, without any policy of its net, and nothing begins by itself", async () => {
  await netWith({ equality: FOLDED });
  expect(await said(NET)).toContain(`triage: petrel crystallize show ${NET} triage, then petrel crystallize shadow ${NET} triage`);
  expect(kit.stateOf(NET).crystals.size).toBe(0);
  expect(await said("shadow", NET, "triage")).toContain("is beside its model now");
  // The rule takes it with it.
  expect(crystal()?.definition.equality).toEqual(FOLDED);
});

it("goes by the step before the net", async () => {
  await netWith({ equality: "exact" }, { crystallize: { equality: FOLDED, every: 10_000, least: 40 } });
  expect(await said(NET)).toContain("triage: stays with the model: ");
  expect(await said(NET, "--equality", JSON.stringify(FOLDED))).toContain(`petrel crystallize shadow ${NET} triage`);
});

it("takes it from the command, as JSON or from a file, for this once", async () => {
  await netWith({});
  expect(await said(NET)).toContain("triage: stays with the model: ");
  expect(await said("shadow", NET, "triage", "--equality", "exact")).toMatch(/not-proven|nothing-learned|is not proven|no rule for/);
  stage.file("same.json", JSON.stringify({ equality: FOLDED }));
  expect(await said("show", NET, "triage", "--equality", "same.json")).toContain("It is good enough.");
  expect(await said("shadow", NET, "triage", "--equality", "same.json")).toContain("is beside its model now");
  expect(crystal()?.definition.equality).toEqual(FOLDED);
  // What stands there is shown under another equality too.
  expect(await said("show", NET, "triage", "--equality", "exact")).toContain("It answered otherwise:");
  expect(await said("show", NET, "triage")).not.toContain("It answered otherwise:");
  expect(await said("shadow", NET, "triage", "--again", "--equality", "exact")).toContain("--again takes the rule as it stands");
});

it("says what is wrong with it, and where", async () => {
  await netWith({});
  expect(await said(NET, "--equality", '{"fields": {"owner": "folded"}}')).toMatch(/says nothing of when two answers are the same/);
  stage.file("cut.json", '{\n "fields": ');
  expect(await said(NET, "--equality", "cut.json")).toMatch(/cut\.json:2:\d+/);
  expect(await said(NET, "--equality", "none.json")).toContain("none.json does not exist");
  // A judge whom nobody names cannot be asked.
  stage.env.ANTHROPIC_API_KEY = "nobody is asked";
  expect(await said(NET, "triage", "--judge")).toContain("--judge has nobody to ask");
  const judged = await said(NET, "triage", "--judge", "--equality", '{"judge":"editor"}');
  expect(judged).not.toContain("--judge has nobody to ask");
});

it("asks the judge that only the command names, shows the rule, and books what that cost", async () => {
  const stub = await startAnthropicStub([], () => [{ tools: [{ name: "verdict", input: { same: true, why: "" } }] }]);
  try {
    await netWith({});
    await kit.ask(null, "apply-persona", { persona: { ...triagePersona, persona: "editor", output: undefined } });
    stage.clock = kit.clock;
    Object.assign(stage.env, { ANTHROPIC_API_KEY: "stub", ANTHROPIC_BASE_URL: stub.url });
    const shown = await stage.run("crystallize", "show", NET, "triage", "--judge", "--equality", '{"fields":{"owner":{"judge":"editor"}}}');
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining("A rule for triage in desk") });
    expect(stub.requests.length).toBeGreaterThan(0);
    const told = (await eventsOf(kit.broker, NET)).filter(({ type, model }) => type === "crystallized" && model);
    expect(told).toMatchObject([{ persona: "rule-writer", model: { calls: expect.any(Number) } }]);
  } finally {
    await stub.close();
  }
});

it("warns of fields that the answers do not have, at each command that goes by them", async () => {
  await netWith({ equality: { fields: { ownr: "exact" } } });
  const warning = 'triage: its equality names "ownr", which the answers of triage do not have: they are compared exactly';
  for (const args of [[NET], ["show", NET, "triage"], ["shadow", NET, "triage"]]) expect(await said(...args)).toContain(warning);
  expect((await stage.run("crystallize", NET, "--json")).json).toMatchObject({ warnings: [{ transition: "triage" }] });
  expect(await said(NET, "--equality", JSON.stringify(FOLDED))).not.toContain("its equality names");
});
