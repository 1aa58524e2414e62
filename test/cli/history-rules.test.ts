/** `trace` and `why` on a step with a rule, as an engine wrote it: who answered, and where the rule comes from. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { personaNamed } from "../support/net-personas.ts";
import { crystalOf, triageNet } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history } from "./history-stage.ts";

const proof = {
  ...{ learner: "lookup", from: 131, to: 182, learned: 140, held: 60, covered: 60, wrong: 0, bound: 0.049, confidence: 0.95 },
  ...{ coverage: 1, savedUsd: 1, savedMs: 1, by: "ada", at: "2026-01-01T00:00:00.000Z" },
};
const PROOF = "learned (lookup) from 140 firings; of 60 later ones (events 131 to 182) it claimed 60";
let own: History;
beforeEach(async () => {
  own = await history();
  await own.kit.ask(null, "apply-persona", { persona: { ...personaNamed("author"), persona: "triage" } });
});
afterEach(() => own.stop());

const apply = (mode: "live" | "shadow") =>
  own.kit.ask(null, "apply-net", { definition: { net: "desk", ...triageNet(crystalOf({ mode, proof })) } });
/** Puts a ticket and gives back what became of it. */
async function done(area: string): Promise<string> {
  const lying = () => [...(own.kit.stateOf("desk").places.get("done")?.keys() ?? [])];
  const before = new Set(lying());
  await own.kit.put("desk", "tickets", { area });
  await waitUntil("it is done", () => lying().length > before.size);
  return lying().find((id) => !before.has(id)) ?? "";
}
const trace = async (id: string) => {
  const { json } = await own.stage.run("trace", id, "--json");
  const { before } = json as unknown as { before: { transition: string | null; rule: unknown; model: unknown }[] };
  const { out } = await own.stage.run("trace", id);
  return { step: before.find(({ transition }) => transition === "triage"), text: out };
};

it("a token that a rule made names it, with its learner and its proof; the others say why the model was asked", async () => {
  await apply("live");
  let byRule = "";
  // Some are audited in the beginning.
  for (let n = 0; n < 50 && byRule === ""; n += 1) {
    const id = await done("net");
    if ((await trace(id)).step?.model === null) byRule = id;
  }
  const { step, text } = await trace(byRule);
  expect(step?.rule).toMatchObject({
    rule: expect.stringMatching(/^r-/),
    mode: "live",
    by: "rule",
    proof: { learner: "lookup", held: 60 },
  });
  expect(text).toMatch(/rule r-\w+ answered in the model's place/);
  expect(text).toContain(PROOF);
  const left = await trace(await done("garden"));
  expect(left.step).toMatchObject({ rule: { by: "model", declined: expect.any(String) }, model: { calls: 2 } });
  expect(left.text).toMatch(/rule r-\w+ left it to the model: /);
  expect((await own.stage.run("why", "desk", "triage")).out).toMatch(/answers in the model's place where it claims to, \d+ times so far/);
});

it("in the shadow both are told", async () => {
  await apply("shadow");
  const { step, text } = await trace(await done("net"));
  expect(step?.rule).toMatchObject({ by: "model", mode: "shadow", same: false, proof: { learner: "lookup" } });
  expect(text).toMatch(/rule r-\w+ in its shadow: it said otherwise/);
  expect((await own.stage.run("why", "desk", "triage")).out).toContain("is in its shadow, 1 of ");
});
