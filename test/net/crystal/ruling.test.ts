/** A rule in a model's place, decided and folded (L1, L2, L3, K2, K3, N1, N2, N3). */
import { describe, expect, it } from "vitest";
import type { NetEvent } from "../../../src/contract/event.ts";
import type { Json } from "../../../src/contract/json.ts";
import { compileNet } from "../../../src/net/compiled-net.ts";
import { drawOf } from "../../../src/net/crystal/ruling.ts";
import { decideTransition } from "../../../src/net/decide.ts";
import { netSchema } from "../../../src/net/definition.ts";
import { foldEvents } from "../../../src/net/fold.ts";
import { decisionDraft, findGates } from "../../../src/net/gates.ts";
import { settleDraft } from "../../../src/net/settle.ts";
import { Bench } from "../../support/net-state.ts";
import { crystalOf, ticketRule, triageNet } from "../../support/ticket-rule.ts";

const bench = (more: Parameters<typeof crystalOf>[0] = {}, transition: object = {}) => new Bench(triageNet(crystalOf(more), transition));

/** What the model says of the oldest open firing. */
function answer(own: Bench, value: Json): NetEvent {
  const [firing] = [...own.state.firings.values()].filter(({ gate }) => gate === null);
  const transition = own.net.transitions.get(firing?.transition ?? "");
  if (!firing || !transition) throw new Error("nothing is under way");
  return own.commit(settleDraft(own.state, own.net, transition, firing, { ok: true, value }, own.now, 0.5));
}
const record = (own: Bench) => own.state.crystals.get("triage");
/** The log alone gives the same state. */
function agreesWithLog(own: Bench): void {
  const folded = foldEvents("n", own.log);
  expect(folded.crystals).toEqual(own.state.crystals);
  expect([...folded.places.entries()]).toEqual([...own.state.places.entries()]);
}
/** Tickets until one firing is of the wanted kind. */
function until(own: Bench, type: "fired" | "started", area = "net"): NetEvent {
  for (let tries = 0; tries < 500; tries += 1) {
    own.put("tickets", { area, n: tries });
    const event = own.fire("triage");
    if (event?.type === type) return event;
    if (event?.type === "started") answer(own, { owner: "ada" });
  }
  throw new Error(`no ${type} in 500 tickets`);
}

