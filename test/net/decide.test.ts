import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { incompleteDraft, nextDue } from "../../src/net/due.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { backoffMs, settleDraft } from "../../src/net/settle.ts";
import { markingOf } from "../../src/net/state.ts";
import { Bench, T0 } from "../support/net-state.ts";

const command = { kind: "command" as const, pool: "p" };

describe("back pressure", () => {
  it("counts what stands in a place and what open firings may bring", () => {
    const bench = new Bench({
      places: { a: { open: true }, full: { capacity: 2 }, other: { sink: true } },
      transitions: {
        t: {
          ...command,
          in: [{ place: "a" }],
          out: [
            { to: "full", when: "$result" },
            { to: "other", otherwise: true },
          ],
        },
        u: { kind: "pass", in: [{ place: "a" }], out: [{ to: "full" }] },
      },
    });
    for (let n = 0; n < 5; n++) bench.put("a", n);
    expect([bench.fire("t")?.type, bench.fire("u")?.type, bench.fire("u"), bench.fire("t")]).toEqual(["started", "fired", null, null]);
  });

  it("a firing in one event waits while its whole produce would not fit; a loop through a full place goes on", () => {
    const split = { kind: "pass" as const, in: [{ place: "a" }], out: [{ to: "full", each: "a.list" }] };
    const bench = new Bench({
      places: { a: { open: true }, full: { capacity: 3 }, end: { sink: true } },
      transitions: {
        split,
        again: { kind: "map", value: { n: "${full.n + 1}" }, in: [{ place: "full", where: "$.n < 3" }], out: [{ to: "full" }] },
        take: { kind: "pass", in: [{ place: "full", where: "$.n >= 3" }], out: [{ to: "end" }] },
      },
    });
    const list = [{ n: 0 }, { n: 0 }];
    bench.put("a", { list });
    bench.put("a", { list });
    bench.put("a", { list: [...list, ...list, ...list] });
    expect(bench.fire("split")?.type).toBe("fired");
    expect(bench.fire("split")).toBeNull();
    bench.run();
    expect(bench.data("end")).toHaveLength(10);
  });
});

describe("slots and instances", () => {
  it("hands each instance one thing at a time, the least busy first", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: { t: { kind: "llm", persona: "p", ask: "x", instances: 2, in: [{ place: "a" }], out: [{ to: "b" }] } },
    });
    for (let n = 0; n < 3; n++) bench.put("a", n);
    expect([bench.fire("t"), bench.fire("t")].map((event) => event?.attributes?.instance)).toEqual([1, 2]);
    expect(bench.fire("t")).toBeNull();
    bench.event("paused");
    expect(bench.decide("t")).toBeNull();
  });
});

describe("settling an attempt", () => {
  const retry = { max: 3, backoff: "exponential" as const, delay: "1s", maxDelay: "5s" };
  it("waits between half and the whole of a growing time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const whole = Math.min(1000 * 2 ** failures, 5000);
        const wait = backoffMs(retry, failures, random);
        expect(wait).toBeGreaterThanOrEqual(whole / 2);
        expect(wait).toBeLessThanOrEqual(whole);
        expect(backoffMs({ ...retry, backoff: "fixed" }, failures, random)).toBeLessThanOrEqual(1000);
      }),
    );
  });

  it("waits as long as its author wrote, also where that is longer than the limit of what grows", () => {
    const hour = 3_600_000;
    for (const maxDelay of ["5m", "1s"]) {
      expect(backoffMs({ max: 3, backoff: "fixed", delay: "1h", maxDelay }, 0, 0)).toBe(hour / 2);
      expect(backoffMs({ max: 3, backoff: "exponential", delay: "1h", maxDelay }, 4, 0.999999)).toBeCloseTo(hour, -1);
    }
    expect(backoffMs({ max: 3, backoff: "exponential", delay: "1h", maxDelay: "1d" }, 1, 0)).toBe(hour);
  });

  it("tries again what may succeed, up to the limit, and lets lost attempts be free", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: { t: { ...command, retry, in: [{ place: "a" }], out: [{ to: "b" }] } },
    });
    bench.put("a", 1);
    const id = bench.fire("t")?.firing ?? "";
    const settle = (outlook: "retryable" | "terminal") => {
      const firing = bench.state.firings.get(id);
      const transition = bench.net.transitions.get("t");
      if (!firing || !transition) throw new Error("over");
      return settleDraft(
        bench.state,
        bench.net,
        transition,
        firing,
        { ok: false, error: { outlook, code: "x", message: "m" } },
        bench.now,
        0.5,
      );
    };
    expect(settle("terminal")).toMatchObject({ type: "failed", attributes: { final: true }, produced: [{ place: "dead-letter" }] });
    for (let n = 0; n < 3; n++) {
      bench.event("lapsed", { firing: id });
      const draft = settle("retryable");
      expect(draft.attributes).toMatchObject({ final: false });
      bench.commit(draft);
    }
    const last = settle("retryable");
    expect(last).toMatchObject({ attributes: { final: true }, consumed: [{ place: "a", id: "t1" }] });
    bench.commit(last);
    expect(markingOf(bench.state)).toEqual({ "dead-letter": [expect.any(String)] });
  });
});

