import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { applyEvent, foldEvents, letterIsIn } from "../../src/net/fold.ts";
import { emptyState, markingOf } from "../../src/net/state.ts";
import { Bench, T0, tokenOf } from "../support/net-state.ts";

const command = {
  places: { a: { open: true }, b: { sink: true } },
  transitions: { t: { kind: "command" as const, pool: "p", in: [{ place: "a", as: "job" }], out: [{ to: "b" }] } },
};
const started = (bench: Bench) => {
  bench.put("a", 1);
  return bench.fire("t")?.firing ?? "";
};

describe("the fold of the log (E1)", () => {
  it("is idempotent by seq and makes the marking from events alone", () => {
    const bench = new Bench(command);
    const firing = started(bench);
    bench.event("fired", {
      firing,
      transition: "t",
      consumed: [{ place: "a", id: "t1" }],
      produced: [{ place: "b", token: tokenOf("o", 2) }],
    });
    const once = foldEvents("n", bench.log);
    const twice = foldEvents("n", [...bench.log, ...bench.log, ...bench.log.slice(1)]);
    expect(twice).toEqual(once);
    expect(markingOf(once)).toEqual({ b: ["o"] });
    expect(once).toEqual(bench.state);
  });

  it("reserves at started, frees at the end what was not consumed", () => {
    const bench = new Bench(command);
    const firing = started(bench);
    expect(bench.state.places.get("a")?.get("t1")?.reservedBy).toBe(firing);
    expect(bench.decide("t")).toBeNull();
    bench.event("failed", { firing, transition: "t", consumed: [], attributes: { final: true } });
    expect(bench.state.places.get("a")?.get("t1")?.reservedBy).toBeNull();
    expect(bench.state.firings.size).toBe(0);
  });

  it("counts attempts: failed costs, lapsed is free, both lose the claim", () => {
    const bench = new Bench(command);
    const firing = started(bench);
    bench.event("claimed", { firing, attempt: 1, attributes: { executor: "e1" } });
    expect(bench.state.firings.get(firing)?.claim).toEqual({ executor: "e1" });
    bench.event("failed", { firing, attempt: 1, attributes: { final: false, notBefore: T0 + 5000 } });
    expect(bench.state.firings.get(firing)).toMatchObject({ attempt: 2, failures: 1, recoveries: 0, claim: null, notBefore: T0 + 5000 });
    bench.event("lapsed", { firing, attempt: 3, attributes: { reason: "x" } });
    expect(bench.state.firings.get(firing)).toMatchObject({ attempt: 3, failures: 1, recoveries: 1, notBefore: null });
  });

  it("keeps what people decided, also after their gate has passed", () => {
    const bench = new Bench(command);
    bench.put("a", 1);
    const gate = { name: "g", approvers: ["role:x"], quorum: 2, notAuthor: false, expiresAt: T0 + 1 };
    bench.event("gated", {
      firing: "f",
      transition: "t",
      consumed: [{ place: "a", id: "t1" }],
      attributes: { inputs: { job: ["t1"] }, gate },
    });
    expect(bench.state.firings.get("f")?.gate).toMatchObject({ quorum: 2, expiresAt: T0 + 1, passed: false });
    bench.event("decided", { firing: "f", attributes: { by: "ada", decision: "approve", decisionId: "d1" } });
    bench.event("decided", { firing: "f", attributes: { by: "bob", decision: "approve", decisionId: "d2", passed: true } });
    expect(bench.state.firings.get("f")?.gate?.passed).toBe(true);
    bench.event("started", { firing: "f", transition: "t" });
    expect(bench.state.firings.get("f")).toMatchObject({ gate: null, decided: [{ by: "ada" }, { by: "bob" }] });
    expect(bench.state.places.get("a")?.get("t1")?.reservedBy).toBe("f");
  });

  it("a rejection and an expiry take the work out of the gate", () => {
    for (const type of ["decided", "expired"] as const) {
      const bench = new Bench(command);
      bench.put("a", 1);
      bench.event("gated", {
        firing: "f",
        transition: "t",
        consumed: [{ place: "a", id: "t1" }],
        attributes: { inputs: {}, gate: { name: "g" } },
      });
      bench.event(type, {
        firing: "f",
        consumed: [{ place: "a", id: "t1" }],
        produced: [{ place: "b", token: tokenOf("x", 0) }],
        attributes: { decision: "reject" },
      });
      expect(markingOf(bench.state)).toEqual({ b: ["x"] });
      expect(bench.state.firings.size).toBe(0);
    }
  });

  it("pauses, stops and goes on; a kill taken back leaves a paused net paused", () => {
    const bench = new Bench(command);
    bench.event("paused");
    bench.event("stopped", { attributes: { generation: 3 } });
    expect(bench.state).toMatchObject({ paused: true, killed: true, generation: 3 });
    bench.event("resumed", { attributes: { generation: 4, wasKilled: true } });
    expect(bench.state).toMatchObject({ paused: true, killed: false, generation: 4 });
    bench.event("resumed");
    expect(bench.state.paused).toBe(false);
  });

  it("changes nothing at ignored, denied and noted", () => {
    const bench = new Bench(command);
    const firing = started(bench);
    const before = structuredClone(bench.state);
    for (const type of ["ignored", "denied", "noted"] as const) bench.event(type, { firing, consumed: [{ place: "a", id: "t1" }] });
    expect({ ...bench.state, seq: 0 }).toEqual({ ...before, seq: 0 });
  });

  it("takes definitions and personas from edited, and the initial tokens", () => {
    const bench = new Bench(command);
    bench.event("edited", { netVersion: "h1", attributes: { personas: { qa: "p1" } }, produced: [{ place: "a", token: tokenOf("i", 0) }] });
    bench.event("edited", { persona: "qa", attributes: { personas: { qa: "p2" } } });
    expect(bench.state).toMatchObject({ definition: "h1", personas: { qa: "p2" } });
    expect(bench.ids("a")).toEqual(["i"]);
  });

  it("remembers a put for a day, and in order when its key comes again later", () => {
    const bench = new Bench(command);
    const put = (key: string, id: string) =>
      bench.event("arrived", { produced: [{ place: "a", token: tokenOf(id, 0) }], attributes: { put: key } });
    put("k", "x1");
    bench.now += 25 * 3_600_000;
    put("other", "x2");
    expect([...bench.state.puts.keys()]).toEqual(["other"]);
    put("k", "x3");
    bench.now += 3_600_000;
    put("other2", "x4");
    expect(bench.state.puts.get("k")?.id).toBe("x3");
    bench.now += 24 * 3_600_000;
    put("z", "x5");
    expect([...bench.state.puts.keys()]).toEqual(["other2", "z"]);
  });

  it("forgets who put in work that is over, at the next term", () => {
    const bench = new Bench(command);
    bench.put("a", 1);
    bench.put("a", 2);
    bench.event("intervened", { consumed: [{ place: "a", id: "t1" }] });
    bench.event("epoch", { attributes: { epoch: 2 } });
    expect([...bench.state.authors.keys()]).toEqual(["c-t2"]);
    expect(bench.state.epoch).toBe(2);
  });

  it("never takes a letter for done that was held back, in whatever order they come in", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 0, max: 8 }),
        (order, taken) => {
          const bench = new Bench(command);
          const waiting = new Set([1, 2, 3, 4, 5, 6, 7, 8]);
          for (const seq of order.slice(0, taken)) {
            waiting.delete(seq);
            const low = Math.min(seq, ...waiting);
            bench.event("arrived", {
              produced: [{ place: "a", token: tokenOf(`l${seq}`, 0) }],
              attributes: { letter: { created: "c", seq, low } },
            });
          }
          for (const seq of order) expect(letterIsIn(bench.state, "c", seq)).toBe(!waiting.has(seq));
          expect(letterIsIn(bench.state, "another", 1)).toBe(false);
        },
      ),
    );
  });
});

it("of work that is over, who put it in is forgotten also within one term; of what waits it is known", () => {
  const state = emptyState("n");
  const token = (n: number) => tokenOf(`t${n}`, n, { by: "ada", correlation: `c${n}` });
  const event = (seq: number, parts: object) =>
    applyEvent(state, {
      seq,
      ts: new Date(T0).toISOString(),
      category: "token",
      status: "ok",
      summary: "",
      net: "n",
      ...parts,
    } as NetEvent);
  let seq = 0;
  for (let n = 0; n < 40_000; n++) {
    event(++seq, { type: "arrived", produced: [{ place: "a", token: token(n) }] });
    if (n % 100 > 0) event(++seq, { type: "intervened", consumed: [{ place: "a", id: `t${n}` }] });
  }
  expect(state.authors.size).toBeLessThan(12_000);
  for (let n = 0; n < 40_000; n += 100) expect(state.authors.get(`c${n}`)).toBe("ada");
});
