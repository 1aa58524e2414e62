/** Inhibit and reset arcs, weights, joins and batches, on states made by events alone. */
import { describe, expect, it } from "vitest";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf } from "../../src/net/state.ts";
import { nextTiming } from "../../src/net/timing.ts";
import { Bench, T0 } from "../support/net-state.ts";

const a = { place: "a" };
const toB = [{ to: "b" }];
const folded = (bench: Bench) => markingOf(foldEvents("n", bench.log));

describe("inhibit", () => {
  it("lets fire only while fewer than `take` matching tokens lie there, held ones too", () => {
    const bench = new Bench({
      places: { a: { open: true }, busy: { open: true }, b: { sink: true }, c: { sink: true } },
      transitions: {
        go: { kind: "pass", in: [a, { place: "busy", mode: "inhibit", take: 2, where: "$.hot" }], out: toB },
        work: { kind: "command", pool: "p", in: [{ place: "busy" }], out: [{ to: "c" }] },
      },
    });
    bench.put("a", 1);
    bench.put("a", 2);
    bench.put("busy", { hot: true });
    bench.put("busy", { hot: false });
    expect(bench.fire("go")?.type).toBe("fired");
    bench.put("busy", { hot: true });
    expect(bench.fire("go")).toBeNull();
    // A token under work lies there still.
    expect(bench.fire("work")?.type).toBe("started");
    expect(bench.fire("go")).toBeNull();
    const [held] = [...bench.state.firings.values()];
    bench.event("fired", { transition: "work", firing: held?.firing ?? "", consumed: held?.consumed ?? [] });
    expect(bench.fire("go")?.type).toBe("fired");
  });

  it("may name the inputs: nothing of the same order", () => {
    const bench = new Bench({
      places: { a: { open: true }, hold: { open: true }, b: { sink: true } },
      transitions: {
        go: {
          kind: "pass",
          in: [
            { ...a, as: "job" },
            { place: "hold", mode: "inhibit", where: "$.order == job.order" },
          ],
          out: toB,
        },
      },
    });
    bench.put("hold", { order: 1 });
    bench.put("a", { order: 1 });
    bench.put("a", { order: 2 });
    expect(bench.run()).toBe(1);
    expect(bench.data("b")).toEqual([{ order: 2 }]);
  });
});

describe("reset", () => {
  const file = {
    places: { a: { open: true }, junk: { open: true }, b: { sink: true }, c: { sink: true } },
    transitions: {
      clear: {
        kind: "pass" as const,
        in: [
          { ...a, as: "stop" },
          { place: "junk", mode: "reset" as const },
        ],
        out: toB,
      },
      work: { kind: "command" as const, pool: "p", in: [{ place: "junk", where: "$ == 1" }], out: [{ to: "c" }] },
    },
  };

  it("empties the place of free tokens, and an empty place is no reason to wait", () => {
    const bench = new Bench(file);
    bench.put("a", "none");
    expect(bench.fire("clear")?.attributes).toBeUndefined();
    for (const n of [1, 2, 3]) bench.put("junk", n);
    bench.fire("work");
    bench.put("a", "some");
    const event = bench.fire("clear");
    expect(event?.attributes).toEqual({ swept: 2 });
    expect(event?.consumed).toHaveLength(3);
    expect(bench.data("junk")).toEqual([1]);
    // What is only swept away is no source of what is produced.
    expect(event?.produced?.[0]?.token.from).toMatchObject({ tokens: [event?.consumed?.[0]?.id] });
    expect(folded(bench)).toEqual(markingOf(bench.state));
  });

  it("takes what meets its condition, over the inputs too, and not twice what an input takes", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: {
        cancel: {
          kind: "pass",
          in: [
            { ...a, as: "job", where: "$.stop" },
            { ...a, mode: "reset", where: "$.n == job.n" },
          ],
          out: toB,
        },
      },
    });
    bench.put("a", { n: 1 });
    bench.put("a", { n: 2 });
    bench.put("a", { n: 1, stop: true });
    const event = bench.fire("cancel");
    expect(new Set(event?.consumed?.map(({ id }) => id)).size).toBe(event?.consumed?.length);
    expect(bench.data("a")).toEqual([{ n: 2 }]);
  });

  it("with a read arc alone, fires once for each token that it reads, also after a fold from the log", () => {
    const bench = new Bench({
      places: { a: { open: true }, junk: { open: true }, b: { sink: true } },
      transitions: {
        clear: {
          kind: "pass",
          in: [
            { ...a, mode: "read" },
            { place: "junk", mode: "reset" },
          ],
          out: toB,
        },
      },
    });
    bench.put("a", 1);
    bench.put("junk", 1);
    expect(bench.run()).toBe(1);
    expect(foldEvents("n", bench.log).seen).toEqual(bench.state.seen);
  });
});