describe("a live rule", () => {
  it("answers in one event: no model, the token says which rule made it", () => {
    const own = bench();
    const event = until(own, "fired");
    expect(event.attributes?.crystal).toEqual({
      rule: own.net.transitions.get("triage")?.crystal?.id,
      mode: "live",
      by: "rule",
      region: '="ada"',
    });
    expect(event.model).toBeUndefined();
    expect(event.produced?.[0]?.token).toMatchObject({
      data: { owner: "ada" },
      by: "triage",
      from: { transition: "triage", rule: expect.any(String) },
    });
    expect(own.log.some(({ type, firing }) => type === "started" && firing === event.firing)).toBe(false);
    expect(record(own)?.answered).toBe(1);
    agreesWithLog(own);
  });
  it("leaves what it does not claim to the model, and says why", () => {
    const own = bench();
    own.put("tickets", { area: "billing" });
    expect(own.fire("triage")).toMatchObject({
      type: "started",
      attributes: { crystal: { by: "model", declined: expect.stringContaining("area") } },
    });
    expect(answer(own, { owner: "eve" }).attributes?.crystal).toMatchObject({ declined: expect.any(String) });
    expect(record(own)).toMatchObject({ answered: 0, declined: 1 });
    expect(own.data("disagreements")).toEqual([]);
    agreesWithLog(own);
  });
  it("is asked beside the model in a share of its firings, the same ones each time (L2)", () => {
    const own = bench({ audit: 0.2 });
    const audited = until(own, "started");
    const again = bench({ audit: 0.2 });
    expect(until(again, "started").firing).toBe(audited.firing);
    const event = answer(own, { owner: "ada" });
    expect(event.attributes?.crystal).toMatchObject({ by: "model", same: true });
    expect(record(own)?.audit.same).toBeGreaterThan(0);
    const draws = Array.from({ length: 2000 }, (_, at) => drawOf(`f-${at}`));
    expect(draws.filter((draw) => draw < 0.1).length / 2000).toBeCloseTo(0.1, 1);
  });
  it("is contradicted in an audit: the model's answer counts, both lie in a token (L3)", () => {
    const own = bench({ audit: 1 });
    own.put("tickets", { area: "ui" });
    own.fire("triage");
    const event = answer(own, { owner: "eve" });
    expect(own.data("done")).toEqual([{ owner: "eve" }]);
    expect(own.data("disagreements")).toMatchObject([
      { about: "disagreement", input: { ticket: { area: "ui" } }, model: { owner: "eve" }, says: { owner: "bob" }, firing: event.firing },
    ]);
    agreesWithLog(own);
  });
  it("answers nothing that its persona could not have said: the model is asked", () => {
    const own = bench();
    const transition = own.net.transitions.get("triage");
    if (!transition) throw new Error("no triage");
    for (let n = 0; n < 20; n += 1) own.put("tickets", { area: "net", n });
    const draft = decideTransition(own.state, own.net, transition, own.now, undefined, undefined, () => false);
    expect(draft).toMatchObject({ type: "started", attributes: { crystal: { declined: expect.stringContaining("schema") } } });
  });
  it("asks the model where its answer would find no way out", () => {
    const own = bench({}, { out: [{ to: "done", when: '$result.owner == "eve"' }] });
    for (let n = 0; n < 20; n += 1) own.put("tickets", { area: "net", n });
    let declined = 0;
    for (let event = own.fire("triage"); event; event = own.fire("triage")) {
      expect(event.type).toBe("started");
      if (JSON.stringify(event.attributes?.crystal).includes("no way out")) declined += 1;
    }
    expect(declined).toBeGreaterThan(2);
  });
  it("does not look into what lies in the artefact store", () => {
    const own = bench();
    own.put("tickets", { area: { $artifact: "a", sha256: "a", size: 9, type: "text/plain; charset=utf-8" } });
    expect(own.fire("triage")).toMatchObject({
      type: "started",
      attributes: { crystal: { declined: expect.stringContaining("artefact store") } },
    });
  });
  it("waits like every firing in one event while a place has no room", () => {
    const own = new Bench({
      ...triageNet(crystalOf(), { route: "all", out: [{ to: "done" }, { to: "done" }] }),
      places: { tickets: { open: true }, done: { capacity: 2 }, errors: { sink: true } },
    });
    until(own, "fired");
    own.put("tickets", { area: "net" });
    expect(own.decide("triage")).toBeNull();
  });
  it("starts only after its gate, and then without a model", () => {
    const own = bench({}, { gate: { approvers: ["role:maintainer"] } });
    own.put("tickets", { area: "net" });
    expect(own.fire("triage")?.type).toBe("gated");
    const [held] = findGates(own.state);
    const transition = own.net.transitions.get("triage");
    if (!held || !transition) throw new Error("no gate");
    const draft = decisionDraft(
      own.state,
      transition,
      held,
      { id: "d1", decision: "approve", by: { user: "ada", roles: ["maintainer"] } },
      own.now,
    );
    if (draft) own.commit(draft);
    const event = own.fire("triage");
    // Its firing may be one that is audited.
    expect(event?.type === "fired" ? event.attributes?.crystal : event?.attributes?.crystal).toBeDefined();
    agreesWithLog(own);
  });
  it.each([
    { name: "taken away", now: undefined, answers: false },
    { name: "switched off", now: crystalOf({ mode: "off" }), answers: false },
    { name: "put beside the model again", now: crystalOf({ mode: "shadow" }), answers: false },
    { name: "replaced by another one", now: crystalOf({ rule: { ...ticketRule, guard: [] } }), answers: false },
    { name: "left as it was, with another share of audits", now: crystalOf({ audit: 0.5 }), answers: true },
  ])("$name while firings wait at their gate, it answers those of them that it still may (L5)", ({ now, answers }) => {
    const gate = { gate: { approvers: ["role:maintainer"] } };
    const own = bench({ audit: 0.001 }, gate);
    const began = own.net;
    for (let n = 0; n < 8; n += 1) own.put("tickets", { area: "net", n });
    while (own.fire("triage")?.type === "gated");
    own.net = compileNet(netSchema.parse({ net: "n", ...triageNet(now, gate) }), "v2");
    const transition = own.net.transitions.get("triage");
    if (!transition) throw new Error("no triage");
    const types: string[] = [];
    for (const held of findGates(own.state)) {
      const by = { user: "ada", roles: ["maintainer"] };
      const decided = decisionDraft(own.state, transition, held, { id: held.firing, decision: "approve", by }, own.now);
      if (decided) own.commit(decided);
      const draft = decideTransition(own.state, own.net, transition, own.now, () => began);
      if (!draft) throw new Error("nothing follows the yes");
      types.push(own.commit(draft).type);
      if (draft.type === "started") expect(answer(own, { owner: "ada" }).type).toBe("fired");
    }
    expect(types).toHaveLength(8);
    if (answers) expect(types).toContain("fired");
    else expect(types).toEqual(Array(8).fill("started"));
    agreesWithLog(own);
  });
  it("is switched off in the file: nothing is compared", () => {
    const own = bench({ mode: "off" });
    own.put("tickets", { area: "net" });
    expect(own.fire("triage")?.attributes?.crystal).toBeUndefined();
    expect(answer(own, { owner: "eve" }).attributes?.crystal).toBeUndefined();
  });
});

