/** Offers, claims, leases and results (E8), pause and kill (E9). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const LEASE = 30_000;
let kit: MasterKit;
let one: HandExecutor;
const net = {
  net: "w",
  places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: {
    t: {
      kind: "command",
      pool: "p",
      argv: ["true"],
      in: [{ place: "a", as: "job" }],
      out: [{ to: "b" }],
      onError: "errors",
      retry: { max: 1 },
    },
  },
};
const firings = () => [...kit.stateOf("w").firings.values()];
const events = async (type: string) => (await eventsOf(kit.broker, "w")).filter((event) => event.type === type);

beforeEach(async () => {
  kit = await masterKit();
  one = kit.executor("one");
  await kit.ask(null, "apply-net", { definition: net });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "w");
  await one.stop();
  await kit.stop();
});

async function offered(executor = one): Promise<WorkOrder> {
  const before = executor.orders.length;
  await kit.put("w", "a", { n: before });
  await waitUntil("an offer is there", () => executor.orders.length > before);
  return executor.orders.at(-1) as WorkOrder;
}
async function claimed(): Promise<WorkOrder> {
  const order = await offered();
  expect(await one.ask(order, "claim")).toMatchObject({ ok: true, leaseMs: LEASE });
  return order;
}

describe("a claim", () => {
  it("is one executor's, and its result counts once", async () => {
    const order = await claimed();
    const two = kit.executor("two", "q");
    expect(await two.ask(order, "claim")).toMatchObject({ ok: false, code: "taken" });
    await two.deliver(order, "not mine");
    await waitUntil("it is ignored", async () => (await events("ignored")).length === 1);
    await one.deliver(order, "mine");
    await waitUntil("it is done", () => firings().length === 0);
    await one.deliver(order, "mine");
    await waitUntil("the copy is taken away", () => kit.hub.results("w").all().length === 0);
    expect(await events("fired")).toHaveLength(1);
    expect(await events("ignored")).toHaveLength(1);
    expect([...(kit.stateOf("w").places.get("b")?.values() ?? [])].map(({ token }) => token.data)).toEqual(["mine"]);
    expect(await one.ask(order, "settled")).toMatchObject({ ok: true });
    await two.stop();
  });

  it("whose executor is silent for a lease is free again; what it brings later is ignored", async () => {
    const order = await claimed();
    kit.clock.pass(LEASE / 2);
    expect(await one.ask(order, "renew")).toMatchObject({ ok: true });
    kit.clock.pass(LEASE * 0.9);
    expect(firings()[0]?.attempt).toBe(1);
    kit.clock.pass(LEASE * 0.4);
    await waitUntil("the next attempt is open", () => firings()[0]?.attempt === 2);
    await waitUntil("it is offered again", () => one.orders.length === 2);
    expect(one.orders[1]).toMatchObject({ attempt: 2, key: order.key });
    expect(await one.ask(order, "renew")).toMatchObject({ ok: false, code: "not-open" });
    await one.deliver(order, "late");
    await waitUntil("it is ignored", async () => (await events("ignored")).length === 1);
    expect(firings()[0]).toMatchObject({ failures: 0, recoveries: 1 });
  });

  it("does not run out while its owner stood still, however long, and has a full new lease then", async () => {
    const order = await claimed();
    kit.clock.pass(LEASE * 0.4);
    for (const still of [0.7, 3, 100]) kit.clock.jump(LEASE * still);
    expect(firings()[0]).toMatchObject({ attempt: 1, recoveries: 0 });
    kit.clock.pass(LEASE * 0.9);
    expect(await one.ask(order, "renew")).toMatchObject({ ok: true });
    kit.clock.pass(LEASE * 0.9);
    expect(firings()[0]?.attempt).toBe(1);
    kit.clock.pass(LEASE * 0.4);
    await waitUntil("one that is silent from then on has lost it", () => firings()[0]?.attempt === 2);
  });

  it("does not run out while its owner was cut off, nor at once afterwards", async () => {
    await claimed();
    kit.broker.faults.disconnect();
    kit.clock.pass(LEASE * 3);
    kit.broker.faults.reconnect();
    await kit.master.termOf("w");
    kit.clock.pass(LEASE * 0.9);
    expect(firings()[0]?.attempt).toBe(1);
  });

  it("is kept over a crash with a full new lease, and its result is taken from where it lies", async () => {
    const order = await claimed();
    kit.clock.pass(LEASE * 0.9);
    await kit.crash();
    await kit.master.termOf("w");
    kit.clock.pass(LEASE * 0.5);
    expect(firings()[0]).toMatchObject({ attempt: 1, claim: { executor: "one" } });
    await kit.die();
    await one.deliver(order, "while nobody was there");
    await kit.crash();
    await kit.master.termOf("w");
    await waitUntil("it is done", () => firings().length === 0);
    expect(one.orders).toHaveLength(1);
  });

  it("is given up at once when its executor comes back as another process, or gives it back", async () => {
    one.beat(1);
    await claimed();
    one.beat(2);
    await waitUntil("it is offered again", () => one.orders.length === 2);
    const again = one.orders[1] as WorkOrder;
    await one.ask(again, "claim");
    await one.ask(again, "release");
    await waitUntil("and again", () => one.orders.length === 3);
    expect(firings()[0]).toMatchObject({ attempt: 3, failures: 0, recoveries: 2 });
  });

  it("that is lost again and again is no failure of the work, up to 25 times: then it goes where errors go", async () => {
    await offered();
    // One alone that gives back so much gets no work for a while.
    const hands = Array.from({ length: 13 }, (_, n) => kit.executor(`hand-${n}`, "q"));
    const ofAttempt = (attempt: number) => one.orders.find((order) => order.attempt === attempt);
    for (let attempt = 1; attempt <= 26; attempt++) {
      await waitUntil(`attempt ${attempt} is offered`, () => ofAttempt(attempt) !== undefined);
      const order = ofAttempt(attempt) as WorkOrder;
      const hand = hands[attempt % hands.length] as HandExecutor;
      expect(await hand.ask(order, "claim")).toMatchObject({ ok: true });
      expect(await hand.ask(order, "release")).toMatchObject({ ok: true });
    }
    await waitUntil("it is given up", () => firings().length === 0);
    expect((await events("failed")).map(({ attempt, attributes }) => [attempt, attributes])).toMatchObject([
      [26, { final: true, error: { code: "too-many-recoveries", message: "25 attempts were lost: hand-0 gave it back" } }],
    ]);
    expect(kit.stateOf("w").places.get("errors")?.size).toBe(1);
    expect(await events("lapsed")).toHaveLength(25);
    await Promise.all(hands.map((hand) => hand.stop()));
  });

  it("for which the log was waited for is no claim when a kill has come meanwhile", async () => {
    const order = await offered();
    kit.broker.faults.rejectAppends = { outlook: "retryable", code: "broker-full", message: "no space left" };
    const asked = one.ask(order, "claim");
    await waitUntil("the claim waits for the log", () => firings()[0]?.claim?.executor === "one");
    const killed = kit.ask(null, "kill");
    await waitUntil("the kill is decided", () => kit.stateOf("w").killed);
    kit.broker.faults.rejectAppends = null;
    kit.clock.pass(1000);
    expect(await asked).toMatchObject({ ok: false, code: "killed" });
    one.beat();
    await killed;
    expect(await events("claimed")).toHaveLength(1);
  });

  it("for which the log was waited for is no claim when its attempt is over by then", async () => {
    one.beat(1);
    const order = await offered();
    kit.broker.faults.rejectAppends = { outlook: "retryable", code: "broker-full", message: "no space left" };
    const asked = one.ask(order, "claim");
    await waitUntil("the claim waits for the log", () => firings()[0]?.claim?.executor === "one");
    // Another process under its name: what the one before has asked for is lost.
    one.beat(2);
    await waitUntil("the attempt is over", () => firings()[0]?.attempt === 2);
    kit.broker.faults.rejectAppends = null;
    kit.clock.pass(1000);
    expect(await asked).toMatchObject({ ok: false, code: "not-open" });
  });

  it("goes on while the net is paused, but no step that cannot be taken back is confirmed", async () => {
    const order = await claimed();
    await kit.ask("w", "pause");
    expect(await one.ask(order, "renew")).toMatchObject({ ok: true });
    expect(await one.ask(order, "confirm")).toMatchObject({ ok: false, code: "paused" });
    await kit.ask("w", "resume");
    expect(await one.ask(order, "confirm")).toMatchObject({ ok: true });
  });

  it("asked for twice by one executor is one claim", async () => {
    const order = await offered();
    const answers = await Promise.all([one.ask(order, "claim"), one.ask(order, "claim")]);
    expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
    expect(await events("claimed")).toHaveLength(1);
  });
});

describe("an offer", () => {
  it("that nobody takes is raised only when somebody in the pool could take it", async () => {
    await offered();
    kit.clock.pass(LEASE * 3);
    kit.clock.pass(LEASE * 3);
    expect(firings()[0]?.attempt).toBe(1);
    for (let n = 0; n < 20; n++) {
      one.beat(1, 4);
      kit.clock.jump(2000);
    }
    expect(firings()[0]?.attempt).toBe(1);
    await waitUntil("it is raised", () => {
      one.beat(1, 0);
      kit.clock.jump(2000);
      return firings()[0]?.attempt === 2;
    });
  });

  it("that waits for its turn in a queue that moves keeps its attempt, however long", async () => {
    for (let n = 0; n < 6; n++) await kit.put("w", "a", n);
    await waitUntil("all are offered", () => one.orders.length === 6);
    const last = one.orders.at(-1) as WorkOrder;
    for (const order of one.orders.slice(0, 5)) {
      expect(await one.ask(order, "claim")).toMatchObject({ ok: true });
      await one.deliver(order, "done");
      // A heartbeat between two commands says that it is free.
      for (let n = 0; n < 10; n++) {
        one.beat(1, 0);
        kit.clock.jump(2000);
      }
    }
    expect(await events("lapsed")).toEqual([]);
    expect(await one.ask(last, "claim")).toMatchObject({ ok: true });
  });

  it("that waited for somebody who could take it is not raised when one comes", async () => {
    await offered();
    kit.clock.pass(LEASE * 10);
    for (let n = 0; n < 10; n++) {
      one.beat(1, 0);
      kit.clock.jump(2000);
    }
    expect(firings()[0]).toMatchObject({ attempt: 1, recoveries: 0 });
  });

  it("that was lost while nobody was there is made again at once when somebody comes", async () => {
    await offered();
    kit.clock.pass(10_000);
    expect(one.orders).toHaveLength(1);
    one.beat();
    await waitUntil("it is offered again, though no time has passed", () => one.orders.length === 2);
    expect(one.orders[1]).toMatchObject({ attempt: 1 });
  });

  it("is made as soon as the broker is back, and costs no attempt", async () => {
    await kit.put("w", "a", 0);
    await waitUntil("first", () => one.orders.length === 1);
    const held = kit.put("w", "a", 1).catch(() => null);
    kit.broker.faults.disconnect();
    await kit.crash();
    await held;
    await kit.master.termOf("w");
    await waitUntil(
      "all is offered",
      () => firings().length >= 1 && new Set(one.orders.map(({ firing }) => firing)).size === firings().length,
    );
    expect(firings().every(({ failures }) => failures === 0)).toBe(true);
  });
});

describe("retries", () => {
  it("wait for their time, also over a crash and a pause", async () => {
    const order = await claimed();
    const failed = { ...order, outcome: { ok: false, error: { outlook: "retryable", code: "x", message: "no luck" } } };
    await one.line.deliver({ ...failed, executor: "one", startedAt: "", durationMs: 1 } as never);
    await waitUntil("the attempt failed", () => firings()[0]?.attempt === 2);
    const due = firings()[0]?.notBefore;
    await kit.crash();
    await kit.master.termOf("w");
    await kit.ask("w", "pause");
    await kit.ask("w", "resume");
    expect(firings()[0]).toMatchObject({ attempt: 2, notBefore: due });
    expect(one.orders).toHaveLength(1);
    kit.clock.jump(60_000);
    await waitUntil("it is offered", () => one.orders.length === 2);
    expect((await events("started")).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await one.ask(one.orders[1] as WorkOrder, "claim")).toMatchObject({ ok: true });
    const second = { ...failed, attempt: 2, executor: "one", startedAt: "", durationMs: 1 };
    await one.line.deliver(second as never);
    await waitUntil("it is given up", () => (kit.stateOf("w").places.get("errors")?.size ?? 0) === 1);
  });
});

describe("an error of the set-up", () => {
  const fail = async (order: WorkOrder, code: string) => {
    const { net: name, transition, firing, attempt } = order;
    const error = { outlook: "retryable", code, message: "nobody answers at 127.0.0.1:1" } as const;
    const about = { v: 1, net: name, transition, firing, attempt, executor: "one", startedAt: "", durationMs: 1 } as const;
    await one.line.deliver({ ...about, outcome: { ok: false, error } });
  };

  it("that may pass is tried again, and pauses the net when the last try has failed too; resume goes on", async () => {
    await fail(await claimed(), "model-unreachable");
    await waitUntil("the first try has failed", () => firings()[0]?.failures === 1);
    expect(kit.stateOf("w").paused).toBe(false);
    kit.clock.pass(60_000);
    await waitUntil("it is offered again", () => one.orders.length === 2);
    const order = one.orders[1] as WorkOrder;
    await one.ask(order, "claim");
    await fail(order, "model-unreachable");
    await waitUntil("the net is paused", () => kit.stateOf("w").paused);
    expect(kit.stateOf("w").pausedFor).toMatchObject({ code: "model-unreachable" });
    expect(kit.stateOf("w").places.get("errors")?.size ?? 0).toBe(0);
    await kit.ask("w", "resume");
    await waitUntil("it is offered once more", () => one.orders.length === 3);
    const last = one.orders[2] as WorkOrder;
    await one.ask(last, "claim");
    await one.deliver(last, "there");
    await waitUntil("it is done", () => firings().length === 0);
  });
});

describe("pause and kill", () => {
  it("paused: nothing starts, no claim is granted, no attempt is used up; resume goes on", async () => {
    const order = await offered();
    await kit.ask("w", "pause");
    expect(await one.ask(order, "claim")).toMatchObject({ ok: false, code: "paused" });
    for (let n = 0; n < 60; n++) {
      one.beat();
      kit.clock.jump(5000);
    }
    await kit.master.termOf("w");
    expect(firings()[0]).toMatchObject({ attempt: 1, recoveries: 0 });
    await kit.put("w", "a", "waits");
    expect(firings()).toHaveLength(1);
    await kit.ask("w", "resume");
    await waitUntil("both are offered", () => new Set(one.orders.map(({ firing }) => firing)).size === 2);
  });

  it("a kill stops what runs and refuses claims; resume goes on with exactly that, under the same ids", async () => {
    const order = await claimed();
    await offered();
    const before = firings().map(({ firing }) => firing);
    const killing = kit.ask(null, "kill") as Promise<{ nets: { stopped: { firing: string }[] }[]; unanswered: unknown[] }>;
    await waitUntil("the executor is told", () => one.cancelled.some(({ firing }) => firing === order.firing));
    one.beat();
    const { nets, unanswered } = await killing;
    expect(nets[0]?.stopped.map(({ firing }) => firing)).toEqual(before);
    expect(unanswered).toEqual([]);
    expect(await one.ask(order, "renew")).toMatchObject({ ok: false, code: "killed" });
    await one.deliver(order, "after the kill");
    await waitUntil("it is ignored", async () => (await events("ignored")).length === 1);
    await kit.crash();
    await kit.master.termOf("w");
    kit.clock.pass(LEASE * 5);
    expect(firings().map(({ firing, attempt }) => [firing, attempt])).toEqual(before.map((firing) => [firing, 1]));
    const offers = one.orders.length;
    await kit.ask(null, "resume");
    await waitUntil("all is offered again", () => one.orders.length === offers + 2);
    expect(firings().map(({ firing, attempt }) => [firing, attempt])).toEqual(before.map((firing) => [firing, 2]));
  });

  it("a kill tells of an executor that does not say that what it ran is over, again and again until it speaks or all is resumed", async () => {
    const order = await claimed();
    const lease = `${order.key}.1`;
    const kill = async (meanwhile: () => void) => {
      let answer: object | null = null;
      const killing = kit.ask(null, "kill").then((given) => {
        answer = given as object;
      });
      await waitUntil("the kill is answered", () => {
        if (answer === null) {
          meanwhile();
          kit.clock.jump(100);
        }
        return answer !== null;
      });
      await killing;
      return answer as unknown as { unanswered: unknown[]; summary: string };
    };
    const owed = { executor: "one", commands: 1, firings: [order.firing] };
    // K1. Silence, and what names the attempt still, or less than is under way.
    const first = await kill(() => {});
    expect(first.unanswered).toEqual([{ ...owed, silent: true }]);
    expect(first.summary).toContain("one does not answer: what it runs may go on (1 command)");
    const second = await kill(() => one.beat(1, 1, { leases: [lease] }));
    expect(second.unanswered).toEqual([{ ...owed, silent: false }]);
    const many = Array.from({ length: 200 }, (_, n) => `w/t/other.${n}`);
    expect((await kill(() => one.beat(1, 201, { leases: many }))).unanswered).toEqual([{ ...owed, silent: false }]);
    // Another master, which knows nothing of the kills before.
    await kit.crash();
    await kit.master.termOf("w");
    expect((await kill(() => {})).unanswered).toEqual([{ ...owed, silent: true }]);
    expect((await kill(() => one.beat(1, 1, { leases: ["w/t/other.1"] }))).unanswered).toEqual([]);
    // K2
    expect((await kill(() => {})).unanswered).toEqual([]);
  });

  it("a kill while the master is down is obeyed before anything starts", async () => {
    await kit.put("w", "a", 1);
    await waitUntil("offered", () => one.orders.length === 1);
    await kit.die();
    kit.hub.control = { ...kit.hub.control, generation: 7, state: "killed" };
    await kit.crash();
    await kit.master.termOf("w");
    await waitUntil("it is stopped", () => kit.stateOf("w").killed);
    await kit.put("w", "a", 2);
    expect(firings()).toHaveLength(1);
    expect(one.orders).toHaveLength(1);
    await kit.ask(null, "resume");
    await waitUntil("both are offered", () => new Set(one.orders.map(({ firing }) => firing)).size === 2);
    expect(firings().map(({ attempt }) => attempt)).toEqual([2, 1]);
  });
});
