/** A kill of one net, one persona or one executor, and its resume (E9). */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
const started: HandExecutor[] = [];
const command = (over: object) => ({ kind: "command", pool: "p", argv: ["true"], in: [{ place: "a" }], out: [{ to: "b" }], ...over });
const net = (name: string) => ({
  net: name,
  places: { a: { open: true }, c: { open: true }, b: { sink: true } },
  transitions: { plain: command({}), made: command({ persona: "maker", in: [{ place: "c" }] }) },
});
const executor = (name: string) => {
  const made = kit.executor(name);
  made.beat();
  started.push(made);
  return made;
};
const types = async (name: string) => (await eventsOf(kit.broker, name)).map(({ type }) => type);
const open = (name: string) => [...kit.stateOf(name).firings.values()];

beforeEach(async () => {
  // A persona's actor waits for the executor.
  kit = await masterKit({ work: () => new Promise(() => {}) });
  await kit.ask(null, "apply-persona", { persona: personaNamed("maker") });
  await kit.ask(null, "apply-net", { definition: net("one") });
  await kit.ask(null, "apply-net", { definition: net("two") });
});
afterEach(async () => {
  for (const name of ["one", "two"]) await logAgreesWithPlaces(kit.broker, name);
  for (const each of started.splice(0)) await each.stop();
  await kit.stop();
});

async function claimed(by: HandExecutor, net: string, place: string) {
  const before = by.orders.length;
  await kit.put(net, place, {});
  await waitUntil("an offer is there", () => by.orders.length > before);
  const order = by.orders.at(-1);
  if (!order) throw new Error("no order");
  expect(await by.ask(order, "claim")).toMatchObject({ ok: true });
  return order;
}

it("of a net stops that net alone, also over a restart; its resume begins exactly that again, and what was paused stays paused", async () => {
  const hand = executor("hand");
  const first = await claimed(hand, "one", "a");
  const other = await claimed(hand, "two", "a");
  await kit.ask("one", "pause");
  expect(await kit.ask(null, "kill", { target: "one" })).toMatchObject({ stopped: { net: ["one"] } });
  await waitUntil("the executor is told", () => hand.cancelled.some(({ firing }) => firing === first.firing));
  expect(hand.cancelled.map(({ firing }) => firing)).toEqual([first.firing]);
  expect(await hand.ask(other, "renew")).toMatchObject({ ok: true });
  expect(await hand.ask(first, "renew")).toMatchObject({ ok: false, code: "killed" });
  await kit.crash();
  await kit.master.termOf("one");
  await kit.master.termOf("two");
  await waitUntil("it stands still", () => kit.stateOf("one").killed);
  expect(kit.stateOf("two").killed).toBe(false);
  expect(await kit.ask(null, "resume", { target: "two" })).toEqual({ lifted: false, state: "running" });
  const resumed = (await kit.ask(null, "resume", { target: "one" })) as { summary: string };
  expect(resumed.summary).toContain("still paused, as before: one (petrel resume NET)");
  await waitUntil("the next attempt is open", () => open("one")[0]?.attempt === 2);
  expect(kit.stateOf("one")).toMatchObject({ killed: false, paused: true });
  expect(open("one").map(({ firing }) => firing)).toEqual([first.firing]);
  expect((await eventsOf(kit.broker, "one")).find(({ type }) => type === "resumed")?.summary).toMatch(
    /1 firing begins again when the net, which was paused before, goes on\.$/,
  );
  expect((await types("two")).includes("stopped")).toBe(false);
});

it("of a persona ends its firings in every net, starts none of it until its resume, and leaves the rest alone", async () => {
  const hand = executor("hand");
  const mine = await claimed(hand, "one", "c");
  const theirs = await claimed(hand, "one", "a");
  await kit.ask(null, "kill", { target: "maker" });
  await waitUntil("the executor is told", () => hand.cancelled.length > 0);
  expect(hand.cancelled.map(({ firing }) => firing)).toEqual([mine.firing]);
  expect(await hand.ask(mine, "confirm")).toMatchObject({ ok: false, code: "killed" });
  await hand.deliver(mine, "too late");
  await hand.deliver(theirs, "in time");
  await waitUntil("the other's result counts", () => open("one").length === 1);
  const offers = hand.orders.length;
  await kit.put("two", "c", {});
  await kit.put("two", "a", {});
  await waitUntil("what is not its own begins", () => hand.orders.length > offers);
  expect(hand.orders.slice(offers).map(({ transition }) => transition)).toEqual(["plain"]);
  expect(open("two").map(({ transition }) => transition)).toEqual(["plain"]);
  const why = (await kit.ask("two", "why", { name: "made" })) as { reasons: { code: string; command: string }[] }[];
  expect(why[0]?.reasons[0]).toMatchObject({ code: "killed", command: "petrel resume maker" });
  await kit.crash();
  await kit.master.termOf("one");
  expect(kit.stateOf("one").stopped).toEqual(["persona:maker"]);
  await kit.ask(null, "resume", { target: "maker" });
  await waitUntil("both begin", () => hand.orders.filter(({ transition }) => transition === "made").length >= 3);
  expect(open("one")).toMatchObject([{ firing: mine.firing, transition: "made" }]);
  expect(kit.stateOf("one").stopped).toBeUndefined();
});

