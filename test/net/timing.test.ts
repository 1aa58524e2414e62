/** What time brings about: delays, schedules, deadlines of places; and whose turn it is. */
import { describe, expect, it } from "vitest";
import { dueRetries, nextDue } from "../../src/net/due.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { compileSchedule } from "../../src/net/schedule.ts";
import { deadlineDrafts, nextTiming } from "../../src/net/timing.ts";
import { nextTurn } from "../../src/net/turns.ts";
import { Bench, T0 } from "../support/net-state.ts";

const at = (text: string) => Date.parse(text);
const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

describe("delay", () => {
  it("a token is bound once it has lain long enough in its place", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: {}, c: { sink: true } },
      transitions: {
        first: { kind: "pass", delay: "5m", in: [{ place: "a" }], out: [{ to: "b" }] },
        second: { kind: "pass", delay: "1s", in: [{ place: "b" }], out: [{ to: "c" }] },
      },
    });
    bench.put("a", 1);
    bench.now += 299_999;
    expect(bench.run()).toBe(0);
    expect(nextTiming(foldEvents("n", bench.log), bench.net, bench.now)).toBe(T0 + 300_000);
    bench.now += 1;
    expect(bench.run()).toBe(1);
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(T0 + 301_000);
  });
});

describe("a failed attempt", () => {
  it("waits for its time, whatever else time brings about before it", () => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: { work: { kind: "command", pool: "p", argv: ["true"], in: [{ place: "a" }], out: [{ to: "b" }] } },
    });
    bench.put("a", 1);
    const firing = bench.fire("work")?.firing ?? "";
    bench.event("failed", { transition: "work", firing, attempt: 1, attributes: { final: false, notBefore: T0 + 5000 } });
    expect(nextDue(bench.state, bench.net, bench.now)).toBe(T0 + 5000);
    expect(dueRetries(bench.state, T0 + 4999)).toEqual([]);
    expect(dueRetries(bench.state, T0 + 5000).map((each) => each.attempt)).toEqual([2]);
  });
});

describe("schedule", () => {
  const scheduled = (schedule: { cron?: string; timezone?: string; every?: string }, inputs: { place: string }[] = []) => {
    const bench = new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: { tick: { kind: "pass", schedule, in: inputs, out: [{ to: "b" }] } },
    });
    bench.event("edited", { attributes: { schedules: { tick: JSON.stringify(schedule) } } });
    return bench;
  };

  it("an interval fires once for each time, without inputs, and says which; ids differ", () => {
    const bench = scheduled({ every: "10m" });
    expect(bench.run()).toBe(0);
    for (let n = 1; n <= 3; n++) {
      bench.now = T0 + n * 600_000 + 5;
      expect(bench.run()).toBe(1);
    }
    expect(bench.data("b")).toEqual([1, 2, 3].map((n) => ({ at: iso(T0 + n * 600_000), missed: 0 })));
    expect(new Set(bench.ids("b")).size).toBe(3);
    expect(foldEvents("n", bench.log).schedules).toEqual(bench.state.schedules);
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(T0 + 4 * 600_000);
  });

  it("times that passed while nobody looked fire once, with their count", () => {
    const bench = scheduled({ every: "10m" });
    bench.now = T0 + 65 * 60_000;
    expect(bench.run()).toBe(1);
    expect(bench.log.at(-1)?.attributes).toEqual({ schedule: { at: iso(T0 + 60 * 60_000), missed: 5 } });
    bench.now = T0 + 69 * 60_000;
    expect(bench.run()).toBe(0);
  });

  it("waits for its inputs and takes them once a time", () => {
    const bench = scheduled({ every: "10m" }, [{ place: "a" }]);
    bench.now = T0 + 25 * 60_000;
    expect(bench.run()).toBe(0);
    bench.put("a", 1);
    bench.put("a", 2);
    expect(bench.run()).toBe(1);
    bench.now = T0 + 30 * 60_000;
    expect(bench.run()).toBe(1);
    expect(bench.data("b")).toEqual([1, 2]);
  });

  it("a changed schedule counts from its change, an unchanged one goes on", () => {
    const bench = scheduled({ every: "10m" });
    bench.now = T0 + 599_000;
    bench.event("edited", { attributes: { schedules: { tick: JSON.stringify({ every: "10m" }) } } });
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(T0 + 600_000);
    bench.event("edited", { attributes: { schedules: { tick: "another" } } });
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(T0 + 599_000 + 600_000);
    bench.event("edited", { attributes: { schedules: {} } });
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(Number.POSITIVE_INFINITY);
  });

  it("cron follows the clock of its zone over both changes of summer time", () => {
    const nine = compileSchedule({ cron: "0 9 * * 1-5", timezone: "Europe/Berlin" });
    // Friday before the clocks go forward, to Monday after.
    expect(iso(nine.next(at("2026-03-27T08:00:00Z")))).toBe("2026-03-30T07:00:00.000Z");
    const gap = compileSchedule({ cron: "30 2 * * *", timezone: "Europe/Berlin" });
    expect(iso(gap.next(at("2026-03-28T12:00:00Z")))).toBe("2026-03-29T01:00:00.000Z");
    const fold = gap.due(at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z"));
    expect({ ...fold, at: iso(fold?.at ?? null) }).toEqual({ at: "2026-10-25T00:30:00.000Z", missed: 0 });
    const hourly = compileSchedule({ cron: "0 * * * *", timezone: "Europe/Berlin" });
    expect(hourly.due(at("2026-10-24T22:00:00Z"), at("2026-10-25T22:59:00Z"))?.missed).toBe(23);
  });

  it("counts missed times of a busy cron up to a limit, and still finds the last one", () => {
    const each = compileSchedule({ cron: "* * * * * *" });
    expect(each.due(T0, T0 + 86_400_500)).toEqual({ at: T0 + 86_400_000, missed: 1000 });
    expect(each.due(T0, T0 + 999)).toBeNull();
    expect(each.due(T0, T0 + 2_000)).toEqual({ at: T0 + 2_000, missed: 1 });
  });
});