describe("weights", () => {
  it("an output of weight n makes n tokens with ids of their own; with `each`, n for each element", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true }, c: { sink: true } },
      transitions: {
        t: {
          kind: "pass",
          route: "all",
          in: [{ ...a, as: "x" }],
          out: [
            { to: "b", weight: 3 },
            { to: "c", each: "x.list", weight: 2 },
          ],
        },
      },
    });
    bench.put("a", { list: ["p", "q"] });
    bench.run();
    expect(new Set(bench.ids("b")).size).toBe(3);
    expect(bench.data("c")).toEqual(["p", "p", "q", "q"]);
  });

  it("back pressure counts them: a firing under way keeps room for all that it may bring", () => {
    const bench = new Bench({
      places: { a: { open: true }, full: { capacity: 5 }, end: { sink: true } },
      transitions: {
        slow: { kind: "command", pool: "p", in: [a], out: [{ to: "full", weight: 2 }] },
        quick: { kind: "pass", in: [a], out: [{ to: "full", weight: 3 }] },
        out: { kind: "pass", in: [{ place: "full" }], out: [{ to: "end" }] },
      },
    });
    for (let n = 0; n < 9; n++) bench.put("a", n);
    expect([bench.fire("slow")?.type, bench.fire("quick")?.type, bench.fire("quick"), bench.fire("slow")]).toEqual([
      "started",
      "fired",
      null,
      null,
    ]);
    bench.fire("out");
    expect(bench.fire("slow")).toBeNull();
    bench.fire("out");
    expect(bench.fire("slow")?.type).toBe("started");
  });

  it("what each firing would fill beyond its capacity never fires, and why says so; what only an array makes too many does, once the place is empty", () => {
    const bench = new Bench({
      places: { a: { open: true }, full: { capacity: 2 }, end: { sink: true } },
      transitions: {
        heavy: { kind: "pass", in: [a], out: [{ to: "full", weight: 3 }] },
        twice: { kind: "pass", in: [a], route: "all", out: [{ to: "full", weight: 2 }, { to: "full" }] },
        swept: { kind: "pass", in: [a, { place: "full", mode: "reset" }], out: [{ to: "full", weight: 3 }] },
        swap: { kind: "pass", in: [a, { place: "full", as: "old", take: 3 }], out: [{ to: "full", weight: 3 }] },
        fits: { kind: "pass", in: [a], out: [{ to: "full", weight: 2 }] },
        fan: { kind: "pass", in: [a], out: [{ to: "full", each: "a" }] },
      },
    });
    for (const list of [
      [1, 2, 3],
      [4, 5, 6],
    ])
      bench.put("a", list);
    expect(["heavy", "twice", "swept", "swap"].map((name) => bench.fire(name))).toEqual([null, null, null, null]);
    expect(bench.fire("fan")?.type).toBe("fired");
    expect(bench.data("full")).toEqual([1, 2, 3]);
    expect([bench.fire("fits"), bench.fire("swap")?.type]).toEqual([null, "fired"]);
  });

  it("a reset makes room in the place that the same firing fills", () => {
    const bench = new Bench({
      places: { a: { open: true }, last: { capacity: 1, sink: true } },
      transitions: { keep: { kind: "pass", in: [a, { place: "last", mode: "reset" }], out: [{ to: "last" }] } },
    });
    for (const n of [1, 2, 3]) bench.put("a", n);
    expect(bench.run()).toBe(3);
    expect(bench.data("last")).toEqual([3]);
  });
});

