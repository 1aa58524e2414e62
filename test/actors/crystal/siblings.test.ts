/** Three personas in one net: the one whose step has settled shows no model call any more, and its siblings keep theirs. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PersonaWorker } from "../../../src/actors/persona-work.ts";
import { eventsOf } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { personaNamed } from "../../support/net-personas.ts";
import { crystalOf, triageBy, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
const SIBLINGS = ["noter", "checker"] as const;
let kit: MasterKit;
let asked: Record<string, number>;

beforeEach(async () => {
  asked = {};
  const triage = triageBy((area) => (area === "net" ? "ada" : "bob"));
  const work: PersonaWorker = async (input, ports) => {
    const { firing, attempt, persona = "" } = input.firing;
    asked[persona] = (asked[persona] ?? 0) + 1;
    if (persona === "triage") return triage(input, ports);
    const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
    return { firing, attempt, outcome: { ok: true, value: { text: `by ${persona}` } }, extra: { model } };
  };
  kit = await masterKit({ work });
  await kit.ask(null, "apply-persona", { persona: triagePersona });
  for (const name of SIBLINGS) await kit.ask(null, "apply-persona", { persona: personaNamed(name) });
});
afterEach(() => kit.stop());

it("asks no model for the settled step but in audits, which the log tells, and each of the others for all of its work", async () => {
  const { places, transitions } = triageNet(crystalOf({ mode: "live", audit: 0.001 }), {
    out: [{ to: "sorted", value: { owner: "${$result.owner}" } }],
  });
  const llm = (persona: string, from: string, to: string) => ({
    ...{
      kind: "llm",
      persona,
      ask: "Go on.",
      in: [{ place: from, as: "job" }],
      out: [{ to, value: { owner: "${job.owner}" } }],
      onError: "errors",
    },
  });
  const steps = { ...transitions, note: llm("noter", "sorted", "noted"), check: llm("checker", "noted", "done") };
  await kit.ask(null, "apply-net", { definition: { net: NET, places: { ...places, sorted: {}, noted: {} }, transitions: steps } });
  for (let n = 0; n < 40; n += 1) await kit.put(NET, "tickets", { area: n % 2 === 0 ? "net" : "ui" });
  await waitUntil("all are done", () => kit.stateOf(NET).places.get("done")?.size === 40, 60_000);
  const record = kit.stateOf(NET).crystals.get("triage");
  const audits = (record?.audit.same ?? 0) + (record?.audit.other ?? 0);
  expect(asked).toEqual({ ...(audits > 0 ? { triage: audits } : {}), noter: 40, checker: 40 });
  expect(record?.answered).toBe(40 - audits);
  expect(record?.answered).toBeGreaterThanOrEqual(30);
  // What the events say, by which costs are told: no model where the rule answered, one everywhere else.
  const fired = (await eventsOf(kit.broker, NET)).filter(({ type, persona }) => type === "fired" && persona !== undefined);
  const withModel = (name: string) => fired.filter(({ persona, model }) => persona === name && model).length;
  expect(["triage", ...SIBLINGS].map(withModel)).toEqual([audits, 40, 40]);
  expect(fired.filter(({ transition }) => transition === "triage")).toHaveLength(40);
});
