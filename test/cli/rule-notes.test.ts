/** The log as people read it: of each firing of a step with a rule it says who answered, and why a model was asked. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { ruleNote } from "../../src/contract/rule-note.ts";
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

const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function work(...areas: string[]): Promise<void> {
  for (const area of areas) {
    const before = done();
    await kit.put(NET, "tickets", { area });
    await waitUntil("it is done", () => done() > before, 60_000);
  }
}
/** What stands behind the sentences of the log's lines, without the rule's name. */
async function notes(): Promise<string[]> {
  const { out } = await stage.run("events", NET, "--type", "started", "fired");
  const rule = kit.stateOf(NET).crystals.get("triage")?.rule ?? "";
  return out
    .trim()
    .split("\n")
    .map((line) => (/ \(([^)]*(?:model|missed)[^)]*)\)$/.exec(line)?.[1] ?? "-").replaceAll(rule, "R"));
}

it("says of a live rule's firings who answered, and why the model did", async () => {
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ mode: "live", audit: 0.001 })) } });
  await work("net", "db");
  expect(await notes()).toEqual([
    "rule R answered, no model",
    expect.stringMatching(/^rule R leaves it to the model: outside the rule's domain: not ticket\.area .+/),
    "the model, rule R left it",
  ]);
});

it("says of audits and of a shadow how the two compared", async () => {
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ mode: "live", audit: 1 })) } });
  await work("net");
  expect(await notes()).toEqual(["rule R is audited: the model is asked as well", "the model, rule R audited: it said the same"]);
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ mode: "shadow", shadow: 50 })) } });
  await work("ui");
  expect((await notes()).slice(2)).toEqual(["-", "the model, rule R in its shadow: it said otherwise"]);
});

it("says behind a gate too why the model is asked, and nothing of steps without a rule", async () => {
  const gate = { name: "desk", approvers: ["role:maintainer"] };
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(crystalOf({ mode: "live", audit: 0.001 }), { gate }) } });
  await kit.put(NET, "tickets", { area: "db" });
  const gates = async () => (await kit.ask(NET, "gates")) as { firing: string }[];
  await waitUntil("it waits", async () => (await gates()).length === 1, 60_000);
  await kit.ask(NET, "decide", { firing: (await gates())[0]?.firing ?? "", decision: "approve", id: "d1" });
  await waitUntil("it is done", () => done() === 1, 60_000);
  expect(await notes()).toEqual([expect.stringMatching(/^rule R leaves it to the model: outside/), "the model, rule R left it"]);

  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined) } });
  await work("net");
  expect((await notes()).slice(2)).toEqual(["-", "-"]);
});

it("keeps a reason short, and tells a program that began, a missed audit and a judge's pair apart", () => {
  const note = (type: "started" | "fired" | "lapsed", crystal: object) =>
    ruleNote({ type, attributes: { crystal: { rule: "r-1", mode: "live", by: "model", ...crystal } } });
  expect(note("started", { declined: `not\n${"x".repeat(500)}` })).toMatch(/^rule r-1 leaves it to the model: not x{115}…$/);
  expect(note("started", { by: "rule" })).toBe("rule r-1 makes the calls, no model is asked");
  expect(note("fired", { declined: "no way on", handed: true })).toBe("the model, with what rule r-1 had made");
  expect(note("fired", { by: "rule", missed: { code: "no-model" } })).toBe("rule r-1 answered, its audit was missed");
  expect(note("fired", { unjudged: true })).toBe("the model, rule r-1 audited: other words, for its judge");
  expect(note("lapsed", { by: "rule" })).toBeNull();
  expect(ruleNote({ type: "fired" })).toBeNull();
});