describe("groups that stay incomplete", () => {
  const gather = { by: "$.g", count: "story.n", onIncomplete: { after: "2h", to: "late" } };
  const bench = () =>
    new Bench({
      places: { story: { open: true }, part: { open: true }, end: { sink: true }, late: { sink: true } },
      transitions: {
        join: { kind: "pass", in: [{ place: "story" }, { place: "part", where: "$.ok", gather }], out: [{ to: "end" }] },
      },
    });
  it("leave together with their anchor when the time is up, without strangers, and no token twice", () => {
    const it = bench();
    it.put("story", { g: 1, n: 3 });
    it.put("story", { g: 1, n: 4 });
    it.put("part", { g: 1, ok: true });
    it.put("part", { g: 1, ok: false });
    it.put("part", { g: 2, ok: true });
    expect(incompleteDraft(it.state, it.net, it.now)).toBeNull();
    expect(nextDue(it.state, it.net, it.now)).toBe(T0 + 2 * 3_600_000);
    it.now += 2 * 3_600_000;
    for (let draft = incompleteDraft(it.state, it.net, it.now); draft; draft = incompleteDraft(it.state, it.net, it.now)) it.commit(draft);
    expect(it.data("late")).toMatchObject([
      { found: 1, wanted: 3 },
      { found: 0, wanted: 4 },
    ]);
    expect(it.ids("part")).toEqual(["t4", "t5"]);
    expect(nextDue(it.state, it.net, it.now)).toBeNull();
  });
  it("have their time from when the anchor came into its place: in a fork that is the fork", () => {
    const it = bench();
    it.put("story", { g: 1, n: 3 }, { at: new Date(T0 - 30 * 24 * 3_600_000).toISOString() });
    expect(incompleteDraft(it.state, it.net, it.now)).toBeNull();
    expect(nextDue(it.state, it.net, it.now)).toBe(T0 + 2 * 3_600_000);
  });
  it("are not late while the net is paused", () => {
    const it = bench();
    it.put("story", { g: 1, n: 3 });
    it.event("paused");
    it.now += 3 * 3_600_000;
    expect(incompleteDraft(it.state, it.net, it.now)).toBeNull();
    expect(nextDue(it.state, it.net, it.now)).toBeNull();
    it.event("resumed");
    expect(incompleteDraft(it.state, it.net, it.now)).not.toBeNull();
  });
});

describe("any net of pass and map", () => {
  const names = ["p0", "p1", "p2", "p3"];
  const arc = fc.record({
    from: fc.constantFrom(...names),
    kind: fc.constantFrom("pass", "map"),
    guard: fc.constantFrom("true", "x.n > 2", "x.n < 5"),
  });
  const nets = fc.array(arc, { minLength: 1, maxLength: 6 });
  const puts = fc.array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 9 })), { maxLength: 20 });

  it("keeps every token, is the fold of its log, and decides twice the same ids", () => {
    fc.assert(
      fc.property(nets, puts, (arcs, tokens) => {
        // Arcs lead onwards, so that the run ends.
        const transitions = Object.fromEntries(
          arcs.map(({ from, kind, guard }, at) => {
            const to = names[names.indexOf(from) + 1] ?? "end";
            const common = { in: [{ place: from, as: "x" }], out: [{ to }], guard };
            return [
              `t${at}`,
              kind === "map" ? { ...common, kind: "map" as const, value: { n: "${x.n + 1}" } } : { ...common, kind: "pass" as const },
            ];
          }),
        );
        const places = { ...Object.fromEntries(names.map((name) => [name, { open: true }])), end: { sink: true } };
        const bench = new Bench({ places, transitions });
        for (const [place, n] of tokens) bench.put(place, { n });
        for (let steps = 0, moved = true; moved && steps < 500; steps++) {
          moved = false;
          for (const id of bench.net.transitions.keys()) {
            const draft = bench.decide(id);
            expect(bench.decide(id)).toEqual(draft);
            if (!draft) continue;
            bench.commit(draft);
            moved = true;
          }
        }
        const count = Object.values(markingOf(bench.state)).flat().length;
        expect(count).toBe(tokens.length);
        expect(foldEvents("n", structuredClone(bench.log))).toEqual(bench.state);
        const fired = bench.log.filter(({ type }) => type === "fired").map(({ firing }) => firing);
        expect(new Set(fired).size).toBe(fired.length);
      }),
      { numRuns: 150 },
    );
  });
});

describe("the sentence of a finished step", () => {
  it("is whole with a title and without", () => {
    const llm = { kind: "llm" as const, persona: "writer", ask: "Write.", in: [{ place: "a" }], out: [{ to: "b" }] };
    const bench = new Bench({ places: { a: { open: true }, b: { sink: true } }, transitions: { write: llm } });
    const said = (data: Json) => {
      bench.put("a", data);
      const firing = bench.state.firings.get(bench.fire("write")?.firing ?? "");
      const transition = bench.net.transitions.get("write");
      if (!firing || !transition) throw new Error("not begun");
      const draft = settleDraft(bench.state, bench.net, transition, firing, { ok: true, value: {} }, bench.now, 0.5);
      return draft && bench.commit(draft).summary;
    };
    expect(said({ title: "News" })).toBe("Writer finished write on “News”; 1 token in b.");
    expect(said({ n: 1 })).toBe("Writer finished write; 1 token in b.");
  });
});
