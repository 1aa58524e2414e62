/** Work by which its executors die (L6, and D1 to D3 of `net/deaths.ts`). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import { isJsonObject } from "../../src/contract/json.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";

const LEASE = 30_000;
const step = (place: string) => ({
  ...{ kind: "command", pool: "p", argv: ["true"], timeout: "10m", in: [{ place, as: "job" }] },
  ...{ out: [{ to: "b" }], onError: "errors", retry: { max: 1 } },
});
const net = {
  net: "w",
  places: { a: { open: true }, other: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: { t: step("a"), u: step("other") },
};

let kit: MasterKit;
let one: HandExecutor;
/** The starts of `one`, each of which follows the one before it in its folder. */
let start = 1;
const alive = (by = one) => by.beat(start, 0, { start: `start-${start}`, after: `start-${start - 1}` });
const firings = () => [...kit.stateOf("w").firings.values()];
const of = (transition: string) => firings().find((firing) => firing.transition === transition);
const events = async (type: string) => (await eventsOf(kit.broker, "w")).filter((event) => event.type === type);
const whyOf = async () =>
  ((await kit.ask("w", "why", { name: "t" })) as { reasons: { code: string; text: string }[] }[])[0]?.reasons[0]?.text ?? "";

beforeEach(async () => {
  start = 1;
  // A persona's actor waits for the executor.
  kit = await masterKit({ work: () => new Promise(() => {}) });
  one = kit.executor("one");
  await kit.ask(null, "apply-net", { definition: net });
  alive();
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "w");
  await one.stop();
  await kit.stop();
});

async function opened(place: string, transition: string): Promise<void> {
  await kit.put("w", place, {});
  await waitUntil(`${transition} is open`, () => of(transition) !== undefined);
}
/** Time passes for all, and the executor goes on to be heard, until `by` has the claim of the open attempt of the transition. */
async function claims(transition: string, by = one): Promise<WorkOrder> {
  let order: WorkOrder | undefined;
  const asked = async () => {
    kit.clock.jump(500);
    alive();
    const open = of(transition);
    order = by.orders.findLast(({ firing, attempt }) => firing === open?.firing && attempt === open?.attempt);
    return order !== undefined && (await by.ask(order, "claim")).ok;
  };
  await waitUntil(`${transition} is claimed`, asked);
  return order as WorkOrder;
}
async function dies(transition: string): Promise<void> {
  const attempt = of(transition)?.attempt ?? 0;
  kit.clock.jump(5);
  start += 1;
  alive();
  await waitUntil(`attempt ${attempt} is lost`, () => of(transition)?.attempt !== attempt);
}

