/** Every reason for which something does not fire, made by events and asked for. */
import { describe, expect, test } from "vitest";
import { ruleId } from "../../src/net/crystal/compiled.ts";
import type { NetFile } from "../../src/net/definition.ts";
import { ruleSchema } from "../../src/net/rule/rule.ts";
import { type WhyContext, why } from "../../src/net/why.ts";
import type { Reason } from "../../src/net/why-reason.ts";
import { Bench, T0 } from "../support/net-state.ts";
import { crystalOf, ticketRule, triageNet } from "../support/ticket-rule.ts";

type File = Omit<NetFile, "net">;
const context = (bench: Bench, executors: WhyContext["executors"] = []): WhyContext => ({
  ...{ state: bench.state, net: bench.net, now: bench.now, netOf: () => bench.net, executors },
});
const ask = (bench: Bench, name: string, executors?: WhyContext["executors"]) => why(context(bench, executors), name)[0];
const reasons = (bench: Bench, name: string): Reason[] => ask(bench, name)?.reasons ?? [];
const codes = (bench: Bench, name: string) => reasons(bench, name).map(({ code }) => code);
const pass = (more: object = {}): File => ({
  places: { a: {}, b: { sink: true } },
  transitions: { t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }], ...more } } as File["transitions"],
});

describe("a transition", () => {
  test("is found by the name of its gate, and by a firing that is open", () => {
    const gate = { name: "sign-off", approvers: ["role:maintainer"], quorum: 1, notAuthor: false };
    const bench = new Bench(pass({ gate }));
    expect(why(context(bench), "sign-off").map(({ name }) => name)).toEqual(["t"]);
    bench.put("a", {});
    bench.run();
    const [firing = ""] = [...bench.state.firings.keys()];
    for (const name of ["sign-off", firing, "t"]) {
      const [told, ...more] = why(context(bench), name);
      expect({ name, told: told?.name, more, codes: told?.reasons.map(({ code }) => code) }).toMatchObject({ name, told: "t", more: [] });
      expect(told?.reasons[0]).toMatchObject({ code: "gate", firing });
    }
    expect(why(context(bench), "no-such-gate")).toEqual([]);
  });

  test("with a rule says who answers, and where the rule comes from", () => {
    const proof = {
      ...{ learner: "lookup", from: 131, to: 182, learned: 140, held: 60, covered: 55, wrong: 1, bound: 0.084, confidence: 0.95 },
      ...{ coverage: 0.917, savedUsd: 1, savedMs: 1, by: "ada", at: "2026-01-01T00:00:00.000Z" },
    };
    const told = (mode: "live" | "shadow" | "off", prepare?: (bench: Bench) => void) => {
      const bench = new Bench(triageNet(crystalOf({ mode, proof, shadow: 20 })) as File);
      prepare?.(bench);
      return reasons(bench, "triage").find(({ code }) => code === "rule");
    };
    const origin =
      "It was learned (lookup) from 140 firings; of 60 later ones (events 131 to 182) it claimed 55, and 1 differed: no more than 8.4 % with 95 % confidence.";
    const rule = ruleId(ruleSchema.parse(ticketRule));
    expect(told("live")).toEqual({
      ...{ code: "rule", transition: "triage", command: "petrel crystallize show n triage" },
      text: `the rule ${rule} answers in the model's place where it claims to. ${origin}`,
    });
    expect(told("shadow")?.text).toMatch(/^the model answers: the rule r-\w+ is in its shadow, 0 of 20 firings, 0 of them other/);
    expect(told("off")?.text).toMatch(/^the model answers: the rule r-\w+ is off\. It was learned/);
    const demote = (bench: Bench) => {
      const about = { stage: "demoted", transition: "triage", rule, reason: "2 of 3 audits differed" };
      bench.event("crystallized", { attributes: { crystallized: [about] } });
    };
    expect(told("live", demote)?.text).toContain(`the model answers: the rule ${rule} was demoted at event 1, 2 of 3 audits differed.`);
    const bench = new Bench(triageNet(crystalOf()) as File);
    expect(reasons(bench, "triage").map(({ text }) => text)).toContainEqual(
      expect.stringContaining("It came with the net file, without a proof."),
    );
    // Nobody's way is barred by it.
    bench.put("tickets", { area: "net" });
    expect(ask(bench, "triage")).toMatchObject({ fires: true, reasons: [{ code: "rule" }] });
    expect(codes(new Bench(triageNet(undefined) as File), "triage")).toEqual(["no-token"]);
  });

  test("without a token says so, and with one it fires", () => {
    const bench = new Bench(pass());
    expect(ask(bench, "t")).toEqual({
      ...{ kind: "transition", name: "t", fires: false },
      reasons: [{ code: "no-token", place: "a", text: "nothing lies in a", have: 0, want: 1 }],
    });
    bench.put("a", {});
    expect(ask(bench, "t")).toEqual({ kind: "transition", name: "t", fires: true, reasons: [] });
  });

  test("with a guard that is false shows the values that it saw", () => {
    const bench = new Bench(pass({ guard: 'a.n > 3 AND a.kind == "x"' }));
    bench.put("a", { n: 2 });
    expect(reasons(bench, "t")).toEqual([
      {
        code: "guard",
        text: 'its guard `a.n > 3 AND a.kind == "x"` is not true: a.n is 2, a.kind is null',
        values: { "a.n": 2, "a.kind": null },
      },
    ]);
  });

  test("with a `where` that leaves a token alone names the token and its values", () => {
    const bench = new Bench(pass({ in: [{ place: "a", where: '$.stage == "ready"' }] }));
    const token = bench.put("a", { stage: "draft" });
    const [reason] = reasons(bench, "t");
    expect(reason).toMatchObject({ code: "where", token: token.id, place: "a", values: { "$.stage": "draft" } });
    for (let n = 0; n < 9; n++) bench.put("a", { stage: "old" });
    expect(reasons(bench, "t").at(-1)?.text).toBe("5 more in a are left for like reasons");
  });

  test("that brings more than a place ever holds says that it never fires", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { capacity: 2, sink: true } },
      transitions: { t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b", weight: 3 }] } },
    });
    bench.put("a", {});
    expect(reasons(bench, "t")).toEqual([
      {
        code: "capacity",
        place: "b",
        have: 3,
        want: 2,
        text: "each firing brings 3 tokens to b, which holds at most 2: it can never fire",
      },
    ]);
  });

  test("that would fill a full place names it, with what is still to come", () => {
    const bench = new Bench({ ...pass(), places: { a: {}, b: { capacity: 2, sink: true } } });
    for (let n = 0; n < 3; n++) bench.put("a", { n });
    bench.run();
    expect(reasons(bench, "t")).toEqual([{ code: "capacity", place: "b", have: 2, want: 2, text: "b holds 2 of at most 2" }]);
  });

  test("that is paused or killed says who did it, why, and what helps", () => {
    const bench = new Bench(pass());
    bench.put("a", {});
    bench.event("paused", {
      attributes: { by: "petrel", code: "models-budget-exhausted", reason: "the budget of 5 USD is spent", hint: "petrel up --budget 20" },
    });
    expect(reasons(bench, "t")[0]).toEqual({
      ...{ code: "budget", text: "the net is paused by petrel: the budget of 5 USD is spent" },
      command: "petrel up --budget 20; then: petrel resume n",
    });
    bench.event("resumed");
    expect(codes(bench, "t")).toEqual([]);
    bench.event("paused", { attributes: { by: "ada", reason: "lunch" } });
    expect(reasons(bench, "t")[0]).toMatchObject({ code: "paused", text: "the net is paused by ada: lunch" });
    bench.event("resumed");
    bench.event("stopped");
    expect(codes(bench, "t")).toEqual(["killed"]);
    const killed = (all: boolean, net: boolean) =>
      why({ ...context(bench), kills: { all, net } }, "t")[0]?.reasons.map(({ command }) => command);
    expect(killed(true, false)).toEqual(["petrel resume"]);
    expect(killed(false, true)).toEqual(["petrel resume n"]);
    expect(killed(true, true)).toEqual(["petrel resume", "petrel resume n"]);
  });

  test("whose work was stopped by a kill has nobody at work", () => {
    const work = { kind: "command", pool: "code", in: [{ place: "a" }], out: [{ to: "b" }], argv: ["true"] };
    const bench = new Bench({ ...pass(), transitions: { t: work } as unknown as File["transitions"] });
    bench.put("a", {});
    const firing = bench.fire("t")?.firing ?? "";
    bench.event("claimed", { firing, transition: "t", attributes: { executor: "one" } });
    expect(reasons(bench, "t")[0]).toMatchObject({ code: "claimed", text: expect.stringContaining("one works on it") });
    bench.event("stopped");
    expect(reasons(bench, "t").map(({ text }) => text)).toEqual([
      "everything is stopped by a kill",
      "attempt 1 was stopped; the next one begins when it is resumed",
      expect.stringContaining("holds"),
    ]);
  });

  test("at the gate that a spent budget raised says that it is one", () => {
    const bench = new Bench(pass({ gate: { name: "t-budget", approvers: ["role:boss"] } }));
    bench.put("a", {});
    bench.fire("t");
    for (const { gate } of bench.state.firings.values()) if (gate) gate.budget = { scope: "net", period: "all", persona: "p" };
    expect(reasons(bench, "t")[0]).toMatchObject({
      code: "budget",
      text: "a budget is spent, and the gate t-budget holds it: 0 of 1 approvals, role:boss must decide",
    });
  });

  test("with a gate says how many approvals there are, who must give them, and how", () => {
    const bench = new Bench(pass({ gate: { name: "go", approvers: ["role:boss"], quorum: 2, expires: "1h" } }));
    bench.put("a", {});
    const gated = bench.fire("t");
    bench.event("decided", { firing: gated?.firing ?? "", attributes: { decision: "approve", by: "ada", decisionId: "d" } });
    expect(reasons(bench, "t")[0]).toMatchObject({
      ...{ code: "gate", have: 1, want: 2, until: new Date(T0 + 3_600_000).toISOString(), firing: gated?.firing },
      ...{ text: "the gate go holds it: 1 of 2 approvals, role:boss must decide", command: `petrel gate approve n ${gated?.firing}` },
    });
  });

  test("whose work is under way says where it stands: no executor, all busy, claimed, backoff, no slot", () => {
    const bench = new Bench(pass({ kind: "command", pool: "code", argv: ["true"], concurrency: 1 }));
    const token = bench.put("a", {});
    bench.put("a", {});
    const firing = bench.fire("t")?.firing ?? "";
    const busy = { name: "e1", pools: ["code"], labels: [], busy: 4, slots: 4 };
    expect(ask(bench, "t", [])?.reasons[0]).toMatchObject({ code: "no-executor", command: "petrel executor start --pool code" });
    expect(ask(bench, "t", [{ ...busy, pools: ["other"] }])?.reasons[0]?.code).toBe("no-executor");
    expect(ask(bench, "t", [busy])?.reasons[0]?.text).toContain("all are busy: e1");
    expect(ask(bench, "t", null)?.reasons[0]?.code).toBe("waiting-for-executor");
    expect(codes(bench, "t")).toEqual(["no-executor", "slots"]);
    bench.event("claimed", { firing, attributes: { executor: "e1" } });
    expect(reasons(bench, "t")[0]?.text).toMatch(/^e1 works on it, attempt 1/);
    bench.event("failed", { firing, attempt: 1, attributes: { notBefore: T0 + 5000 } });
    expect(reasons(bench, "t")[0]).toMatchObject({ code: "backoff", until: new Date(T0 + 5000).toISOString() });
    expect(ask(bench, token.id)?.reasons[0]).toMatchObject({ code: "reserved", firing, text: expect.stringContaining("attempt 1 failed") });
  });

  test("that waits for a reader names the reader; the reader itself reads each token once", () => {
    const bench = new Bench({
      places: { a: {}, b: { sink: true }, c: { sink: true } },
      transitions: {
        t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] },
        look: { kind: "pass", in: [{ place: "a", mode: "read" }], out: [{ to: "c" }] },
      },
    });
    const token = bench.put("a", {});
    expect(reasons(bench, "t")).toMatchObject([{ code: "reader-first", transition: "look", token: token.id }]);
    bench.fire("look");
    expect(codes(bench, "look")).toEqual(["already-read"]);
    expect(ask(bench, "t")?.fires).toBe(true);
  });

  test("with a group that is not complete says how many of how many, also of a batch and a join", () => {
    const gather = new Bench({
      places: { story: {}, done: {}, b: { sink: true } },
      transitions: {
        t: {
          kind: "pass",
          in: [{ place: "story" }, { place: "done", gather: { by: "$.story", equals: "story.id", count: "story.tasks" } }],
          out: [{ to: "b" }],
        },
      },
    });
    gather.put("story", { id: "s1", tasks: 3 });
    gather.put("done", { story: "s1" });
    gather.put("done", { story: "s2" });
    expect(reasons(gather, "t")).toMatchObject([{ code: "partial-group", have: 1, want: 3, place: "done" }, { code: "partial-group" }]);
    const batch = new Bench(pass({ in: [{ place: "a", batch: { size: 3, within: "10s" } }] }));
    batch.put("a", {});
    expect(reasons(batch, "t")).toMatchObject([{ code: "batch", have: 1, want: 3, until: new Date(T0 + 10_000).toISOString() }]);
    const join = new Bench({
      places: { order: {}, paid: {}, b: { sink: true } },
      transitions: { t: { kind: "pass", in: [{ place: "order" }, { place: "paid" }], correlate: "$.id", out: [{ to: "b" }] } },
    });
    join.put("order", { id: 7 });
    join.put("paid", { id: 8 });
    expect(
      reasons(join, "t")
        .filter(({ code }) => code === "partial-group")
        .map(({ text }) => text),
    ).toEqual(["a group waits for more, 7: order 1 of 1, paid 0 of 1", "a group waits for more, 8: order 0 of 1, paid 1 of 1"]);
  });

  test("with an inhibitor, a delay, a schedule or a rival of higher priority says that", () => {
    const inhibited = new Bench({
      ...pass({ in: [{ place: "a" }, { place: "stop", mode: "inhibit" }] }),
      places: { a: {}, stop: {}, b: { sink: true } },
    });
    inhibited.put("a", {});
    inhibited.put("stop", {});
    expect(codes(inhibited, "t")).toEqual(["inhibit"]);
    const some = new Bench({
      ...pass({
        in: [
          { place: "a", as: "job" },
          { place: "stop", mode: "inhibit", take: 2, where: "$.of == job.of" },
        ],
      }),
      places: { a: {}, stop: {}, b: { sink: true } },
    });
    some.put("a", { of: "ada" });
    for (const of of ["ada", "bob", "ada"]) some.put("stop", { of });
    const text = "it fires only while fewer than 2 tokens that meet `$.of == job.of` lie in stop; 2 such lie there";
    expect(reasons(some, "t")).toMatchObject([{ code: "inhibit", have: 2, want: 2, text }]);
    const delayed = new Bench(pass({ delay: "5m" }));
    delayed.put("a", {});
    expect(reasons(delayed, "t")).toMatchObject([{ code: "delay", until: new Date(T0 + 300_000).toISOString() }]);
    const rivals = new Bench({
      places: { a: {}, b: { sink: true } },
      transitions: {
        t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] },
        first: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }], priority: 5 },
      },
    });
    rivals.put("a", {});
    expect(ask(rivals, "t")).toMatchObject({ fires: true, reasons: [{ code: "priority", transition: "first" }] });
  });
});

