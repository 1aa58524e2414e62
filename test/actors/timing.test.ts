/** Times, joins, turns and retries on a running master: what was due comes once, whatever died in between. */
import { afterEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import type { NetFile } from "../../src/net/definition.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf } from "../../src/net/state.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const start = async (places: NetFile["places"], transitions: NetFile["transitions"]) => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: { net: "n", places, transitions } });
};
const count = (place: string) => kit.stateOf("n").places.get(place)?.size ?? 0;
const holds = (place: string, tokens: number) => waitUntil(`${tokens} lie in ${place}`, () => count(place) === tokens);
async function log(): Promise<NetEvent[]> {
  const events: NetEvent[] = [];
  await kit.broker.log("n").read(0, (entry) => events.push(...entry.events));
  return events;
}
/** Nothing more comes: whatever is decided is in the log. */
async function settled(): Promise<NetEvent[]> {
  await kit.ask("n", "pause");
  await kit.ask("n", "resume");
  return log();
}

describe("schedules", () => {
  it("fire at their times, and once with the count for those at which nobody was there", async () => {
    await start({ ticks: { sink: true } }, { tick: { kind: "pass", schedule: { every: "10m" }, out: [{ to: "ticks" }] } });
    kit.clock.jump(10 * 60_000);
    await holds("ticks", 1);
    await kit.die();
    kit.clock.jump(35 * 60_000);
    await kit.crash();
    await holds("ticks", 2);
    const fired = (await settled()).filter(({ type }) => type === "fired");
    expect(fired.map(({ attributes }) => attributes?.schedule)).toMatchObject([{ missed: 0 }, { missed: 2 }]);
  });

  it("a pause keeps them, and what was missed comes once when work goes on", async () => {
    await start({ ticks: { sink: true } }, { tick: { kind: "pass", schedule: { cron: "*/5 * * * *" }, out: [{ to: "ticks" }] } });
    await kit.ask("n", "pause");
    kit.clock.jump(3_600_000);
    expect((await log()).some(({ type }) => type === "fired")).toBe(false);
    await kit.ask("n", "resume");
    await holds("ticks", 1);
    expect((await log()).find(({ type }) => type === "fired")?.attributes?.schedule).toMatchObject({ missed: 11 });
  });
});

describe("waiting", () => {
  it("a delay, a batch and a deadline count on over a restart", async () => {
    await start(
      {
        inbox: { open: true },
        later: { sink: true },
        letters: { open: true },
        post: { sink: true },
        desk: { open: true, deadline: { after: "2h", to: "escalations" } },
        escalations: { sink: true },
      },
      {
        wait: { kind: "pass", delay: "1h", in: [{ place: "inbox" }], out: [{ to: "later" }] },
        send: { kind: "pass", in: [{ place: "letters", batch: { size: 10, within: "1h" } }], out: [{ to: "post" }] },
        work: { kind: "pass", in: [{ place: "desk", where: "$.ready" }], out: [{ to: "post" }] },
      },
    );
    await kit.put("n", "inbox", 1);
    await kit.put("n", "letters", "a");
    await kit.put("n", "letters", "b");
    await kit.put("n", "desk", { title: "waits" });
    kit.clock.jump(40 * 60_000);
    await kit.crash();
    await kit.master.termOf("n");
    expect([count("later"), count("post"), count("desk")]).toEqual([0, 0, 1]);
    kit.clock.jump(20 * 60_000);
    await holds("later", 1);
    await holds("post", 1);
    expect([...(kit.stateOf("n").places.get("post")?.values() ?? [])][0]?.token.data).toEqual(["a", "b"]);
    await kit.crash();
    kit.clock.jump(60 * 60_000);
    await holds("escalations", 1);
    const events = await settled();
    expect(events.filter(({ type }) => type === "expired")).toHaveLength(1);
    expect(markingOf(foldEvents("n", events))).toEqual(markingOf(kit.stateOf("n")));
  });

  it("a retry's backoff goes on over a restart, spread between half and the whole of its length", async () => {
    kit = await masterKit({ random: () => 0 });
    const command = { kind: "command" as const, pool: "p", retry: { max: 1, delay: "4m" as const }, argv: ["x"] };
    const definition = {
      net: "n",
      places: { a: { open: true }, b: { sink: true } },
      transitions: { t: { ...command, in: [{ place: "a" }], out: [{ to: "b" }] } },
    };
    await kit.ask(null, "apply-net", { definition });
    const hand = kit.executor("e1");
    await kit.put("n", "a", 1);
    await waitUntil("the work is offered", () => hand.orders.length === 1);
    const [order] = hand.orders;
    if (!order) throw new Error("no order");
    await hand.ask(order, "claim");
    await hand.line.deliver({
      ...{ v: 1, net: "n", transition: "t", firing: order.firing, attempt: 1, executor: "e1", startedAt: "", durationMs: 1 },
      outcome: { ok: false, error: { outlook: "retryable", code: "broken", message: "it breaks" } },
    });
    await waitUntil("the failure is in the log", () => [...kit.stateOf("n").firings.values()][0]?.failures === 1);
    const [firing] = [...kit.stateOf("n").firings.values()];
    // Half of four minutes, since chance gave its least.
    expect(Math.round(((firing?.notBefore ?? 0) - kit.clock.now()) / 60_000)).toBe(2);
    await kit.crash();
    await kit.master.termOf("n");
    expect([...kit.stateOf("n").firings.values()][0]?.notBefore).toBe(firing?.notBefore);
    kit.clock.jump(60_000);
    await settled();
    expect(hand.orders).toHaveLength(1);
    kit.clock.jump(2 * 60_000);
    await waitUntil("the second attempt is offered", () => hand.orders.length === 2);
    expect(hand.orders[1]).toMatchObject({ firing: order.firing, attempt: 2 });
    await hand.stop();
  });
});