describe("work by which its executor dies", () => {
  it("fails with the fourth time and goes where errors go; the executor is not held off", async () => {
    await opened("a", "t");
    for (let n = 1; n <= 4; n++) {
      expect(await claims("t"), `attempt ${n}`).toMatchObject({ attempt: n });
      if (n < 4) await dies("t");
      else start += 1;
    }
    alive();
    await waitUntil("it has failed", () => of("t") === undefined);
    expect((await events("failed")).map(({ attempt, attributes }) => [attempt, attributes])).toMatchObject([
      [
        4,
        {
          final: true,
          error: {
            code: "executors-died",
            message: "its executor died while it worked on this, 4 times: one (attempts 1, 2, 3 and 4)",
            hint: expect.stringContaining("petrel retry w TOKEN"),
          },
        },
      ],
    ]);
    expect(kit.stateOf("w").places.get("errors")?.size).toBe(1);
    expect((await events("lapsed")).map(({ attributes }) => attributes?.died)).toEqual([
      { start: "start-1" },
      { start: "start-2" },
      { start: "start-3" },
    ]);
    expect((await events("noted")).filter(({ attributes }) => attributes?.heldOff)).toEqual([]);
    await opened("other", "u");
    await one.deliver(await claims("u"), "done");
    await waitUntil("the executor does the rest", () => firings().length === 0);
    expect(await events("fired")).toHaveLength(1);
  });

  it("is counted over a crash of the master, and is told meanwhile", async () => {
    await opened("a", "t");
    for (let n = 0; n < 2; n++) {
      await claims("t");
      await dies("t");
    }
    await kit.crash();
    await kit.master.termOf("w");
    alive();
    expect(of("t")?.deaths).toMatchObject([
      { executor: "one", attempt: 1 },
      { executor: "one", attempt: 2 },
    ]);
    expect(await whyOf()).toMatch(
      /one \(attempts 1 and 2\); it is for one that has been up for 5 s and has no other such work, and fails with the 4th death$/,
    );
    await claims("t");
    expect(await whyOf()).toMatch(/^one works on it, attempt 3, .*; its executor died while it worked on it: one \(attempts 1 and 2\)/);
  });

  it("waits, from the third time on, for an executor that has been up for a while: one that dies every second blames nobody", async () => {
    // How long an executor has been up is counted by this clock, and not by a machine that stands still.
    kit.clock.hold();
    await opened("a", "t");
    for (let n = 0; n < 2; n++) {
      await claims("t");
      await dies("t");
    }
    const open = { net: "w", firing: of("t")?.firing ?? "", attempt: 3 };
    for (let n = 0; n < 10; n++) {
      kit.clock.jump(1000);
      expect(await one.ask(open, "claim")).toMatchObject({ ok: false, message: expect.stringContaining("been up for 5 s") });
      start += 1;
      alive();
    }
    expect(of("t")).toMatchObject({ attempt: 3, claim: null });
    await one.deliver(await claims("t"), "done");
    await waitUntil("it is done", () => of("t") === undefined);
    expect(await events("failed")).toEqual([]);
  });

  it("goes to another executor first, where one is free", async () => {
    const two = kit.executor("two", "q");
    two.beat(1, 0, { pools: ["p"], start: "two-1" });
    await opened("a", "t");
    await claims("t");
    await dies("t");
    two.beat(1, 0, { pools: ["p"], start: "two-1" });
    const open = { net: "w", firing: of("t")?.firing ?? "", attempt: 2 };
    expect(await one.ask(open, "claim")).toMatchObject({ ok: false, message: expect.stringContaining("two is free, and comes first") });
    expect(await two.ask(open, "claim")).toMatchObject({ ok: true });
    await two.stop();
  });

  it("waits for no other that never asks", async () => {
    const two = kit.executor("two", "q");
    await opened("a", "t");
    await claims("t");
    await dies("t");
    two.beat(1, 0, { pools: ["p"], start: "two-1" });
    expect(await claims("t")).toMatchObject({ attempt: 2 });
    await two.stop();
  });

  it("runs alone among such work on its executor: what died beside it by chance is not blamed with it", async () => {
    await opened("a", "t");
    await opened("other", "u");
    for (let n = 0; n < 2; n++) {
      await claims("t");
      await claims("u");
      await dies("t");
      await waitUntil("both are lost", () => of("u")?.attempt === of("t")?.attempt);
    }
    const innocent = await claims("u");
    for (let n = 0; n < 20; n++) {
      kit.clock.jump(1000);
      alive();
      await one.ask(innocent, "renew");
    }
    const open = { net: "w", firing: of("t")?.firing ?? "", attempt: 3 };
    expect(await one.ask(open, "claim")).toMatchObject({ ok: false, message: expect.stringContaining("one at a time") });
    await one.deliver(innocent, "done");
    await waitUntil("it is done", () => of("u") === undefined);
    expect(await claims("t")).toMatchObject({ attempt: 3 });
  });

  it("holds up no other such work on its executor when its persona is stopped", async () => {
    await kit.ask(null, "apply-persona", { persona: personaNamed("maker") });
    const { t, ...others } = net.transitions;
    await kit.ask(null, "apply-net", { definition: { ...net, transitions: { ...others, t: { ...t, persona: "maker" } } } });
    await opened("a", "t");
    await opened("other", "u");
    for (let n = 0; n < 2; n++) {
      await claims("t");
      await claims("u");
      await dies("t");
      await waitUntil("both are lost", () => of("u")?.attempt === of("t")?.attempt);
    }
    await claims("t");
    await kit.ask(null, "kill", { target: "maker" });
    await waitUntil("the executor is told", () => one.cancelled.some(({ attempt }) => attempt === 3));
    await one.deliver(await claims("u"), "done");
    await waitUntil("it is done", () => of("u") === undefined);
    expect(of("t")).toMatchObject({ claim: { executor: "one" } });
    await kit.ask(null, "resume", { target: "maker" });
    expect(await claims("t")).toMatchObject({ transition: "t" });
  });

  it.each([
    ["goes on", () => {}],
    [
      "ended later",
      () => {
        start += 1;
        alive();
      },
    ],
  ])("is not what was frozen or cut off: who is heard again as the same start has not died, also where it then %s", async (_, then) => {
    await opened("a", "t");
    for (let n = 1; n <= 6; n++) {
      expect(await claims("t")).toMatchObject({ attempt: n });
      // Silent beyond its lease, and heard no more.
      for (const call of [...kit.hub.executorWatchers]) call({ name: "one", gone: true });
      kit.clock.pass(LEASE * 1.3);
      await waitUntil("its lease is over", () => of("t")?.attempt === n + 1);
      one.beat(start, 0, { start: `start-${start}` });
      // Held off for claims of which nothing came, as ever.
      kit.clock.pass(LEASE * 2 ** n);
      then();
    }
    expect(await events("failed")).toEqual([]);
    expect((await events("lapsed")).every(({ attributes }) => isJsonObject(attributes?.died))).toBe(true);
  });

  it("is not what was told to end, though nobody heard it give its work back", async () => {
    await opened("a", "t");
    for (let n = 1; n <= 6; n++) {
      expect(await claims("t")).toMatchObject({ attempt: n });
      one.beat(start, 1, { start: `start-${start}`, leaving: true });
      start += 1;
      alive();
      await waitUntil(`attempt ${n} is lost`, () => of("t")?.attempt === n + 1);
    }
    expect(await events("failed")).toEqual([]);
    expect((await events("lapsed")).map(({ attributes }) => attributes?.died)).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  it("is what one gives back whose process before ended without a word", async () => {
    await opened("a", "t");
    const order = await claims("t");
    expect(await one.ask(order, "release", { died: true, note: "the executor was restarted" })).toMatchObject({ ok: true });
    await waitUntil("it is lost", () => of("t")?.attempt === 2);
    expect(of("t")?.deaths).toMatchObject([{ executor: "one", attempt: 1 }]);
    expect(await one.ask(await claims("t"), "release")).toMatchObject({ ok: true });
    await waitUntil("it is given back", () => of("t")?.attempt === 3);
    expect(of("t")?.deaths, "given back by one that lives").toHaveLength(1);
  });

  it("is ended by a person: a paused net gives it to nobody, and closing its token ends it", async () => {
    await opened("a", "t");
    await claims("t");
    await kit.ask("w", "pause");
    start += 1;
    alive();
    await waitUntil("attempt 1 is lost", () => of("t")?.attempt === 2);
    for (let n = 0; n < 10; n++) {
      kit.clock.jump(2000);
      alive();
    }
    expect(await one.ask({ net: "w", firing: of("t")?.firing ?? "", attempt: 2 }, "claim")).toMatchObject({ ok: false });
    expect(of("t")).toMatchObject({ attempt: 2, claim: null });
    await kit.ask("w", "resume");
    const order = await claims("t");
    const id = of("t")?.consumed[0]?.id;
    await expect(kit.ask("w", "close", { place: "a", id })).rejects.toMatchObject({ code: "token-reserved" });
    await kit.ask("w", "close", { place: "a", id, stop: true, reason: "it kills its executor" });
    await waitUntil("it is over", () => of("t") === undefined);
    await waitUntil("the executor hears it", () => one.cancelled.some(({ attempt }) => attempt === order.attempt));
    expect(await one.ask(order, "renew")).toMatchObject({ ok: false });
    expect(kit.stateOf("w").places.get("a")?.size ?? 0).toBe(0);
    expect((await events("intervened"))[0]).toMatchObject({
      transition: "t",
      summary: expect.stringContaining("t, which worked on it, is ended"),
    });
  });
});
