/** Executors whose disk is full, as the owner of a net sees them (B4). */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const FULL = { full: "no room on the disk of /srv/petrel (0 MB are free)" };
let kit: MasterKit;
let one: HandExecutor;
const net = {
  net: "w",
  places: { a: { open: true }, b: { sink: true } },
  transitions: { t: { kind: "command", pool: "p", argv: ["true"], timeout: "10m", in: [{ place: "a" }], out: [{ to: "b", value: {} }] } },
};
const told = async (text: string) => (await eventsOf(kit.broker, "w")).filter(({ summary }) => summary.includes(text));
const why = async () => ((await kit.ask("w", "why", { name: "t" })) as { reasons: { code: string; text: string }[] }[])[0]?.reasons[0];

beforeEach(async () => {
  kit = await masterKit();
  one = kit.executor("one");
  await kit.ask(null, "apply-net", { definition: net });
  // Before that, nobody can know who is there.
  for (let n = 0; n < 6; n++) {
    one.beat();
    kit.clock.jump(1000);
  }
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "w");
  await one.stop();
  await kit.stop();
});

it("work waits for room, the event line and why say so, and it is offered when there is", async () => {
  one.beat(1, 0, FULL);
  await kit.put("w", "a", {});
  await waitUntil("it is said", async () => {
    kit.clock.jump(500);
    one.beat(1, 0, FULL);
    return (await told("t is blocked: who could do it takes no new work: one has no room on the disk of /srv/petrel")).length === 1;
  });
  await waitUntil("the executor is told of", async () => (await told("Executor one takes no new work: no room")).length === 1);
  expect(await why()).toMatchObject({ code: "disk-full", text: expect.stringContaining("it goes on by itself when there is room") });
  expect(one.orders).toEqual([]);
  one.beat();
  await waitUntil("it is offered", () => {
    kit.clock.jump(200);
    one.beat();
    return one.orders.length > 0;
  });
  await waitUntil("that it has room is told", async () => (await told("Executor one has room on its disk again")).length === 1);
  const [order] = one.orders;
  if (!order) throw new Error("there is no order");
  expect(await one.ask(order, "claim")).toMatchObject({ ok: true });
  // One that says now this, now that fills no log.
  for (let n = 0; n < 20; n++) one.beat(1, 1, n % 2 ? {} : FULL);
  await one.deliver(order, "done");
  await waitUntil("it is done", () => kit.stateOf("w").firings.size === 0);
  expect(await told("Executor one takes no new work")).toHaveLength(1);
});

it("it is offered, and nothing is blocked, where another has room", async () => {
  one.beat(1, 0, FULL);
  const two = kit.executor("two");
  two.beat();
  await kit.put("w", "a", {});
  await waitUntil("it is offered", () => {
    kit.clock.jump(200);
    one.beat(1, 0, FULL);
    two.beat();
    return two.orders.length > 0 || one.orders.length > 0;
  });
  expect(await told("is blocked")).toEqual([]);
  await two.stop();
});