describe("drift", () => {
  /** The world has changed: the model says something else now. */
  function drifted(): Bench {
    const own = bench({ audit: 0.05 });
    for (let n = 0; n < 2000; n += 1) {
      own.put("tickets", { area: "net", n });
      const event = own.fire("triage");
      if (event?.type === "crystallized") return own;
      if (event?.type === "started") answer(own, { owner: "eve" });
    }
    throw new Error("no drift was found in 2000 tickets");
  }
  it("demotes by one event, and from then on the model is asked (K2, N1)", () => {
    const own = drifted();
    const said = own.log.find(({ type }) => type === "crystallized");
    expect(said).toMatchObject({ attributes: { crystallized: [{ stage: "demoted", transition: "triage" }] } });
    expect(record(own)?.demoted?.reason).toContain("disagree");
    expect(own.fire("triage")).toMatchObject({ type: "gated", summary: expect.stringContaining("crystal-triage") });
    // The ticket that came before, and new ones.
    for (let n = 0; n < 30; n += 1) own.put("tickets", { area: "net", m: n });
    for (let n = 0; n < 8; n += 1) expect(own.fire("triage")).toMatchObject({ type: "started" });
    expect(own.fire("triage")).toBeNull();
    agreesWithLog(own);
  });
  it("asks people, who hold nothing else up (N2), and takes the token away when they have said (N3)", () => {
    const own = drifted();
    own.fire("triage");
    const [question] = findGates(own.state);
    const transition = own.net.transitions.get("triage");
    if (!question || !transition) throw new Error("no question");
    expect(question.gate?.approvers).toEqual(["role:maintainer"]);
    const request = { id: "d1", decision: "approve" as const, by: { user: "ada", roles: ["maintainer"] } };
    own.commit(decisionDraft(own.state, transition, question, request, own.now) as never);
    expect(own.fire("triage")).toMatchObject({
      type: "crystallized",
      attributes: { crystallized: [{ stage: "answered", about: "demoted", by: "ada" }] },
    });
    expect(record(own)?.said).toEqual({ about: "demoted", approve: true, by: "ada" });
    expect(own.data("disagreements").some((data) => (data as { about: string }).about === "demoted")).toBe(false);
    agreesWithLog(own);
  });
  it("is answered with no: nothing goes to an error place", () => {
    const own = drifted();
    own.fire("triage");
    const [question] = findGates(own.state);
    const transition = own.net.transitions.get("triage");
    if (!question || !transition) throw new Error("no question");
    const request = { id: "d1", decision: "reject" as const, by: { user: "ada", roles: ["maintainer"] } };
    own.commit(decisionDraft(own.state, transition, question, request, own.now) as never);
    expect(record(own)?.said).toMatchObject({ approve: false });
    expect(own.data("errors")).toEqual([]);
    expect(findGates(own.state)).toEqual([]);
  });
  it("stays demoted when a file with it is applied again by hand, and begins anew when that is meant (K2)", () => {
    const own = drifted();
    const rule = record(own)?.rule ?? "";
    own.event("edited", { attributes: { crystallized: [{ stage: "promoted", transition: "triage", rule }] } });
    expect(record(own)?.demoted).not.toBeNull();
    own.event("edited", { attributes: { crystallized: [{ stage: "promoted", transition: "triage", rule, deliberate: true }] } });
    expect(record(own)).toMatchObject({ demoted: null, answered: 0, mode: "live" });
  });
});