describe("correlate", () => {
  const join = (correlate: string | Record<string, string>, more = {}) =>
    new Bench({
      places: { orders: { open: true }, bills: { open: true }, b: { sink: true } },
      transitions: {
        join: {
          kind: "map",
          correlate,
          in: [
            { place: "orders", as: "order" },
            { place: "bills", as: "bill", ...more },
          ],
          value: ["${order.n}", "${bill}"],
          out: toB,
        },
      },
    });

  it("joins tokens that agree in the key, whatever their order; one without a key joins nothing", () => {
    const bench = join("$.id");
    bench.put("orders", { n: 0 });
    bench.put("bills", {});
    for (const id of [1, 2, 3]) bench.put("orders", { id, n: id });
    for (const id of [3, 9, 1]) bench.put("bills", { id });
    expect(bench.run()).toBe(2);
    expect(bench.data("b")).toEqual([
      [1, { id: 1 }],
      [3, { id: 3 }],
    ]);
    expect([bench.data("orders").length, bench.data("bills").length]).toEqual([2, 2]);
  });

  it("takes an expression for each input, and whole groups", () => {
    const bench = join({ order: "$.id", bill: "$.order.id" }, { take: 2 });
    for (const id of [1, 2]) bench.put("orders", { id, n: id });
    for (const id of [1, 2, 2]) bench.put("bills", { order: { id } });
    expect(bench.run()).toBe(1);
    expect(bench.data("b")).toEqual([[2, [{ order: { id: 2 } }, { order: { id: 2 } }]]]);
  });

  it("groups the tokens of one place: three of a kind, not the first three", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: { three: { kind: "map", correlate: "$.k", in: [{ ...a, as: "all", take: 3 }], value: "${all[*].k}", out: toB } },
    });
    for (const k of ["x", "y", "x", "y", "y", "x"]) bench.put("a", { k });
    expect(bench.run()).toBe(2);
    expect(bench.data("b")).toEqual(
      [
        ["y", "y", "y"],
        ["x", "x", "x"],
      ].sort(),
    );
  });

  it("finds the one complete group behind 20,000 that are not", () => {
    const bench = join("$.id");
    for (let id = 0; id < 20_000; id++) bench.put("orders", { id, n: id });
    bench.put("bills", { id: 19_999 });
    expect(bench.run()).toBe(1);
    expect(bench.data("b")).toEqual([[19_999, { id: 19_999 }]]);
  });
});

describe("batch", () => {
  const file = {
    places: { a: { open: true }, b: { sink: true } },
    transitions: {
      post: { kind: "map" as const, in: [{ ...a, as: "all", batch: { size: 3, within: "10s" } }], value: "${all}", out: toB },
    },
  };

  it("fires when it is full, or when its oldest token has waited long enough; the same after a fold from the log", () => {
    const bench = new Bench(file);
    for (const n of [1, 2, 3, 4]) bench.put("a", n);
    expect(bench.run()).toBe(1);
    bench.now += 9_000;
    bench.put("a", 5);
    expect(bench.fire("post")).toBeNull();
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(T0 + 10_000);
    expect(nextTiming(foldEvents("n", bench.log), bench.net, bench.now)).toBe(T0 + 10_000);
    bench.now += 1_000;
    expect(bench.run()).toBe(1);
    expect(bench.data("b")).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(bench.fire("post")).toBeNull();
  });

  it("counts from the arrival in the place, not from the token's own time", () => {
    const bench = new Bench(file);
    bench.put("a", 1, { at: "2020-01-01T00:00:00.000Z" });
    expect(bench.fire("post")).toBeNull();
  });
});