describe("turns", () => {
  it("the higher priority takes all of a queue, equals share it evenly", async () => {
    const go = (to: string, priority: number) => ({ kind: "pass" as const, priority, in: [{ place: "a" }], out: [{ to }] });
    await start(
      { a: { open: true }, x: { sink: true }, y: { sink: true }, z: { sink: true } },
      { low: go("x", 0), one: go("y", 3), two: go("z", 3) },
    );
    await kit.ask("n", "pause");
    for (let n = 0; n < 40; n++) await kit.put("n", "a", n);
    await kit.ask("n", "resume");
    await holds("a", 0);
    expect([count("x"), count("y"), count("z")]).toEqual([0, 20, 20]);
  });
});

describe("groups and retries", () => {
  const places = { orders: { open: true }, bills: { open: true }, done: { sink: true } };
  const join = {
    kind: "map" as const,
    correlate: "$.id",
    in: [
      { place: "orders", as: "order" },
      { place: "bills", as: "bill" },
    ],
    out: [{ to: "done" }],
  };

  it("a group that waits is shown with its place and said by why", async () => {
    await start(places, { join: { ...join, value: "${order}" } });
    await kit.put("n", "orders", { id: 17 });
    const rows = (await kit.ask("n", "places")) as { place: string; groups?: { key: unknown; inputs: { have: number }[] }[] }[];
    expect(rows.find(({ place }) => place === "orders")?.groups).toMatchObject([{ key: 17, inputs: [{ have: 1 }, { have: 0 }] }]);
    await kit.put("n", "bills", { id: 18 });
    expect(JSON.stringify(await kit.ask("n", "why", { name: "join" }))).toContain("17: order 1 of 1, bill 0 of 1");
  });

  it("retry puts failed work back, answers a second time the same, and takes all", async () => {
    await start(places, { join: { ...join, value: "${order.missing}" } });
    for (const id of [1, 2]) {
      await kit.put("n", "orders", { id });
      await kit.put("n", "bills", { id });
    }
    await holds("dead-letter", 2);
    await kit.ask("n", "pause");
    const [dead] = [...(kit.stateOf("n").places.get("dead-letter")?.keys() ?? [])];
    expect(await kit.ask("n", "retry", { id: dead })).toMatchObject({ again: true });
    await kit.crash();
    await kit.master.termOf("n");
    expect(await kit.ask("n", "retry", { id: dead })).toMatchObject({ again: false });
    expect([count("orders"), count("dead-letter")]).toEqual([1, 1]);
    expect(await kit.ask("n", "retry", { all: true })).toMatchObject({ retried: [{ again: true }], refused: [] });
    expect([count("orders"), count("bills"), count("dead-letter")]).toEqual([2, 2, 0]);
    await expect(kit.ask("n", "retry", { id: "t-nobody" })).rejects.toMatchObject({ code: "no-such-token" });
    await kit.ask("n", "resume");
    await holds("dead-letter", 2);
  });
});
