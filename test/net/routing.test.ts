import { describe, expect, it } from "vitest";
import { compileNet } from "../../src/net/compiled-net.ts";
import { type NetFile, netSchema, type OutputArc } from "../../src/net/definition.ts";
import { routeError, routeResult } from "../../src/net/routing.ts";
import { T0, tokenOf } from "../support/net-state.ts";

const from = { net: "n", firing: "f1", at: new Date(T0).toISOString(), by: "t", correlation: "c" };
function routed(out: Partial<OutputArc>[], result: unknown, more: object = {}) {
  const transition = { kind: "pass", in: [{ place: "a", as: "job" }], out, ...more };
  const file = { net: "n", places: { a: {} }, transitions: { t: transition } } as unknown as NetFile;
  const compiled = compileNet(netSchema.parse(file), "v").transitions.get("t");
  if (!compiled) throw new Error("no t");
  const inputs = [{ name: "job", many: false, place: "a", tokens: [tokenOf("t1", { n: 1 })] }];
  const outcome = routeResult(compiled, inputs, result as never, from, T0);
  const error = { outlook: "terminal" as const, code: "boom", message: "it broke" };
  return { outcome, failed: routeError(compiled, inputs, outcome.ok ? error : outcome.error, from, T0) };
}
const places = (out: Partial<OutputArc>[], result: unknown, more: object = {}) => {
  const { outcome } = routed(out, result, more);
  return outcome.ok ? outcome.produced.map(({ place, token }) => [place, token.data]) : outcome.error.code;
};

