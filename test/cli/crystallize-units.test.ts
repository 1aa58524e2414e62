/** Each number of `petrel crystallize`, `status` and `show` says what it counts. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { MasterKit } from "../support/master-kit.ts";
import { crystalOf, triageNet } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import type { Stage } from "./stage.ts";
import { triageStage } from "./triage-stage.ts";

const NET = "desk";
let kit: MasterKit;
let stage: Stage;
let end: () => Promise<void>;
beforeEach(async () => {
  ({ kit, stage, end } = await triageStage((area) => ({ net: "ada", ui: "zoe" })[area] ?? "eve"));
});
afterEach(() => end());

const apply = (...given: Parameters<typeof triageNet>) => kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(...given) } });
const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function work(...areas: string[]): Promise<void> {
  const before = done();
  for (const area of areas) await kit.put(NET, "tickets", { area });
  await waitUntil("all are done", () => done() === before + areas.length, 60_000);
}
const said = async (...args: string[]) => (await stage.run("crystallize", ...args)).out;

it("of a live rule: firings, answers compared in audits, answers that were no good", async () => {
  await apply(crystalOf({ audit: 1 }));
  await work("net", "net", "net", "ui", "db");
  const status = await said("status", NET);
  expect(status).toMatch(/triage .* live .* 0 +1 +3 of 4 the same/);
  expect(status).toContain(
    "ANSWERED: firings that the rule answered; LEFT: those that it left to the model; SHADOW, AUDITS: firings that both answered",
  );
  expect(await said("show", NET, "triage")).toMatch(
    /Since event \d+: 0 firings answered, 1 firing left to the model\. The same as the model's: 0 of 0 answers in its shadow, 3 of 4 answers in audits\. Sent back, rejected or corrected: 0 answers\./,
  );
});

it("of a shadow: how many firings it takes, and how many there were", async () => {
  await apply(crystalOf({ mode: "shadow", shadow: 20 }));
  expect(await said("status", NET)).toContain("no firing yet, it takes 20 firings");
  await work("net", "ui");
  expect(await said("status", NET)).toContain("1 of 2 the same, it takes 20 firings");
});

it("of the steps that could be settled: each column that is there, and none that is not", async () => {
  await apply(undefined);
  await work("net", "db");
  const table = await said(NET);
  expect(table).toMatch(/ASKED: firings that the model answered; SHAPES: forms of input; USD, TIME: of one firing by the model\.\n/);
  expect(table).not.toMatch(/BY RULE|CLAIMS|STABLE/);
});

it("of a rule that was taken away, and of one that a file brings again and leaves off, says so", async () => {
  await apply(crystalOf());
  await said("undo", NET, "triage");
  expect(await said("status", NET)).toContain("triage: its rule was taken away");
  await apply(crystalOf({ mode: "off" }));
  expect(await said("status", NET)).toMatch(/triage +triage +off +r-/);
  expect(await said("status", NET)).not.toContain("taken away");
});
