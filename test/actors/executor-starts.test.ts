/** Two processes under one executor's name: which one has it (T1, T2), and what the owner of a net makes of it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { ExecutorStarts } from "../../src/actors/executor-starts.ts";
import type { ExecutorPresence } from "../../src/contract/envelope.ts";
import { type Logger, silentLogger } from "../../src/contract/logger.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const beat = (start: string, more: Partial<ExecutorPresence> = {}): ExecutorPresence => ({
  ...{ name: "one", pools: ["p"], labels: [], version: "0", pid: 1, host: "here", busy: 0, slots: 4, at: "", start },
  ...more,
});

test("T2: the later of two that go on speaking is one too many, whether they began together or one after the other", () => {
  for (const begins of [10, 60_000]) {
    const starts = new ExecutorStarts();
    for (let now = 0; now < begins; now += 2000) expect(starts.heard(beat("a"), now)).toBeNull();
    expect(starts.heard(beat("b"), begins)).toBeNull();
    expect(starts.heard(beat("a"), begins + 1000)).toMatchObject({ kept: { start: "a" }, surplus: { start: "b" } });
    expect(starts.current("one")).toEqual({ start: "a", since: null });
  }
});

test("T1: one that follows in its own folder has the name at once; elsewhere when the one before is silent; none is ended", () => {
  const starts = new ExecutorStarts();
  starts.heard(beat("a"), 0);
  expect(starts.heard(beat("b", { after: "a" }), 10)).toBeNull();
  expect(starts.current("one")).toEqual({ start: "b", since: null });
  for (let now = 100; now <= 4100; now += 2000) expect(starts.heard(beat("c"), now)).toBeNull();
  expect(starts.current("one")?.start).toBe("b");
  expect(starts.heard(beat("c"), 6100)).toBeNull();
  expect(starts.current("one")).toEqual({ start: "c", since: 100 });
  // One that was frozen meanwhile comes too late.
  starts.heard(beat("b", { after: "a" }), 7000);
  expect(starts.heard(beat("c"), 8000)).toMatchObject({ surplus: { start: "b" } });
  starts.heard({ name: "one", gone: true }, 9000);
  expect(starts.heard(beat("d"), 9100)).toBeNull();
  expect(starts.current("one")?.start).toBe("d");
  expect(starts.heard({ ...beat("e"), start: undefined } as unknown as ExecutorPresence, 9200)).toBeNull();
});

test("T1: a copy of its folder on another machine ends nobody; T2: while the first drains, the other waits for the name", () => {
  const starts = new ExecutorStarts();
  starts.heard(beat("a"), 0);
  expect(starts.heard(beat("b", { after: "a", host: "there" }), 10)).toBeNull();
  expect(starts.heard(beat("a"), 1000)).toMatchObject({ kept: { start: "a" }, surplus: { start: "b" } });
  expect(starts.heard(beat("a", { leaving: true, busy: 1 }), 2000)).toBeNull();
  expect(starts.heard(beat("b", { host: "there" }), 2010)).toBeNull();
  expect(starts.current("one")?.start).toBe("a");
  starts.heard({ name: "one", gone: true }, 3000);
  expect(starts.heard(beat("b", { host: "there" }), 4010)).toBeNull();
  expect(starts.current("one")?.start).toBe("b");
});

test("T3: after an outage or a standstill of its own a master takes the name from nobody whom it could not hear", () => {
  for (const outage of [true, false]) {
    const starts = new ExecutorStarts();
    starts.heard(beat("a"), 0);
    starts.heard(beat("b"), 100);
    if (outage) starts.wireUp(60_000);
    // Only the order in which they come is chance.
    expect(starts.heard(beat("b"), 60_100)).toBeNull();
    expect(starts.current("one")?.start).toBe("a");
    expect(starts.heard(beat("a"), 60_200)).toMatchObject({ kept: { start: "a" }, surplus: { start: "b" } });
    // It is gone: then the other has the name.
    for (let now = 62_000; now <= 66_000; now += 2000) starts.heard(beat("b"), now);
    expect(starts.current("one")).toMatchObject({ start: "b" });
  }
  // Others were heard all the time: the wire's end alone tells.
  const starts = new ExecutorStarts();
  starts.heard(beat("a"), 0);
  starts.heard(beat("x", { name: "two" }), 4000);
  starts.wireUp(5500);
  starts.heard(beat("b"), 5600);
  expect(starts.current("one")?.start).toBe("a");
});

let kit: MasterKit;
let one: HandExecutor;
beforeEach(async () => {
  kit = await masterKit();
  one = kit.executor("one");
  await kit.ask(null, "apply-net", {
    definition: {
      net: "w",
      places: { a: { open: true }, b: { sink: true } },
      transitions: { t: { kind: "command", pool: "p", argv: ["true"], in: [{ place: "a" }], out: [{ to: "b" }] } },
    },
  });
});
afterEach(async () => {
  await one.stop();
  await kit.stop();
});

test("the work of the first goes on, the second is told to end and the log says so once; a restart frees its work at once", async () => {
  one.beat(1, 0, { start: "a" });
  await kit.put("w", "a", 1);
  await waitUntil("an offer is there", () => one.orders.length === 1);
  const [order] = one.orders;
  if (!order) throw new Error("no offer");
  expect(await one.ask(order, "claim")).toMatchObject({ ok: true });
  for (let n = 0; n < 3; n++) {
    one.beat(1, 0, { start: "b", host: "there" });
    one.beat(1, 1, { start: "a" });
  }
  const ended = { surplus: "b", kept: "process 1 on here" };
  await waitUntil("it is told", () => one.cancelled.some((about) => "surplus" in about));
  expect(one.cancelled).toContainEqual(expect.objectContaining(ended));
  expect(one.cancelled.every((about) => (about as { surplus?: string }).surplus === "b")).toBe(true);
  expect(await one.ask(order, "renew")).toMatchObject({ ok: true });
  const said = async () => (await eventsOf(kit.broker, "w")).filter(({ summary }) => summary.includes("Two executors run as one"));
  await waitUntil("the log says it", async () => (await said()).length > 0);
  expect(await said()).toHaveLength(1);
  // Another one each time: told to end, and not told in the log once more.
  one.beat(1, 0, { start: "b2", host: "there" });
  one.beat(1, 1, { start: "a" });
  await waitUntil("the next is told", () => one.cancelled.some((about) => (about as { surplus?: string }).surplus === "b2"));
  await kit.put("w", "a", 2);
  await waitUntil("what follows is offered", () => one.orders.length > 1);
  expect(await said()).toHaveLength(1);
  one.beat(1, 0, { start: "c", after: "a" });
  await waitUntil("it is offered anew", () => one.orders.some(({ attempt }) => attempt === 2));
});

test("T3: of two masters that heard two new starts in another order, the one that speaks for all has one end, and only one", async () => {
  one.beat(1, 0, { start: "a" });
  await kit.put("w", "a", 1);
  await waitUntil("the first master knows the first", () => one.orders.length === 1);
  one.beat(1, 0, { start: "b", host: "there" });
  const warned: string[] = [];
  // It finds the newest word of the executor, and thinks that this one was first.
  await kit.rival({ logger: { ...silentLogger, warn: (_: unknown, text?: string) => void warned.push(text ?? "") } as Logger });
  for (let n = 0; n < 3; n++) {
    one.beat(1, 0, { start: "a" });
    one.beat(1, 0, { start: "b", host: "there" });
  }
  await waitUntil("the second master has judged too", () => warned.some((text) => text.includes("Two executors run as one")));
  await waitUntil("one is told to end", () => one.cancelled.some((about) => "surplus" in about));
  expect(warned.join()).toContain("one of them is told to end");
  expect(new Set(one.cancelled.map((about) => (about as { surplus?: string }).surplus))).toEqual(new Set(["b"]));
});