describe("routing", () => {
  it("goes to the first match, to otherwise, or to every match", () => {
    const out = [
      { to: "x", when: "$result > 5" },
      { to: "y", when: "$result > 2" },
      { to: "z", otherwise: true as const },
    ];
    expect(places(out, 9)).toEqual([["x", 9]]);
    expect(places(out, 3)).toEqual([["y", 3]]);
    expect(places(out, 0)).toEqual([["z", 0]]);
    expect(places(out, 9, { route: "all" })).toEqual([
      ["x", 9],
      ["y", 9],
    ]);
    expect(places(out, 0, { route: "all" })).toEqual([["z", 0]]);
  });

  it("makes one token for each element, and chooses among them by $item", () => {
    expect(places([{ to: "x", each: "$result.list" }], { list: [1, 2] })).toEqual([
      ["x", 1],
      ["x", 2],
    ]);
    const halves = [
      { to: "big", each: "$result", when: "$item > 5" },
      { to: "small", each: "$result", when: "$item <= 5" },
    ];
    expect(places(halves, [1, 9, 2], { route: "all" })).toEqual([
      ["big", 9],
      ["small", 1],
      ["small", 2],
    ]);
    expect(places([{ to: "x", each: "$result", value: { at: "${$index}", of: "${job.n}" } }], ["a", "b"])).toEqual([
      ["x", { at: 0, of: 1 }],
      ["x", { at: 1, of: 1 }],
    ]);
    expect(places([{ to: "x", each: "$result" }], 7)).toBe("each-not-array");
  });

  it("lays fields over an object, and over nothing else", () => {
    expect(places([{ to: "x", set: { attempt: "${job.n + 1}" } }], { a: 1 })).toEqual([["x", { a: 1, attempt: 2 }]]);
    expect(places([{ to: "x", set: { attempt: 1 } }], "text")).toBe("set-not-object");
  });

  it("what matches nothing goes to onError or dead-letter, never to nowhere", () => {
    const out = [{ to: "x", when: "false" }];
    expect(places(out, 1)).toBe("no-route");
    expect(routed(out, 1).failed).toMatchObject([
      { place: "dead-letter", token: { data: { error: { code: "no-route" }, inputs: { job: { n: 1 } } } } },
    ]);
    expect(routed(out, 1, { onError: "mine" }).failed).toMatchObject([{ place: "mine" }]);
    expect(places([{ to: "x", each: "$result", when: "$item > 5" }], [1])).toBe("no-route");
  });

  describe("decides for each element by itself", () => {
    const big = { to: "big", each: "$result.list", when: "$item > 5" };
    const rest = { to: "rest", each: " $result . list ", otherwise: true as const };

    it("first match and otherwise see the element, not the array, however its `each` is spelled", () => {
      const expected = [
        ["big", 9],
        ["rest", 1],
        ["rest", 2],
      ];
      expect(places([big, rest], { list: [1, 9, 2] })).toEqual(expected);
      expect(places([big, rest], { list: [1, 9, 2] }, { route: "all" })).toEqual(expected);
      const { otherwise: _, ...last } = rest;
      expect(places([big, last], { list: [1, 9, 2] })).toEqual(expected);
      expect(places([big, { ...big, to: "again" }, rest], { list: [9] })).toEqual([["big", 9]]);
      expect(places([{ ...big, when: "$index == 1" }, rest], { list: [7, 8] })).toEqual([
        ["big", 8],
        ["rest", 7],
      ]);
    });

    it("one that nothing takes fails the firing, which says which", () => {
      for (const route of ["first", "all"]) {
        const { outcome, failed } = routed([big], { list: [9, 1, 2] }, { route, onError: "mine" });
        expect(outcome).toMatchObject({
          error: {
            code: "no-route",
            message: "no output of t takes 2 elements of $result.list, the first at 1: 1",
            hint: expect.stringContaining('"otherwise": true'),
          },
        });
        expect(failed.map(({ place }) => place)).toEqual(["mine"]);
      }
      // A later output of the whole does not get what is left of it.
      expect(places([big, { to: "z", otherwise: true }], { list: [1, 9] })).toBe("no-route");
      expect(places([big, { to: "z", otherwise: true }], { list: [] })).toEqual([["z", { list: [] }]]);
    });

    it("who takes the whole has taken its elements", () => {
      expect(places([{ to: "all" }, big], { list: [1, 9] }, { route: "all" })).toEqual([
        ["all", { list: [1, 9] }],
        ["big", 9],
      ]);
      expect(places([{ to: "all", when: "$result.list[0] == 1" }, big], { list: [1, 9] })).toEqual([["all", { list: [1, 9] }]]);
      const alone = { to: "rest", each: "$result.list", otherwise: true as const };
      expect(places([{ to: "all", when: "$result.whole" }, alone], { whole: true, list: [1] }, { route: "all" })).toHaveLength(1);
      expect(places([{ to: "all", when: "$result.whole" }, alone], { list: [1] }, { route: "all" })).toEqual([["rest", 1]]);
      expect(places([{ to: "all" }, big, rest], { list: [1, 9] }, { route: "all" }).slice(1)).toEqual([
        ["big", 9],
        ["rest", 1],
      ]);
    });

    it("arrays beside each other do not compete, and an empty one leaves nothing behind", () => {
      const two = [
        { to: "kept", each: "$result.keep" },
        { to: "redo", each: "$result.rework" },
        { to: "none", otherwise: true as const },
      ];
      expect(places(two, { keep: [1], rework: [2] })).toEqual([
        ["kept", 1],
        ["redo", 2],
      ]);
      expect(places(two, { keep: [], rework: [2] })).toEqual([["redo", 2]]);
      expect(places(two, { keep: [], rework: [] })).toEqual([["none", { keep: [], rework: [] }]]);
      expect(places([{ to: "x", each: "$result" }], [])).toEqual([]);
    });

    it("a condition that does not name the element opens or closes the way for all of them", () => {
      const open = { to: "x", each: "$result.list", when: "$result.ok" };
      const closed = { to: "y", when: "NOT $result.ok" };
      expect(places([open, closed], { ok: true, list: [1] }, { route: "all" })).toEqual([["x", 1]]);
      expect(places([open, closed], { ok: false, list: [1] }, { route: "all" })).toEqual([["y", { ok: false, list: [1] }]]);
      expect(places([open], { ok: false, list: [1] })).toBe("no-route");
      expect(places([open, rest], { ok: false, list: [1] })).toEqual([["rest", 1]]);
    });
  });

  it("errors take their own arcs, and what is wrong with those goes to onError", () => {
    const error = { to: "bad", error: true as const };
    const out = [
      { to: "x", when: "false" },
      { ...error, value: { why: "${$error.code}" } },
    ];
    expect(routed(out, 1).failed).toMatchObject([{ place: "bad", token: { data: { why: "no-route" } } }]);
    expect(places([error], 1)).toEqual([]);
    const broken = [{ to: "x" }, { ...error, value: "${$error.none.such}" }];
    expect(routed(broken, 1, { onError: "mine" }).failed).toMatchObject([{ place: "mine" }]);
  });

  it("gives the same ids for the same firing, each one once, and tells where a token comes from", () => {
    const ids = () => {
      const { outcome } = routed([{ to: "x", each: "$result" }, { to: "y" }], [1, 2, 3], { route: "all" });
      return outcome.ok ? outcome.produced.map(({ token }) => token.id) : [];
    };
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(4);
    const { outcome } = routed([{ to: "y" }], 1);
    expect(outcome).toMatchObject({ produced: [{ token: { from: { transition: "t", firing: "f1", tokens: ["t1"] }, correlation: "c" } }] });
  });
});
