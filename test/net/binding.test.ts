import { describe, expect, it } from "vitest";
import { findBinding, stillBound } from "../../src/net/binding.ts";
import type { InputArc } from "../../src/net/definition.ts";
import { Bench } from "../support/net-state.ts";

type Arc = Partial<InputArc> & { place: string };
const benchWith = (arcs: Arc[], more: object = {}) =>
  new Bench({
    places: { a: { open: true }, b: { open: true }, out: { sink: true } },
    transitions: { t: { kind: "pass", in: arcs, out: [{ to: "out", value: 1 }], ...more } } as never,
  });
const bound = (bench: Bench) => {
  const transition = bench.net.transitions.get("t");
  const found = transition && findBinding(bench.state, bench.net, transition, bench.now);
  return found ? Object.fromEntries(found.inputs.map(({ name, tokens }) => [name, tokens.map(({ id }) => id)])) : null;
};

describe("binding", () => {
  it("takes tokens in order of arrival, or of orderBy", () => {
    const plain = benchWith([{ place: "a" }]);
    const ordered = benchWith([{ place: "a", orderBy: "$.p DESC, $meta.at ASC" }]);
    for (const bench of [plain, ordered]) for (const p of [1, 3, 2]) bench.put("a", { p });
    expect(bound(plain)).toEqual({ a: ["t1"] });
    expect(bound(ordered)).toEqual({ a: ["t2"] });
  });

  it("sees earlier inputs in where, and searches on until the guard holds", () => {
    const bench = benchWith([{ place: "a" }, { place: "b", where: "$.k == a.k" }], { guard: "a.n + b.n == 5" });
    for (const [place, k, n] of [
      ["a", "x", 1],
      ["a", "y", 2],
      ["b", "x", 9],
      ["b", "y", 1],
      ["b", "y", 3],
    ] as const)
      bench.put(place, { k, n });
    expect(bound(bench)).toEqual({ a: ["t2"], b: ["t5"] });
  });

  it("takes n, all, or what a template says; less than n is not enabled", () => {
    const three = benchWith([{ place: "a", take: 3 }]);
    const all = benchWith([{ place: "a", take: "all" }]);
    const said = benchWith([{ place: "b" }, { place: "a", take: "${b.n}" }]);
    said.put("b", { n: 2 });
    for (const bench of [three, all, said]) for (const n of [1, 2]) bench.put("a", n);
    expect(bound(three)).toBeNull();
    expect(bound(all)).toEqual({ a: ["t1", "t2"] });
    expect(bound(said)).toEqual({ b: ["t1"], a: ["t2", "t3"] });
  });

  it("a template that says no number leaves the transition disabled, and nothing breaks", () => {
    const bench = benchWith([{ place: "b" }, { place: "a", take: "${b.missing}" }]);
    bench.put("b", {});
    bench.put("a", 1);
    expect(bench.decide("t")).toBeNull();
  });

  it("gathers a group once it is complete, by the first input's key, equals, or nobody", () => {
    const gather = { by: "$.g", count: "b.n" };
    const bench = benchWith([{ place: "b" }, { place: "a", as: "parts", gather }]);
    bench.put("b", { g: 1, n: 2 });
    bench.put("a", { g: 1 });
    bench.put("a", { g: 2 });
    expect(bound(bench)).toBeNull();
    bench.put("a", { g: 1 });
    expect(bound(bench)).toEqual({ b: ["t1"], parts: ["t2", "t4"] });
    const equals = benchWith([{ place: "b" }, { place: "a", as: "parts", gather: { ...gather, equals: "b.want" } }]);
    equals.put("b", { g: 1, n: 1, want: 2 });
    equals.put("a", { g: 1 });
    equals.put("a", { g: 2 });
    expect(bound(equals)).toEqual({ b: ["t1"], parts: ["t3"] });
    const nobody = benchWith([{ place: "b" }, { place: "a", as: "parts", gather }]);
    nobody.put("b", { n: 1 });
    nobody.put("a", {});
    expect(bound(nobody)).toBeNull();
  });

  it("a group of none is complete, and does not fire for ever where nothing is consumed", () => {
    const consuming = benchWith([{ place: "b" }, { place: "a", as: "parts", gather: { by: "$.g", count: "b.n" } }]);
    consuming.put("b", { g: 1, n: 0 });
    expect(bound(consuming)).toEqual({ b: ["t1"], parts: [] });
    expect(consuming.run(50)).toBe(1);
    const reading = benchWith([
      { place: "b", mode: "read" },
      { place: "a", as: "parts", gather: { by: "$.g", count: "b.n" } },
    ]);
    reading.put("b", { g: 1, n: 0 });
    expect(reading.run(50)).toBe(1);
  });

  it("never binds one token twice, whatever the modes of two arcs on one place", () => {
    for (const [first, second] of [
      ["consume", "consume"],
      ["consume", "read"],
      ["read", "consume"],
      ["read", "read"],
    ] as const) {
      const bench = benchWith([
        { place: "a", as: "x", mode: first },
        { place: "a", as: "y", mode: second },
      ]);
      bench.put("a", 1);
      expect(bound(bench), `${first} and ${second}`).toBeNull();
      bench.put("a", 2);
      expect(bound(bench)).toEqual({ x: ["t1"], y: ["t2"] });
    }
  });

  it("ends a search that leads nowhere, and looks no further than it must", () => {
    const bench = benchWith([{ place: "a" }, { place: "b", as: "c" }], { guard: "false" });
    for (let n = 0; n < 300; n++) {
      bench.put("a", n);
      bench.put("b", n);
    }
    const took = [0, 1, 2].map(() => {
      const from = performance.now();
      expect(bound(bench)).toBeNull();
      return performance.now() - from;
    });
    // The best of three: the machine may stand still once.
    expect(Math.min(...took)).toBeLessThan(5000);
  });

  it("passes over what a firing holds, and may still read it", () => {
    const bench = new Bench({
      places: { a: { open: true }, out: { sink: true } },
      transitions: {
        slow: { kind: "command", pool: "p", in: [{ place: "a" }], out: [{ to: "out" }] },
        t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "out" }] },
        look: { kind: "pass", in: [{ place: "a", mode: "read", where: "$.n > 5" }], out: [{ to: "out" }] },
      },
    });
    bench.put("a", { n: 1 });
    expect(bench.fire("slow")?.type).toBe("started");
    expect(bench.fire("t")).toBeNull();
  });
});

