/** Executors that take work and let it lapse (S1, S2, S3; L5). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecutorStanding } from "../../src/actors/executor-standing.ts";
import { isoTime } from "../../src/contract/clock.ts";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const LEASE = 30_000;
const HOUR = 3_600_000;

describe("the standing of an executor", () => {
  it("three in a row hold it off for a lease, each more for twice as long, an hour at most", () => {
    const standing = new ExecutorStanding(LEASE);
    let now = 1000;
    const holds: (number | null)[] = [];
    for (let round = 0; round < 12; round++) {
      const hold = standing.lapsed("one", now, now + 1);
      holds.push(hold && hold.until - (now + 1));
      now = (hold?.until ?? now + 1) + 1;
    }
    expect(holds.slice(0, 5)).toEqual([null, null, LEASE, 2 * LEASE, 4 * LEASE]);
    expect(holds.slice(-2)).toEqual([HOUR, HOUR]);
    expect(standing.heldUntil("one", now - 2)).not.toBeNull();
    expect(standing.heldUntil("one", now), "its time is over").toBeNull();
    expect(standing.heldUntil("two", 0), "another is another").toBeNull();
  });

  it("a result begins the count anew, and claims that stood when one lapsed count once", () => {
    const standing = new ExecutorStanding(LEASE);
    expect([1, 2, 3, 4].map((at) => standing.lapsed("one", at, 100))).toEqual([null, null, null, null]);
    expect(standing.lapsed("one", 101, 200)).toBeNull();
    standing.worked("one");
    expect([standing.lapsed("one", 201, 210), standing.lapsed("one", 211, 220)]).toEqual([null, null]);
    expect(standing.lapsed("one", 221, 230)).toEqual({ lapsed: 3, until: 230 + LEASE });
  });

  it("what a drain gives back counts as nothing, many claims as one drain, and more than five in a lease as lapses", () => {
    const standing = new ExecutorStanding(LEASE);
    const drains = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => standing.drained("one", from + n * 10, from + n * 10 + 5));
    expect(drains(0, 5)).toEqual([true, true, true, true, true]);
    expect(standing.drained("one", 44, 46), "of the same drain").toBe(true);
    expect(drains(100, 2), "who claims in order to stop").toEqual([false, false]);
    expect(standing.drained("two", 100, 101)).toBe(true);
    expect(standing.drained("one", 2 * LEASE, 2 * LEASE + 1)).toBe(true);
  });

  it("while two have its name, what the one too many gives back does not count, and does not use up the other's drains", () => {
    const standing = new ExecutorStanding(LEASE);
    const beat = (start: string, now: number) =>
      standing.starts.heard(
        { name: "one", pools: [], labels: [], version: "0", pid: 1, host: start, busy: 0, slots: 1, at: "", start },
        now,
      );
    for (let n = 0; n < 8; n++) {
      beat("a", n * 2000);
      beat(`b${n}`, n * 2000 + 10);
      expect(beat("a", n * 2000 + 20)).not.toBeNull();
      expect(standing.drained("one", n * 2000 + 15, n * 2000 + 30)).toBe(true);
    }
    const later = 8 * 2000 + LEASE;
    expect(Array.from({ length: 6 }, (_, n) => standing.drained("one", later + n * 10, later + n * 10 + 5))).toEqual([
      ...Array(5).fill(true),
      false,
    ]);
  });
});

describe("an owner", () => {
  let kit: MasterKit;
  let rogue: HandExecutor;
  const net = {
    net: "w",
    places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
    transitions: {
      t: {
        ...{ kind: "command", pool: "p", argv: ["true"], timeout: "10m", in: [{ place: "a", as: "job" }] },
        ...{ out: [{ to: "b" }], onError: "errors", retry: { max: 1 } },
      },
    },
  };
  const firing = () => [...kit.stateOf("w").firings.values()][0];
  const told = async () => (await eventsOf(kit.broker, "w")).filter(({ attributes }) => attributes?.heldOff !== undefined);
  const why = async () => ((await kit.ask("w", "why", { name: "t" })) as { reasons: { code: string; text: string }[] }[])[0]?.reasons[0];

  beforeEach(async () => {
    kit = await masterKit();
    rogue = kit.executor("rogue");
    rogue.beat();
    await kit.ask(null, "apply-net", { definition: net });
  });
  afterEach(async () => {
    await logAgreesWithPlaces(kit.broker, "w");
    await rogue.stop();
    await kit.stop();
  });

  /** The offer of the attempt that is open. */
  async function offer(by = rogue): Promise<WorkOrder> {
    const open = firing();
    const found = () => by.orders.findLast((order) => order.firing === open?.firing && order.attempt === open?.attempt);
    await waitUntil(`attempt ${open?.attempt} is offered`, () => {
      kit.clock.jump(200);
      by.beat();
      return found() !== undefined;
    });
    return found() as WorkOrder;
  }
  async function letsLapse(how: "release" | "anew"): Promise<void> {
    const order = await offer();
    expect(await rogue.ask(order, "claim")).toMatchObject({ ok: true });
    kit.clock.jump(5);
    if (how === "release") await rogue.ask(order, "release");
    else rogue.beat(2);
    await waitUntil("it has lapsed", () => firing()?.attempt === order.attempt + 1);
    rogue.beat(1);
  }

  it("turns down who claims and gives back, says so, and another does the work", async () => {
    await kit.put("w", "a", {});
    await waitUntil("it is open", () => firing() !== undefined);
    for (const how of ["release", "anew", "release"] as const) await letsLapse(how);
    await waitUntil("it is told", async () => (await told()).length === 1);
    expect((await told())[0]).toMatchObject({
      ...{ type: "noted", status: "refused", attributes: { executor: "rogue", heldOff: { lapsed: 3 } } },
      summary: expect.stringMatching(/^Executor rogue gets no work until .*: nothing came of 3 claims in a row\.$/),
    });
    expect((await kit.broker.work.executors())[0]).toMatchObject({ name: "rogue", heldOff: expect.any(String) });
    expect(await why()).toMatchObject({ code: "executor-held-off", text: expect.stringContaining("rogue until 2") });
    const open = { net: "w", firing: firing()?.firing ?? "", attempt: firing()?.attempt ?? 0 };
    expect(await rogue.ask(open, "claim")).toMatchObject({ ok: false, code: "not-open", stopped: true });
    await rogue.stop();
    const good = kit.executor("good");
    const order = await offer(good);
    expect(await good.ask(order, "claim")).toMatchObject({ ok: true });
    await good.deliver(order, "done");
    await waitUntil("it is done", () => firing() === undefined);
    await good.stop();
  });

  it("does not blame it for drains: what is given back by one that is being stopped is no lapse", async () => {
    await kit.put("w", "a", {});
    await waitUntil("it is open", () => firing() !== undefined);
    for (let n = 0; n < 5; n++) {
      const order = await offer();
      expect(await rogue.ask(order, "claim")).toMatchObject({ ok: true });
      kit.clock.jump(5);
      expect(await rogue.ask(order, "release", { leaving: true })).toMatchObject({ ok: true });
      await waitUntil("it was given back", () => firing()?.attempt === order.attempt + 1);
    }
    const order = await offer();
    expect(await rogue.ask(order, "claim")).toMatchObject({ ok: true });
    expect(await told()).toEqual([]);
  });

  it("grants a claim that is its own again to who is held off: the first answer may be lost", async () => {
    for (let n = 0; n < 2; n++) await kit.put("w", "a", {});
    await waitUntil("both are open", () => kit.stateOf("w").firings.size === 2);
    const [first, second] = [...kit.stateOf("w").firings.keys()];
    const open = (id = "") => ({ net: "w", firing: id, attempt: kit.stateOf("w").firings.get(id)?.attempt ?? 0 });
    for (let n = 0; n < 3; n++) {
      kit.clock.jump(5);
      expect(await rogue.ask(open(first), "claim")).toMatchObject({ ok: true });
      // What it holds from before the third lapse it keeps.
      if (n === 2) expect(await rogue.ask(open(second), "claim")).toMatchObject({ ok: true });
      const { attempt } = open(first);
      await rogue.ask(open(first), "release");
      await waitUntil("it has lapsed", () => open(first).attempt === attempt + 1);
    }
    expect(await rogue.ask(open(first), "claim"), "it is held off").toMatchObject({ ok: false, stopped: true });
    expect(await rogue.ask(open(second), "claim")).toMatchObject({ ok: true });
    expect(await rogue.ask({ ...open(second), attempt: 2 }, "claim"), "of another attempt it is not").toMatchObject({ ok: false });
  });

  it("does not blame it for claims whose answers wait for a slow log", async () => {
    for (let n = 0; n < 4; n++) await kit.put("w", "a", {});
    await waitUntil("all are open", () => kit.stateOf("w").firings.size === 4);
    kit.broker.faults.rejectAppends = { outlook: "retryable", code: "broker-full", message: "no space left" };
    const answers = [...kit.stateOf("w").firings.keys()].map((id) => rogue.ask({ net: "w", firing: id, attempt: 1 }, "claim"));
    const all = () => [...kit.stateOf("w").firings.values()];
    await waitUntil("all claims wait", () => all().every(({ claim }) => claim?.executor === "rogue"));
    kit.clock.pass(LEASE + 5000, 1000);
    await waitUntil("all have lapsed", () => all().every(({ attempt }) => attempt === 2));
    kit.broker.faults.rejectAppends = null;
    kit.clock.pass(5000, 1000);
    for (const answer of answers) expect(await answer).toMatchObject({ ok: false });
    expect(await told()).toEqual([]);
  });

  it("gives it work again when its time is over, and forgets when it does some", async () => {
    await kit.put("w", "a", {});
    await waitUntil("it is open", () => firing() !== undefined);
    for (let n = 0; n < 3; n++) await letsLapse("release");
    kit.clock.pass(LEASE + 1000);
    const order = await offer();
    expect(await rogue.ask(order, "claim")).toMatchObject({ ok: true });
    await rogue.deliver(order, "done");
    await waitUntil("it is done", () => firing() === undefined);
    await kit.put("w", "a", {});
    await waitUntil("the next is open", () => firing() !== undefined);
    await letsLapse("release");
    expect(await rogue.ask(await offer(), "claim")).toMatchObject({ ok: true });
    expect(await told()).toHaveLength(1);
  });

  it("is not filled by results that nobody asked for: so many an hour are told, and then how many were not", async () => {
    const ignored = async () => (await eventsOf(kit.broker, "w")).filter(({ type }) => type === "ignored");
    const forged = (n: number): WorkOrder => ({ net: "w", transition: "x".repeat(5000), firing: `f-${n}`, attempt: 1 }) as WorkOrder;
    for (let n = 0; n < 150; n++) await rogue.deliver(forged(n), n);
    await waitUntil("all were taken away", () => kit.hub.results("w").all().length === 0);
    expect(await ignored()).toHaveLength(100);
    expect(JSON.stringify((await ignored())[0]).length).toBeLessThan(1000);
    await kit.put("w", "a", {});
    await waitUntil("it is open", () => firing() !== undefined);
    const order = await offer();
    await rogue.ask(order, "claim");
    await rogue.deliver(order, "done");
    await waitUntil("one counts", () => firing() === undefined);
    await rogue.deliver(order, "late", { attempt: 2 });
    await waitUntil("it is taken away", () => kit.hub.results("w").all().length === 0);
    expect(await ignored(), "one that counts between them gives no right to more").toHaveLength(100);
    kit.clock.pass(3_600_000, 60_000);
    await rogue.deliver(order, "later", { attempt: 3 });
    await waitUntil("the next is told again", async () => (await ignored()).length === 101);
    expect((await ignored()).at(-1)).toMatchObject({
      summary: expect.stringMatching(/, as were 51 before it\.$/),
      attributes: { untold: 51 },
    });
  });

  it("gives up a claim that is renewed for longer than its work may take", async () => {
    await kit.put("w", "a", {});
    await waitUntil("it is open", () => firing() !== undefined);
    const order = await offer();
    expect(await rogue.ask(order, "claim")).toMatchObject({ ok: true });
    let renewals = 0;
    for (let passed = 0; passed < 20 * 60_000 && firing()?.attempt === 1; passed += 10_000) {
      kit.clock.pass(10_000, 1000);
      renewals += (await rogue.ask(order, "renew")).ok ? 1 : 0;
    }
    // Its 10 minutes and the 5 after them.
    expect(renewals).toBeGreaterThanOrEqual(85);
    expect(firing()?.attempt).toBe(2);
    const [lapsed] = (await eventsOf(kit.broker, "w")).filter(({ type }) => type === "lapsed");
    expect(lapsed?.summary).toContain("rogue held it for longer than it may take");
  });

  it("`why` of what a revoked executor had says so, and when it goes to another", async () => {
    await kit.put("w", "a", 1);
    await waitUntil("it is offered", () => rogue.orders.length === 1);
    expect(await rogue.ask(rogue.orders[0] as never, "claim")).toMatchObject({ ok: true });
    expect(await why()).toMatchObject({ code: "claimed", text: expect.stringContaining("rogue works on it") });
    const enrolled = kit.broker.keyValue("enrolled");
    const at = kit.clock.now();
    await enrolled.put("rogue", { pools: [], labels: [], revoked: isoTime(at) });
    const until = isoTime(at + LEASE);
    const text = `rogue was revoked at ${isoTime(at)}; what it had, attempt 1, goes to another when its lease is over, at ${until}`;
    expect(await why()).toMatchObject({ code: "claimed", text, until });
    // Enrolled again it is as any other.
    await enrolled.put("rogue", { pools: ["p"], labels: [] });
    expect(await why()).toMatchObject({ text: expect.stringContaining("rogue works on it") });
  });
});
