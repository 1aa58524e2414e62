/** Which answers count against a rule: its own, found by what a token is made of, in a batch that shares one correlation too. */
import { expect, it } from "vitest";
import type { Json } from "../../../src/contract/json.ts";
import { foldEvents } from "../../../src/net/fold.ts";
import { decisionDraft, findGates } from "../../../src/net/gates.ts";
import { settleDraft } from "../../../src/net/settle.ts";
import { Bench } from "../../support/net-state.ts";
import { crystalOf, triageNet } from "../../support/ticket-rule.ts";

type NetFile = ConstructorParameters<typeof Bench>[0];
/** Of tickets in one batch, triage drafts an answer; the rule knows `ui` and `net`. */
const bench = (places: object, transitions: object) => {
  const desk = triageNet(crystalOf(), {
    out: [{ to: "drafts", value: { owner: "${$result.owner}", area: "${ticket.area}", n: "${ticket.n}" } }],
  });
  const spread = { kind: "pass", in: [{ place: "batches", as: "batch" }], out: [{ to: "tickets", each: "batch.items" }] };
  const own = {
    places: { ...desk.places, batches: { open: true }, drafts: {}, ...places },
    transitions: { spread, ...desk.transitions, ...transitions },
  };
  return new Bench(own as NetFile);
};
function answer(own: Bench, value: Json): void {
  const [firing] = [...own.state.firings.values()].filter(({ gate }) => gate === null);
  const transition = own.net.transitions.get(firing?.transition ?? "");
  if (!firing || !transition) throw new Error("nothing is under way");
  const extra = { model: { provider: "test", name: "m", calls: 1, inputTokens: 1, outputTokens: 1, costUsd: 0 } };
  own.commit({ ...settleDraft(own.state, own.net, transition, firing, { ok: true, value }, own.now, 0.5), ...extra });
}
/** One ticket after the other, each by the rule or by the model; an audited one is asked of the model as well. */
function triage(own: Bench, owner = "ada"): void {
  for (let event = own.fire("triage"); event; event = own.fire("triage")) if (event.type === "started") answer(own, { owner });
}
const batch = (own: Bench, areas: string[]) => {
  own.put("batches", { items: areas.map((area, n) => ({ area, n })) });
  own.fire("spread");
};
const record = (own: Bench) => own.state.crystals.get("triage");
/** Rules are audited in the beginning: until this many answers were its own. */
function answered(own: Bench, wanted: number): void {
  for (let tries = 0; tries < 60 && (record(own)?.answered ?? 0) < wanted; tries += 1) {
    batch(own, ["net"]);
    triage(own);
  }
  expect(record(own)?.answered).toBeGreaterThanOrEqual(wanted);
}
function agreesWithLog(own: Bench): void {
  expect(foldEvents("n", own.log).crystals).toEqual(own.state.crystals);
}

const check = (bad: string) => ({
  ...{ kind: "pass", in: [{ place: "drafts", as: "draft" }] },
  out: [
    { to: "tickets", when: bad, value: { area: "${draft.area}", n: "${draft.n + 100}" } },
    { to: "done", otherwise: true },
  ],
});

it("does not blame the rule for what a model said to another ticket of the batch", () => {
  const own = bench({}, { check: check("draft.area == 'db' && draft.n < 100") });
  batch(own, ["db", "db", "net", "ui", "net", "ui", "net", "ui", "net", "ui"]);
  triage(own, "zoe");
  expect(record(own)?.answered).toBeGreaterThan(0);
  while (own.fire("check"));
  triage(own, "zoe");
  expect(own.log.filter(({ attributes }) => attributes?.reworked === true)).toHaveLength(2);
  expect(record(own)?.bad).toBe(0);
  agreesWithLog(own);
});

it("blames the rule for its own answer, although a model has spoken later in the same batch", () => {
  const own = bench({}, { check: check("draft.area == 'ui' && draft.n < 100") });
  batch(own, ["ui", "ui", "ui", "ui", "ui", "ui", "db"]);
  triage(own, "zoe");
  const ownAnswers = record(own)?.answered ?? 0;
  expect(ownAnswers).toBeGreaterThan(0);
  while (own.fire("check"));
  triage(own, "zoe");
  expect(record(own)?.bad).toBe(ownAnswers);
  agreesWithLog(own);
});

const look = { kind: "pass", in: [{ place: "shown", as: "job" }], gate: { approvers: ["role:maintainer"] }, out: [{ to: "done" }] };
function turnDown(own: Bench): void {
  own.fire("look");
  const by = { user: "ada", roles: ["maintainer"] };
  const request = { id: `d${own.state.seq}`, decision: "reject" as const, by };
  const [firing] = findGates(own.state);
  const transition = own.net.transitions.get("look");
  const draft = firing && transition ? decisionDraft(own.state, transition, firing, request, own.now) : null;
  if (!draft) throw new Error("nobody was asked");
  own.commit(draft);
}

it("blames the rule for what people turn down behind a step that asks no model", () => {
  const shape = { kind: "map", in: [{ place: "drafts", as: "draft" }], value: { text: "${draft.owner}" }, out: [{ to: "shown" }] };
  const own = bench({ shown: {} }, { shape, look });
  answered(own, 1);
  while (own.fire("shape"));
  const places = [...(own.state.places.get("shown")?.keys() ?? [])];
  for (const _ of places) turnDown(own);
  expect(record(own)?.bad).toBe(record(own)?.answered);
  agreesWithLog(own);
});

it("does not blame it for what another model has made of its answer", () => {
  const write = { kind: "llm", persona: "writer", ask: "Write.", in: [{ place: "drafts", as: "draft" }], out: [{ to: "shown" }] };
  const own = bench({ shown: {} }, { write, look });
  answered(own, 2);
  while (own.fire("write")) answer(own, { text: "x" });
  for (const _ of [...(own.state.places.get("shown")?.keys() ?? [])]) turnDown(own);
  expect(record(own)?.bad).toBe(0);
  agreesWithLog(own);
});

it("does not blame it for what is made of a lock or a tally that once lay beside its answer", () => {
  const shape = {
    kind: "map",
    in: [
      { place: "drafts", as: "draft" },
      { place: "slots", as: "slot" },
    ],
    ...{ route: "all", value: { text: "${draft.owner}" } },
    out: [{ to: "shown" }, { to: "slots", value: { n: "${slot.n + 1}" } }],
  };
  const own = bench({ shown: {}, slots: { open: true } }, { shape, look });
  own.put("slots", { n: 0 });
  answered(own, 1);
  while (own.fire("shape"));
  const { answered: answers } = record(own) ?? {};
  for (const _ of [...(own.state.places.get("shown")?.keys() ?? [])]) turnDown(own);
  expect(record(own)?.bad).toBe(answers);
  // These are the model's, through the same slot.
  batch(own, ["db", "db"]);
  triage(own, "zoe");
  while (own.fire("shape"));
  for (const _ of [...(own.state.places.get("shown")?.keys() ?? [])]) turnDown(own);
  expect(own.log.filter(({ type }) => type === "decided").length).toBeGreaterThan(answers ?? 0);
  expect(record(own)?.bad).toBe(answers);
  agreesWithLog(own);
});
