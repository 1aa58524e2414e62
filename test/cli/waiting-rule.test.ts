/** A rule while people are asked about it, and one that has never been beside its model: what is told, and what may happen meanwhile. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { MasterKit } from "../support/master-kit.ts";
import { crystalOf, triageNet } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import type { Stage } from "./stage.ts";
import { triageStage } from "./triage-stage.ts";

const NET = "desk";
const SLOW = 120_000;
let kit: MasterKit;
let stage: Stage;
let end: () => Promise<void>;
let owners: Record<string, string>;

beforeEach(async () => {
  owners = { net: "ada", ui: "bob" };
  ({ kit, stage, end } = await triageStage((area) => owners[area] ?? "eve"));
});
afterEach(() => end());

const apply = async (...given: Parameters<typeof triageNet>): Promise<string> =>
  ((await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(...given) } })) as { hash: string }).hash;
const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function work(many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) await kit.put(NET, "tickets", { area: "net", n: before + n });
  await waitUntil(`${many} are done`, () => done() >= before + many, 60_000);
}
const said = async (...args: string[]) => {
  const { out, err } = await stage.run(...args);
  return `${out}${err}`;
};
const record = () => kit.stateOf(NET).crystals.get("triage");
const gates = () => said("gate", "ls", NET);

it("is asked about with its comparisons as they stand now", { timeout: SLOW }, async () => {
  await apply(crystalOf({ mode: "shadow", shadow: 4 }));
  await work(4);
  await waitUntil("people are asked", async () => (await gates()).includes("4 of 4 answers were the model's"));
  await work(6);
  expect(await gates()).toContain("May the rule of triage answer? 10 of 10 answers were the model's");
  const [{ inputs }] = (await kit.ask(NET, "gates")) as [{ inputs: { notice: object } }];
  expect(inputs.notice).toMatchObject({ reason: "10 of 10 answers were the model's", evidence: { shadow: { same: 10, other: 0 } } });
});

it("is demoted when the world changes before they have said anything, and is not promoted by a yes", { timeout: SLOW }, async () => {
  await apply(crystalOf({ mode: "shadow", shadow: 4 }));
  await work(4);
  await waitUntil("people are asked", () => record()?.notice?.about === "promote");
  owners.net = "zoe";
  await work(20);
  await waitUntil("it is demoted", () => record()?.demoted !== null);
  expect(record()?.demoted?.reason).toMatch(/^in its shadow/);
  await waitUntil("the other question stands there alone", async () => /was demoted/.test(await gates()) && !/May the/.test(await gates()));
  expect(await said("crystallize", "promote", NET, "triage")).toContain("the rule of triage was demoted: in its shadow");
  // A yes sends it beside the model again.
  expect(await said("gate", "approve", NET, "crystal-triage")).toContain("approved crystal-triage");
  await waitUntil("it is in its shadow", () => record()?.demoted === null && record()?.mode === "shadow");
  await work(10);
  expect(record()?.answered).toBe(0);
});

it("is not promoted by the way when it was switched off and never beside its model", async () => {
  await apply(crystalOf({ mode: "off", shadow: 4 }));
  const refused = await said("crystallize", "promote", NET, "triage");
  expect(refused).toContain("the rule of triage has been beside the model for 0 of 4 firings");
  expect(refused).toContain(`petrel crystallize shadow ${NET} triage --again puts it there; --early promotes it all the same`);
  expect(await said("crystallize", "promote", NET, "triage", "--early")).toContain("answers in the model's place now");
});

it("that was demoted is not told to answer again by an older version that is applied", { timeout: SLOW }, async () => {
  const live = await apply(crystalOf({ mode: "live", audit: 1 }));
  owners.net = "zoe";
  await work(30);
  await waitUntil("it is switched off", () => record()?.demoted !== null && kit.stateOf(NET).definition !== live, 60_000);
  const rule = record()?.rule ?? "";
  const says =
    `the rule of triage answers no more: it was demoted, and applying a version that has it does not bring it back (${rule}); ` +
    `petrel crystallize shadow ${NET} triage --again has it begin again`;
  expect(await said("net", "rollback", NET, "--to", live, "--dry-run")).toContain(says);
  const told = await said("net", "rollback", NET, "--to", live);
  expect(told).toContain(says);
  expect(told).not.toContain("in the model's place");
  expect((await said("events", NET, "--type", "edited")).match(/in the model.s place/g) ?? []).toHaveLength(0);
  await work(4);
  expect(record()).toMatchObject({ demoted: expect.anything(), answered: 0 });
});