describe("a place and a token", () => {
  test("tell of each transition that could take from there, and of places that nobody empties", () => {
    const bench = new Bench(pass({ guard: "a.n > 3" }));
    expect(reasons(bench, "a")).toEqual([{ code: "no-token", place: "a", text: "nothing lies in it" }]);
    expect(codes(bench, "b")).toEqual(["sink"]);
    const token = bench.put("a", { n: 1 });
    expect(ask(bench, "a")).toMatchObject({ kind: "place", fires: false, reasons: [{ code: "guard", transition: "t" }] });
    expect(ask(bench, token.id)).toMatchObject({ kind: "token", fires: false, reasons: [{ code: "guard", transition: "t" }] });
    bench.put("a", { n: 9 });
    expect(ask(bench, "a")?.fires).toBe(true);
  });

  test("a name that is none of them is told apart from an empty one, and a shared name tells of both", () => {
    const bench = new Bench({ ...pass(), transitions: { a: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] } } });
    expect(why(context(bench), "nobody")).toEqual([]);
    expect(why(context(bench), "a").map(({ kind }) => kind)).toEqual(["transition", "place"]);
  });

  test("whether a transition fires is what deciding says, over a long run with everything in it", () => {
    const bench = new Bench({
      places: { a: {}, b: { capacity: 3 }, c: { sink: true } },
      transitions: {
        t: { kind: "pass", in: [{ place: "a", where: "$.n % 3 != 0", take: 2 }], out: [{ to: "b" }] },
        u: { kind: "pass", in: [{ place: "b" }], out: [{ to: "c" }], guard: "len(b) == 2" },
      },
    });
    for (let n = 0; n < 60; n++) {
      if (n % 2 === 0) bench.put("a", { n });
      for (const id of ["t", "u"]) {
        const told = ask(bench, id);
        const fired = n % 5 === 0 ? bench.fire(id) !== null : bench.decide(id) !== null;
        expect(told?.fires).toBe(fired);
        if (!fired) expect(told?.reasons.length).toBeGreaterThan(0);
      }
    }
  });
});
