/** X1 to X4: what the index gives is what a look at the whole state gives, after any run of events. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { findBinding } from "../../src/net/binding.ts";
import { applyEvent } from "../../src/net/fold.ts";
import { markingIndex } from "../../src/net/marking-index.ts";
import { emptyState, type NetState } from "../../src/net/state.ts";
import { NONE } from "../../src/net/token-line.ts";
import { keyValue } from "../../src/net/token-list.ts";
import { Bench } from "../support/net-state.ts";

const stage = { text: '[{"key":"stage"}]', of: (token: { data: Json }) => (token.data as { stage?: Json } | null)?.stage };
const ids = (state: NetState, over: "free" | "all", value?: Json) => {
  const found: string[] = [];
  const line = markingIndex(state)
    .place("a")
    .line(over, value === undefined ? null : stage, value);
  for (let slot = line.head; slot !== NONE; slot = line.next(slot)) found.push(line.placed(slot).token.id);
  expect(found).toHaveLength(line.size);
  return found;
};
const plain = (state: NetState, over: "free" | "all", value?: Json) =>
  [...(state.places.get("a")?.values() ?? [])]
    .filter(({ token, reservedBy }) => {
      const own = (token.data as { stage?: Json }).stage;
      return (over === "all" || reservedBy === null) && (value === undefined || keyValue(own) === keyValue(value));
    })
    .map(({ token }) => token.id);

const net = () =>
  new Bench({
    places: { a: { open: true }, b: {}, out: { sink: true } },
    transitions: {
      ask: {
        kind: "command",
        hand: "shell.run",
        pool: "p",
        in: [{ place: "a", where: '$.stage == "x"' }],
        out: [{ to: "out" }],
        concurrency: 3,
      },
      back: { kind: "pass", in: [{ place: "b" }], out: [{ to: "a" }] },
      move: { kind: "pass", in: [{ place: "a", where: "$.n > 2" }], out: [{ to: "b" }] },
    } as never,
  });

describe("the index of a marking", () => {
  it("X2, X3: agrees with the state after any events, and so does one made anew", () => {
    const stages = fc.constantFrom<Json>("x", "y", null, 1, { deep: true });
    const step = fc.oneof(
      fc.record({ put: stages, n: fc.nat(4) }),
      fc.record({ fire: fc.constantFrom("ask", "back", "move") }),
      fc.record({ end: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(59), (steps, lookAt) => {
        const bench = net();
        for (const [at, each] of steps.entries()) {
          // From some moment on somebody looks, so that lists are made in the middle and kept up from there.
          if (at >= lookAt) for (const value of [undefined, "x", null] as const) ids(bench.state, "free", value);
          if ("put" in each) bench.put("a", { stage: each.put, n: each.n });
          else if ("fire" in each) bench.fire(each.fire);
          else end(bench, each.end);
        }
        const anew = emptyState("n");
        for (const event of bench.log) applyEvent(anew, structuredClone(event));
        for (const over of ["free", "all"] as const) {
          for (const value of [undefined, "x", "y", null, 1, { deep: false }] as const) {
            expect(ids(bench.state, over, value)).toEqual(plain(bench.state, over, value));
            expect(ids(anew, over, value)).toEqual(ids(bench.state, over, value));
          }
        }
        const open = [...markingIndex(bench.state).firingsOf("ask").open].map(({ firing }) => firing);
        expect(open).toEqual([...bench.state.firings.keys()]);
      }),
      { numRuns: 150 },
    );
  });

  it("X4: what only counts as equal is found, and what only looks alike is not", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { open: true }, out: { sink: true } },
      transitions: {
        t: { kind: "pass", in: [{ place: "b" }, { place: "a", where: "$.k == b.k AND $.n == 1" }], out: [{ to: "out" }] },
      } as never,
    });
    const t = bench.net.transitions.get("t");
    const found = () => t && (findBinding(bench.state, bench.net, t, bench.now)?.inputs[1]?.tokens[0]?.data ?? null);
    const pairs: [Json, Json, boolean][] = [
      [{ x: 1, y: 2 }, { y: 2, x: 1 }, true],
      [{ x: 1 }, { x: 2 }, false],
      [[1, 2], [1, 2], true],
      ["1", 1, false],
      ["null", null, false],
      ["true", true, false],
      [-0, 0, true],
      [1.5, 1.5, true],
    ];
    for (const [left, right, equal] of pairs) {
      const [one, other] = [bench.put("b", { k: left }), bench.put("a", { k: right, n: 1 })];
      expect(found()).toEqual(equal ? other.data : null);
      bench.event("intervened", {
        consumed: [
          { place: "b", id: one.id },
          { place: "a", id: other.id },
        ],
      });
    }
    // Missing equals null and missing.
    bench.put("b", {});
    bench.put("a", { k: null, n: 1 });
    expect(found()).toEqual({ k: null, n: 1 });
  });

  it("a place that was full and is empty again gives its memory back, and begins anew in order", () => {
    const bench = net();
    const all = () => ids(bench.state, "free");
    const crowd = 1500;
    for (const round of [1, 2]) {
      expect(all()).toEqual([]);
      const put = Array.from({ length: crowd }, (_, at) => bench.put("a", { stage: `s${at % 700}`, n: 0 }).id);
      expect(all()).toEqual(put);
      expect(ids(bench.state, "free", "s3")).toEqual([put[3], put[703], put[1403]]);
      // From both ends and out of the middle.
      const leaving = round === 1 ? put.filter((_, at) => at % 2 === 0).concat(put.filter((_, at) => at % 2 === 1).reverse()) : put;
      for (const [at, id] of leaving.entries()) {
        bench.event("intervened", { consumed: [{ place: "a", id }] });
        if (at === 700) expect(all()).toEqual(plain(bench.state, "free"));
      }
      for (const value of ["s3", "s699", null]) expect(ids(bench.state, "free", value)).toEqual([]);
    }
  });

  it("tokens of events that are not in the log yet wait for it", () => {
    const bench = net();
    bench.put("a", { n: 3 });
    const move = bench.net.transitions.get("move");
    if (!move) throw new Error("no transition");
    const upTo = bench.state.seq;
    // The index is there before the second token comes.
    expect(findBinding(bench.state, bench.net, move, bench.now, upTo)?.inputs[0]?.tokens[0]?.id).toBe("t1");
    bench.fire("move");
    bench.put("a", { n: 4 });
    expect(findBinding(bench.state, bench.net, move, bench.now, upTo)).toBeNull();
    expect(findBinding(bench.state, bench.net, move, bench.now, bench.state.seq)?.inputs[0]?.tokens[0]?.id).toBe("t2");
  });
});

/** The oldest open firing ends: with what it held, or giving it back. */
function end(bench: Bench, done: boolean): void {
  const [firing] = bench.state.firings.values();
  if (!firing) return;
  const consumed = done ? firing.consumed : [];
  bench.event("fired", { firing: firing.firing, transition: firing.transition, consumed, produced: [] });
}
