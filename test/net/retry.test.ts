/** Failed work put back, and groups that wait for more. */
import { describe, expect, it } from "vitest";
import { foldEvents } from "../../src/net/fold.ts";
import { freeze, thaw } from "../../src/net/frozen-state.ts";
import { partialGroups } from "../../src/net/partial-groups.ts";
import { retryable, retryDraft, wasRetried } from "../../src/net/retry.ts";
import { deadlineDrafts } from "../../src/net/timing.ts";
import { Bench } from "../support/net-state.ts";

const file = {
  places: { a: { open: true }, b: { open: true, capacity: 1 }, junk: { open: true }, end: { sink: true }, told: { sink: true } },
  transitions: {
    work: {
      kind: "map" as const,
      value: { n: "${a.n}", missing: "${b.nothing}" },
      in: [{ place: "a" }, { place: "b" }, { place: "junk", mode: "reset" as const }],
      out: [{ to: "end" }],
    },
  },
};
const retry = (bench: Bench, id = bench.ids("dead-letter")[0] ?? "") => retryDraft(bench.state, bench.net, id, "ada", bench.now);

function failed(): Bench {
  const bench = new Bench(file);
  bench.put("a", { n: 1 }, { correlation: "c-one" });
  bench.put("b", { n: 2 });
  bench.put("junk", 0);
  expect(bench.fire("work")?.type).toBe("failed");
  return bench;
}

describe("retry", () => {
  it("takes what the failure left away and puts what it had taken back, with data, correlation and a way back, in one event", () => {
    const bench = failed();
    const [dead = ""] = bench.ids("dead-letter");
    const [event] = bench.log.slice(-1);
    const draft = retry(bench);
    expect(draft).toMatchObject({
      type: "intervened",
      consumed: [{ place: "dead-letter", id: dead }],
      attributes: { retried: dead, of: "work" },
    });
    bench.commit(draft);
    expect([bench.data("a"), bench.data("b"), bench.data("junk"), bench.ids("dead-letter")]).toEqual([[{ n: 1 }], [{ n: 2 }], [], []]);
    const back = [...(bench.state.places.get("a")?.values() ?? [])][0]?.token;
    expect(back?.correlation).toBe("c-one");
    expect(back?.from).toMatchObject({ transition: "retry", tokens: [event?.consumed?.[0]?.id, dead] });
    // It is another firing, with another key for its effects.
    expect(bench.fire("work")?.firing).not.toBe(event?.firing);
  });

  it("is known by the fold of the log alone and by a checkpoint, and asked for again it is known as done", () => {
    const bench = failed();
    for (const state of [foldEvents("n", bench.log), thaw("n", structuredClone(freeze(bench.state)))]) {
      expect(retryDraft(state, bench.net, retryable(state)[0] ?? "", "ada", bench.now)).toEqual(retry(bench));
    }
    const [dead = ""] = bench.ids("dead-letter");
    bench.commit(retry(bench));
    expect(wasRetried(foldEvents("n", bench.log), dead)).toBe(true);
    expect(() => retry(bench, dead)).toThrow(/no token/);
  });

  it("is refused where it would do work twice, where nothing failed, and where there is no room", () => {
    const bench = failed();
    bench.put("b", { n: 3 });
    expect(() => retry(bench)).toThrow(/b has no room/);
    expect(() => retry(bench, bench.ids("b")[0])).toThrow(/not what a failure left/);
    const two = new Bench({
      places: file.places,
      transitions: {
        work: {
          ...file.transitions.work,
          out: [{ to: "end" }, ...["told", "junk"].map((to) => ({ to, error: true as const }))],
          route: "all",
        },
        use: { kind: "pass", in: [{ place: "junk" }], out: [{ to: "end" }] },
      },
    });
    two.put("a", { n: 1 });
    two.put("b", { n: 2 });
    two.fire("work");
    expect(retryable(two.state)).toHaveLength(1);
    two.fire("use");
    expect(() => retry(two, two.ids("told")[0])).toThrow(/gone on/);
  });

  it("puts back what waited too long, and what a gate has refused", () => {
    const bench = new Bench({
      places: { a: { open: true, deadline: { after: "1h", to: "late" } }, late: { sink: true }, b: { sink: true } },
      transitions: { go: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }], gate: { approvers: ["role:x"] } } },
    });
    bench.put("a", 1);
    bench.now += 3_600_000;
    for (const draft of deadlineDrafts(bench.state, bench.net, bench.now, 9)) bench.commit(draft);
    bench.commit(retry(bench, bench.ids("late")[0]));
    expect(bench.data("a")).toEqual([1]);
    expect(deadlineDrafts(bench.state, bench.net, bench.now, 9)).toEqual([]);
  });
});

describe("partial groups", () => {
  it("are those of a join that lack something, the oldest first, with what they have", () => {
    const bench = new Bench({
      places: { orders: { open: true }, bills: { open: true }, b: { sink: true } },
      transitions: {
        join: {
          kind: "pass",
          correlate: "$.id",
          in: [
            { place: "orders", as: "order" },
            { place: "bills", as: "bill", take: 2 },
          ],
          out: [{ to: "b" }],
        },
      },
    });
    for (const id of [1, 2, 3]) bench.put("orders", { id });
    for (const id of [2, 2, 3, 9]) bench.put("bills", { id });
    bench.put("bills", { without: "a key" });
    const { groups, total } = partialGroups(bench.state, bench.net, bench.now);
    expect(total).toBe(3);
    expect(groups.map(({ key, inputs }) => [key, ...inputs.map(({ have, wanted }) => `${have}/${wanted}`)])).toEqual([
      [1, "1/1", "0/2"],
      [3, "1/1", "1/2"],
      [9, "0/1", "1/2"],
    ]);
    expect(partialGroups(bench.state, bench.net, bench.now, { most: 1 }).groups).toHaveLength(1);
  });

  it("and those of a gather", () => {
    const bench = new Bench({
      places: { s: { open: true }, d: { open: true }, b: { sink: true } },
      transitions: {
        deliver: {
          kind: "pass",
          in: [
            { place: "s", as: "story" },
            { place: "d", as: "done", gather: { by: "$.s", equals: "story.s", count: "story.n" } },
          ],
          out: [{ to: "b" }],
        },
      },
    });
    bench.put("s", { s: 1, n: 3 });
    bench.put("d", { s: 1 });
    expect(partialGroups(bench.state, bench.net, bench.now).groups[0]?.inputs[1]).toEqual({
      input: "done",
      place: "d",
      have: 1,
      wanted: 3,
    });
  });
});