it("of an executor takes its work away and gives it to others; it gets no claim until its resume", async () => {
  const bad = executor("bad");
  const order = await claimed(bad, "one", "a");
  await kit.ask(null, "kill", { target: "bad" });
  await waitUntil("it is told", () => bad.cancelled.length === 1);
  expect(await bad.ask(order, "renew")).toMatchObject({ ok: false, code: "killed" });
  const again = () => [bad, ...started].flatMap(({ orders }) => orders).find(({ attempt }) => attempt === 2);
  await waitUntil("it is offered again", () => again() !== undefined);
  const second = again() as NonNullable<ReturnType<typeof again>>;
  expect(await bad.ask(second, "claim")).toMatchObject({ ok: false, code: "killed" });
  const good = kit.executor("good", "q");
  expect(await good.ask(second, "claim")).toMatchObject({ ok: true });
  await good.stop();
  await kit.ask(null, "resume", { target: "bad" });
  expect(await bad.ask(second, "claim")).toMatchObject({ ok: false, code: "taken" });
});

it("of an executor that is away counts when it comes: it may be cut off, and go on", async () => {
  await kit.broker.keyValue("enrolled").put("far", { pools: ["p"], labels: [] });
  expect(await kit.ask(null, "kill", { target: "far" })).toMatchObject({ stopped: { executor: ["far"] } });
  const far = executor("far");
  await kit.put("one", "a", {});
  await waitUntil("it has pulled the offer", () => far.orders.length === 1);
  expect(await far.ask(far.orders[0] as never, "claim")).toMatchObject({ ok: false, code: "killed" });
  await kit.ask(null, "resume", { target: "far" });
});

it("asks which is meant where a name is that of two, also at the resume", async () => {
  executor("two");
  const asked = { message: "two is the name of a net and of an executor", code: "ambiguous-target" };
  await expect(kit.ask(null, "kill", { target: "two" })).rejects.toMatchObject(asked);
  await kit.ask(null, "kill", { target: "two", kind: "net" });
  await kit.ask(null, "kill", { target: "two", kind: "executor" });
  await expect(kit.ask(null, "resume", { target: "two" })).rejects.toMatchObject(asked);
  expect(await kit.ask(null, "resume", { target: "two", kind: "executor" })).toMatchObject({ stopped: { net: ["two"], executor: [] } });
  // One of them is stopped: that one is meant.
  expect(await kit.ask(null, "resume", { target: "two" })).toMatchObject({ stopped: { net: [], executor: [] } });
});

it("of an executor: what it pulls all the same goes to another, `why` names it, and its resume has it offered again", async () => {
  const bad = executor("bad");
  await kit.ask(null, "kill", { target: "bad" });
  await kit.put("one", "a", {});
  await waitUntil("it has pulled the offer", () => bad.orders.length === 1);
  const [order] = bad.orders;
  expect(await bad.ask(order as never, "claim")).toMatchObject({ ok: false, code: "killed", stopped: true });
  const why = (await kit.ask("one", "why", { name: "plain" })) as { reasons: object[] }[];
  expect(why[0]?.reasons[0]).toMatchObject({ code: "killed", text: "who could do it is stopped: bad", command: "petrel resume bad" });
  // Nobody who may have it is there: no offer is thrown away.
  kit.clock.pass(10_000, 500);
  expect(bad.orders).toHaveLength(1);
  await kit.ask(null, "resume", { target: "bad" });
  bad.beat();
  kit.clock.pass(3000, 500);
  await waitUntil("it is offered again, as the same attempt", () => bad.orders.length === 2);
  expect(bad.orders[1]).toMatchObject({ firing: order?.firing, attempt: 1 });
  // The same where another is there.
  await kit.ask(null, "kill", { target: "bad" });
  expect(await bad.ask(bad.orders[1] as never, "claim")).toMatchObject({ ok: false, stopped: true });
  const good = executor("good");
  kit.clock.pass(10_000, 500);
  const pulled = () => [...bad.orders.slice(2), ...good.orders];
  await waitUntil("it is offered to who is there", () => pulled().length > 0);
  expect(await good.ask(pulled()[0] as never, "claim")).toMatchObject({ ok: true });
  const offers = pulled().length;
  kit.clock.pass(10_000, 500);
  expect(pulled()).toHaveLength(offers);
});

it("of all, taken back, leaves stopped what was stopped by its name; names that are nobody's or several are errors", async () => {
  await kit.ask(null, "kill", { target: "two" });
  await kit.ask(null, "kill");
  const answer = (await kit.ask(null, "resume")) as { summary: string };
  expect(answer.summary).toContain("still stopped: two");
  expect(answer.summary).not.toContain("still paused");
  await waitUntil("the first goes on", () => !kit.stateOf("one").killed);
  expect(kit.stateOf("two").killed).toBe(true);
  await expect(kit.ask(null, "kill", { target: "nobody" })).rejects.toMatchObject({ code: "unknown-target" });
  executor("one");
  await expect(kit.ask(null, "kill", { target: "one" })).rejects.toMatchObject({ code: "ambiguous-target" });
  await kit.ask(null, "kill", { target: "one", kind: "executor" });
  expect(kit.stateOf("one")).toMatchObject({ killed: false, stopped: ["executor:one"] });
});
