/** A rule that an older version of the net does not have, or asks otherwise than it was learned from, is told where that version is made to run. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { MasterKit } from "../support/master-kit.ts";
import { crystalOf, triageNet } from "../support/ticket-rule.ts";
import type { Stage } from "./stage.ts";
import { triageStage } from "./triage-stage.ts";

const NET = "desk";
let kit: MasterKit;
let stage: Stage;
let end: () => Promise<void>;
beforeEach(async () => {
  ({ kit, stage, end } = await triageStage(() => "ada"));
});
afterEach(() => end());

const apply = async (...given: Parameters<typeof triageNet>): Promise<string> =>
  ((await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(...given) } })) as { hash: string }).hash;
const rollBack = (to: string, ...more: string[]) => stage.run("net", "rollback", NET, "--to", to, ...more);

it("says that a rule answers no more, since the older version asks something else, before and after", async () => {
  const old = await apply(crystalOf(), { ask: "Whose is ${ticket.area}?" });
  await apply(undefined);
  await apply(crystalOf());
  const rule = kit.stateOf(NET).crystals.get("triage")?.rule ?? "";
  const said = `the rule of triage answers no more: its step asks something else now (${rule}); people are asked: petrel gate ls ${NET}`;
  expect((await rollBack(old, "--dry-run")).out).toContain(said);
  expect(kit.stateOf(NET).crystals.get("triage")?.outdated).toBeUndefined();
  expect((await rollBack(old)).out).toContain(said);
  expect(kit.stateOf(NET).crystals.get("triage")?.outdated).toBeGreaterThan(0);
});

it("says that a rule is gone, or comes back, in text and in JSON; of a version that changes none it says nothing", async () => {
  const first = await apply(undefined);
  const second = await apply(undefined, { concurrency: 2 });
  const third = await apply(crystalOf(), { concurrency: 2 });
  const gone = await rollBack(second, "--json");
  const { rule } = (gone.json as { rules: { rule: string }[] }).rules[0] ?? {};
  expect(rule).toMatch(/^r-/);
  const says = "the rule of triage answers no more: the model does all of it";
  expect(gone.json).toMatchObject({ rules: [{ transition: "triage", stage: "undone", says }] });
  expect((await rollBack(third)).out).toContain(`the rule of triage answers in the model's place (${rule})`);
  expect((await rollBack(first)).out).toContain(`${says} (${rule})`);
  expect((await rollBack(second)).out).not.toContain("rule");
});