describe("the shadow", () => {
  it("compares without effect, and asks people at its end", () => {
    const own = bench({ mode: "shadow", shadow: 5 });
    for (let n = 0; n < 5; n += 1) {
      own.put("tickets", { area: "ui", n });
      expect(own.fire("triage")).toMatchObject({ type: "started", attributes: { crystal: { compared: "shadow" } } });
      expect(answer(own, { owner: "bob" }).attributes?.crystal).toMatchObject({ mode: "shadow", same: true });
    }
    expect(own.fire("triage")).toMatchObject({ type: "crystallized", attributes: { crystallized: [{ stage: "shadowed" }] } });
    expect(own.fire("triage")).toMatchObject({ type: "gated" });
    expect(own.decide("triage")).toBeNull();
    expect(record(own)?.shadow).toEqual({ same: 5, other: 0 });
    agreesWithLog(own);
  });
  it("ends where the rule is no good", () => {
    const own = bench({ mode: "shadow", shadow: 4, promote: "policy" });
    for (let n = 0; n < 4 && !own.decide("triage"); n += 1) {
      own.put("tickets", { area: "ui", n });
      own.fire("triage");
      answer(own, { owner: "eve" });
    }
    expect(own.fire("triage")).toMatchObject({
      attributes: { crystallized: [{ stage: "demoted", reason: expect.stringContaining("shadow") }] },
    });
  });
});

describe("what later steps say", () => {
  it("counts work that comes back, and demotes when too much does", () => {
    const loop = {
      places: { tickets: { open: true }, drafts: {}, done: { sink: true }, errors: { sink: true } },
      transitions: {
        triage: {
          ...triageNet(crystalOf({ audit: 0.001 })).transitions.triage,
          out: [{ to: "drafts", value: { area: "${ticket.area}", n: "${ticket.n}" } }],
        },
        check: {
          kind: "pass" as const,
          in: [{ place: "drafts", as: "draft" }],
          out: [
            { to: "tickets", when: "draft.n < 100", set: { n: "${draft.n + 100}" } },
            { to: "done", otherwise: true as const },
          ],
        },
      },
    };
    const own = new Bench(loop);
    for (let n = 0; n < 30 && !record(own)?.demoted; n += 1) {
      own.put("tickets", { area: "ui", n });
      for (let steps = 0; steps < 6; steps += 1) {
        const event = own.fire("triage") ?? own.fire("check");
        if (event?.type === "started") answer(own, { owner: "bob" });
      }
    }
    expect(record(own)?.bad).toBeGreaterThanOrEqual(3);
    expect(record(own)?.demoted?.reason).toContain("sent back");
    agreesWithLog(own);
  });
  it("does not blame a step of the loop whose work was not sent back", () => {
    const judge = compileNet(
      netSchema.parse({
        net: "n",
        places: { tasks: { open: true }, changes: {}, verdicts: {}, done: { sink: true } },
        transitions: {
          develop: {
            kind: "llm",
            persona: "p",
            ask: "Do.",
            in: [{ place: "tasks" }],
            out: [{ to: "changes" }],
            crystal: crystalOf({ rule: { ...ticketRule, guard: [] } }),
          },
          judge: {
            kind: "llm",
            persona: "q",
            ask: "Judge.",
            in: [{ place: "changes" }],
            out: [{ to: "verdicts" }],
            crystal: crystalOf({ rule: { ...ticketRule, guard: [] } }),
          },
          settle: {
            kind: "pass",
            in: [{ place: "verdicts", as: "v" }],
            out: [
              { to: "tasks", when: "v.bad" },
              { to: "done", otherwise: true },
            ],
          },
        },
      }),
      "v1",
    );
    expect([...(judge.transitions.get("develop")?.crystal?.reworkers ?? [])]).toEqual(["settle"]);
    expect([...(judge.transitions.get("judge")?.crystal?.reworkers ?? [])]).toEqual([]);
  });
});

describe("a map with a rule", () => {
  const own = (input: object) => {
    const made = new Bench({
      places: { tickets: { open: true }, done: { sink: true }, rest: { sink: true } },
      transitions: {
        route: { kind: "map", rule: ticketRule, in: [{ place: "tickets", as: "ticket" }], out: [{ to: "done" }], onError: "rest" },
      },
    });
    made.put("tickets", input as Json);
    made.fire("route");
    return made;
  };
  it("makes what its rule says", () => expect(own({ area: "ui" }).data("done")).toEqual([{ owner: "bob" }]));
  it("fails for what its rule declines", () =>
    expect(own({ area: "x" }).data("rest")).toMatchObject([
      { error: { code: "rule-declined", message: expect.stringContaining("area") } },
    ]));
});