describe("deadlines of places", () => {
  it("what waits too long goes on by an event; held tokens and those in time stay", () => {
    const bench = new Bench({
      places: { a: { open: true, deadline: { after: "2h", to: "late" } }, late: { sink: true }, b: { sink: true } },
      transitions: { work: { kind: "command", pool: "p", concurrency: 1, in: [{ place: "a" }], out: [{ to: "b" }] } },
    });
    bench.put("a", "held", { correlation: "c-held" });
    bench.fire("work");
    bench.put("a", "waits", { correlation: "c-waits" });
    expect(nextTiming(bench.state, bench.net, bench.now)).toBe(T0 + 2 * 3_600_000);
    bench.now += 3_600_000;
    bench.put("a", "later");
    bench.now += 3_600_000;
    bench.event("paused");
    expect(deadlineDrafts(bench.state, bench.net, bench.now, 10)).toEqual([]);
    bench.event("resumed");
    const drafts = deadlineDrafts(bench.state, bench.net, bench.now, 10);
    expect(drafts).toHaveLength(1);
    for (const draft of drafts) bench.commit(draft);
    expect(bench.log.at(-1)).toMatchObject({ type: "expired", correlation: "c-waits", attributes: { deadline: "a", waitedMs: 7_200_000 } });
    expect(bench.data("late")).toEqual(["waits"]);
    expect(bench.data("a")).toEqual(["held", "later"]);
    expect(bench.state.firings.size).toBe(1);
  });
});

describe("turns", () => {
  const compete = (priorities: number[]) =>
    new Bench({
      places: { a: { open: true }, b: { sink: true } },
      transitions: Object.fromEntries(
        priorities.map((priority, index) => [`t${index}`, { kind: "pass" as const, priority, in: [{ place: "a" }], out: [{ to: "b" }] }]),
      ),
    });
  const fireInTurn = (bench: Bench, count: number): string[] => {
    const fired: string[] = [];
    while (fired.length < count) {
      const wanting = new Set([...bench.net.transitions.keys()].reverse());
      let id = nextTurn(wanting, bench.net, bench.state);
      while (id !== undefined && !bench.decide(id)) {
        wanting.delete(id);
        id = nextTurn(wanting, bench.net, bench.state);
      }
      if (id === undefined) break;
      bench.fire(id);
      fired.push(id);
    }
    return fired;
  };

  it("the higher priority goes first as long as it can", () => {
    const bench = compete([0, 5, -1]);
    for (let n = 0; n < 4; n++) bench.put("a", n);
    expect(fireInTurn(bench, 9)).toEqual(["t1", "t1", "t1", "t1"]);
  });

  it("equals take turns: over 10,000 firings each gets its share, and nobody waits longer than a round", () => {
    const bench = compete([0, 0, 0, 0]);
    const fired: string[] = [];
    while (fired.length < 10_000) {
      for (let n = 0; n < 100; n++) bench.put("a", n);
      fired.push(...fireInTurn(bench, 100));
    }
    for (const id of ["t0", "t1", "t2", "t3"]) expect(fired.filter((one) => one === id)).toHaveLength(2500);
    expect(fired.every((id, index) => index < 4 || fired[index - 4] === id)).toBe(true);
    // Another master, which knows the log alone, would go on with the same one.
    expect(nextTurn(bench.net.transitions.keys(), bench.net, foldEvents("n", bench.log))).toBe("t0");
  });
});