describe("read arcs (blackboards)", () => {
  const board = {
    places: { board: { open: true }, tick: { open: true }, seen: { sink: true }, gone: { sink: true } },
    transitions: {
      reader: { kind: "pass" as const, in: [{ place: "board", mode: "read" as const, where: '$.kind != "x"' }], out: [{ to: "seen" }] },
      taker: { kind: "pass" as const, in: [{ place: "board" }], out: [{ to: "gone" }] },
    },
  };

  it("fire once for each token without a consume arc, and read comes before consume", () => {
    const bench = new Bench(board);
    bench.put("board", { kind: "a" });
    expect(bench.fire("taker")).toBeNull();
    expect(bench.fire("reader")?.read).toEqual([{ place: "board", id: "t1" }]);
    expect(bench.fire("reader")).toBeNull();
    expect(bench.fire("taker")?.consumed).toEqual([{ place: "board", id: "t1" }]);
    expect(bench.state.seen.get("reader")?.size).toBe(0);
  });

  it("a token that no reader's where matches is not waited for", () => {
    const bench = new Bench(board);
    bench.put("board", { kind: "x" });
    expect(bench.fire("taker")).not.toBeNull();
  });

  it("with a consume arc beside it, the same token is read again and again", () => {
    const bench = new Bench({
      ...board,
      transitions: { t: { kind: "pass", in: [{ place: "board", mode: "read" }, { place: "tick" }], out: [{ to: "seen" }] } },
    });
    bench.put("board", {});
    for (const n of [1, 2, 3]) bench.put("tick", n);
    expect(bench.run()).toBe(3);
    expect(bench.ids("board")).toEqual(["t1"]);
  });

  it("a reader that a live edit adds sees the tokens at rest, once, and is waited for from then on", () => {
    const bench = new Bench({ ...board, transitions: { reader: board.transitions.reader } });
    bench.put("board", { kind: "a" });
    expect(bench.run()).toBe(1);
    const late = { ...board.transitions.reader };
    bench.net = new Bench({ ...board, transitions: { ...board.transitions, late } }).net;
    expect(bench.fire("taker")).toBeNull();
    expect(bench.fire("reader")).toBeNull();
    expect(bench.fire("late")).not.toBeNull();
    expect(bench.fire("late")).toBeNull();
    expect(bench.fire("taker")).not.toBeNull();
  });
});

describe("a binding whose result was worked out meanwhile (B8)", () => {
  const held = (arcs: Arc[], more: object = {}) => {
    const bench = benchWith(arcs, more);
    bench.put("a", { k: 1 });
    const transition = bench.net.transitions.get("t");
    const found = transition && findBinding(bench.state, bench.net, transition, bench.now);
    if (!transition || !found) throw new Error("it binds nothing");
    return { bench, again: () => stillBound(bench.state, transition, found, bench.now) };
  };

  it("holds no more when an inhibitor has come, one that names the input too", () => {
    for (const where of [undefined, "$.k == a.k"]) {
      const { bench, again } = held([{ place: "a" }, { place: "b", mode: "inhibit", ...(where ? { where } : {}) }]);
      expect(again()).not.toBeNull();
      bench.put("b", { k: 2 });
      expect(again() === null).toBe(where === undefined);
      bench.put("b", { k: 1 });
      expect(again()).toBeNull();
    }
  });

  it("sweeps what lies there at the end", () => {
    const { bench, again } = held([{ place: "a" }, { place: "b", mode: "reset" }]);
    const { id } = bench.put("b", {});
    expect(again()?.swept).toEqual([{ place: "b", id }]);
  });
});
