/** An agent's sequence of calls becomes steps: learned from the log, without effect in its shadow, each effect once when it is live. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personaWorker } from "../../../src/actors/persona-work.ts";
import { crystalOfStudy, crystalsOf, study } from "../../../src/client/crystals.ts";
import { stepOf } from "../../../src/client/history/step-story.ts";
import { isoTime } from "../../../src/contract/clock.ts";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import { httpClient } from "../../../src/http/client.ts";
import type { Block } from "../../../src/models/port.ts";
import type { TierRequest, Tiers } from "../../../src/models/tiers.ts";
import { isProgram } from "../../../src/net/rule/rule.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { realClock } from "../../support/model-clock.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "shop";
const BY = { user: "ada", roles: ["maintainer"] };

interface Order {
  total: number;
  state: string;
  /** What is strange about it: the shop's answer to the first call, or to the booking. */
  odd?: "order" | "refund";
}
let orders: Map<string, Order>;
let seen: { method: string; path: string; body: string; key: string }[];
let held: (() => void)[] | null;
let server: Server;
let base: string;
let kit: MasterKit;
let requests: TierRequest[];
/** Makes calls again that were made for it. */
let forgetful: boolean;
let count: number;

/** The shop: an order, and what is booked for it. */
async function openShop(): Promise<void> {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      seen.push({ method: request.method ?? "", path, body, key: String(request.headers["idempotency-key"]) });
      const say = (status: number, told: Json) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(told));
      };
      const order = orders.get(path.split("/")[2] ?? "") ?? orders.get((JSON.parse(body || "{}") as { order?: string }).order ?? "");
      const answer = () => {
        if (!order) return say(404, { error: "unknown" });
        if (request.method === "GET")
          return say(200, order.odd === "order" ? { note: "moved" } : { total: order.total, state: order.state });
        return say(201, order.odd === "refund" ? { queued: true } : { booking: seen.length });
      };
      if (held && request.method === "POST") held.push(answer);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Result = { output: Json; isError?: boolean };
/** What the agent's model does: it looks the order up, books what is due, and says so. */
function nextCall(task: { order: string }, results: Result[]): { name: string; input: Json } {
  const body = (at: number) => JSON.parse(String((results[at]?.output as JsonObject | undefined)?.text)) as JsonObject;
  const done = (decision: string, more: JsonObject = {}) => ({
    name: "done",
    input: { summary: `It is ${decision}.`, result: { decision, ...more } },
  });
  if (results.length === 0) return { name: "http.get", input: { url: `${base}/orders/${task.order}` } };
  const { total, state } = body(0);
  if (total === undefined) return done("unclear");
  if (state === "open") return done("nothing to do");
  const path = Number(total) > 100 ? "/tickets" : "/refunds";
  const made = forgetful ? 2 : 1;
  if (results.length <= made)
    return { name: "http.post", input: { url: `${base}${path}`, json: { order: task.order, amount: total ?? null } } };
  const booking = body(results.length - 1).booking;
  return done(path === "/tickets" ? "escalated" : "refunded", booking === undefined ? { order: task.order } : { booking });
}

const tiers: Tiers = {
  spentUsd: () => 0,
  plan: () => [],
  preview: () => {
    throw new Error("nobody looks");
  },
  ask: async (_, request) => {
    requests.push(structuredClone(request));
    const texts = JSON.stringify(request.messages[0]);
    const order = /SO-\d+/.exec(texts)?.[0] ?? "";
    const results = request.messages.flatMap(({ content }) => content.filter((block) => block.type === "tool-result")) as Result[];
    // A call that came to nothing, on a machine that stands still for a while say, is made again.
    const call = nextCall(
      { order },
      results.filter(({ isError }) => isError !== true),
    );
    const usage = { inputTokens: 100, outputTokens: 10 };
    const content: Block[] = [{ type: "tool-call", id: `call-${results.length}`, ...call }];
    return {
      answer: { content, stop: "tool-call", usage, model: "script" },
      use: { provider: "script", name: "script", calls: 1, ...usage, costUsd: 0.01 },
    };
  },
};

const definition = {
  net: NET,
  crystallize: { every: 10_000, least: 60, bound: 0.2, confidence: 0.9, shadow: 5 },
  places: { requests: { open: true }, done: { sink: true }, lost: { sink: true } },
  transitions: {
    refund: {
      ...{ kind: "agent", persona: "clerk", ask: "Handle ${request.order}.", data: { request: "${request}" }, concurrency: 4 },
      in: [{ place: "requests", as: "request" }],
      out: [{ to: "done", value: { order: "${request.order}", result: "${$result.result}" } }],
      onError: "lost",
    },
  },
};
const clerk = (tools = ["http.get", "http.post"]) => ({
  ...{ persona: "clerk", title: "Clerk", flags: "---h-", tools, tier: "economy", prompt: "Work.", budget: { turns: 10 } },
});

const results = () => [...(kit.stateOf(NET).places.get("done")?.values() ?? [])].map(({ token }) => token.data as JsonObject);
const resultOf = (order: string) => results().find((one) => one.order === order)?.result as JsonObject | undefined;
const callsFor = (order: string) => seen.filter(({ path, body }) => path.endsWith(`/${order}`) || body.includes(order));

async function begin(order: Partial<Order> = {}): Promise<string> {
  count += 1;
  const id = `SO-${10_000 + count}`;
  orders.set(id, { total: 5 + ((count * 37) % 190), state: ["sent", "sent", "open"][count % 3] ?? "sent", ...order });
  await kit.put(NET, "requests", { order: id });
  return id;
}
async function handle(order: Partial<Order> = {}): Promise<string> {
  const id = await begin(order);
  await waitUntil(`${id} is done`, () => resultOf(id) !== undefined, 60_000);
  return id;
}
async function many(number: number): Promise<void> {
  const ids: string[] = [];
  for (let n = 0; n < number; n += 1) ids.push(await begin());
  await waitUntil(`${number} requests are done`, () => ids.every((id) => resultOf(id) !== undefined), 120_000);
}
/** From the log to a live program. */
async function settled(): Promise<void> {
  await many(80);
  const found = await study(kit.broker, NET);
  const crystal = crystalOfStudy(found, "refund", "ada", isoTime(kit.clock.now()));
  await kit.ask(NET, "crystal-settle", { transition: "refund", action: "shadow", crystal, base: found.net.version, by: BY });
  await many(5);
  await kit.ask(NET, "crystal-settle", { transition: "refund", action: "promote", by: BY, early: true });
}
/** Until one is answered by the rule: the first ones are audited often. */
async function untilByRule(order: Partial<Order>): Promise<string> {
  for (let tries = 0; tries < 60; tries += 1) {
    const id = await handle(order);
    if (await startedByRule(id)) return id;
  }
  throw new Error("every firing was audited");
}
/** An order that the rule answers, whose booking has been asked for; from now on each booking waits for `letGo`. */
async function bookingOnItsWay(): Promise<string> {
  for (let tries = 0; tries < 60; tries += 1) {
    held = [];
    const id = await begin({ state: "sent", total: 70 });
    await waitUntil("a booking is on its way", () => callsFor(id).length === 2, 60_000);
    if (await startedByRule(id)) return id;
    letGo();
    await waitUntil("it is done", () => resultOf(id) !== undefined, 60_000);
  }
  throw new Error("the rule answered none of sixty orders");
}

/** What is held goes on, and nothing is held any more. */
function letGo(): void {
  for (const call of held ?? []) call();
  held = null;
}

async function startedByRule(order: string): Promise<boolean> {
  const events = await eventsOf(kit.broker, NET);
  const token = events.find(
    ({ type, produced }) => type === "arrived" && (produced?.[0]?.token.data as JsonObject | undefined)?.order === order,
  );
  return events.some(({ type, consumed, attributes }) => {
    const isIt = type === "started" && consumed?.[0]?.id === token?.produced?.[0]?.token.id;
    return isIt && (attributes?.crystal as JsonObject | undefined)?.by === "rule";
  });
}

const undo = () =>
  kit.ask(NET, "crystal-settle", { transition: "refund", action: "undo", by: BY }).then(
    () => "done",
    ({ code }: { code: string }) => code,
  );
const netNow = () => kit.master.terms.get(NET)?.net;
const crystal = () => netNow()?.transitions.get("refund")?.crystal ?? undefined;
/** Of its program. */
const steps = () => [...(netNow()?.transitions.keys() ?? [])].filter((id) => id !== "refund");

beforeEach(async () => {
  [orders, seen, requests, held, forgetful, count] = [new Map(), [], [], null, false, 0];
  await openShop();
  const client = httpClient({ clock: realClock, allow: ["127.0.0.1"] });
  kit = await masterKit({ work: personaWorker(tiers, realClock), http: { client, secrets: () => ({ value: "" }) as never } });
  await kit.ask(null, "apply-persona", { persona: clerk() });
  await kit.ask(null, "apply-net", { definition });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
  await new Promise((resolve) => server.close(resolve));
});

describe("an agent's calls", { timeout: 180_000 }, () => {
  it("are learned from the log, compared without effect, and made by steps", async () => {
    await many(80);
    const found = await study(kit.broker, NET);
    const proposal = found.proposals[0]?.proposal;
    expect(proposal).toMatchObject({ promotable: true, learner: expect.stringContaining("tool program") });
    expect(proposal?.rule && isProgram(proposal.rule)).toBe(true);
    const crystal = crystalOfStudy(found, "refund", "ada", isoTime(kit.clock.now()));
    await kit.ask(NET, "crystal-settle", { transition: "refund", action: "shadow", crystal, base: found.net.version, by: BY });
    const before = seen.length;
    const ids = [await handle(), await handle(), await handle({ state: "sent", total: 50 })];
    // In its shadow it calls nothing: the agent's own calls alone reach the shop.
    expect(seen.length - before).toBe(ids.reduce((sum, id) => sum + callsFor(id).length, 0));
    expect(callsFor(ids[2] ?? "").length).toBe(2);
    const [row] = await crystalsOf(kit.broker, NET);
    expect(row?.record?.shadow).toEqual({ same: 3, other: 0 });
    await kit.ask(NET, "crystal-settle", { transition: "refund", action: "promote", by: BY, early: true });
    const asked = requests.length;
    const began = seen.length;
    await many(60);
    expect(requests.length - asked).toBeLessThan(100);
    const live = [...orders].slice(-60);
    for (const [id, { total, state }] of live) {
      expect(resultOf(id)?.decision).toBe(state === "open" ? "nothing to do" : total > 100 ? "escalated" : "refunded");
      expect(callsFor(id).map(({ method }) => method)).toEqual(state === "open" ? ["GET"] : ["GET", "POST"]);
    }
    expect(seen.length - began).toBe(live.reduce((sum, [, { state }]) => sum + (state === "open" ? 1 : 2), 0));
    const [now] = await crystalsOf(kit.broker, NET);
    expect(now?.record?.answered).toBeGreaterThan(30);
    const event = (await eventsOf(kit.broker, NET)).findLast(
      ({ attributes }) => (attributes?.crystal as JsonObject | undefined)?.by === "rule",
    );
    expect(event).toMatchObject({ type: "fired", transition: "refund" });
    expect(event?.model).toBeUndefined();
    // While it answers, nothing else is learned or put beside it.
    const again = (await study(kit.broker, NET)).proposals[0]?.proposal;
    expect(again).toMatchObject({ rule: null, reasons: [expect.stringContaining("before that is undone")] });
    const other = { ...crystal, rule: { guard: [], answer: { kind: "constant", value: { decision: "nothing to do" } } } };
    const beside = kit.ask(NET, "crystal-settle", { transition: "refund", action: "shadow", crystal: other, by: BY });
    await expect(beside).rejects.toMatchObject({ code: "program-beside" });
    expect((await crystalsOf(kit.broker, NET))[0]).toMatchObject({ mode: "live", rule: now?.rule });
  });

  it("go on to the model where an answer is strange, with what was made, and nothing is made twice", async () => {
    await settled();
    const first = await untilByRule({ odd: "order" });
    expect(resultOf(first)).toEqual({ decision: "unclear" });
    expect(callsFor(first)).toHaveLength(1);
    forgetful = true;
    const second = await untilByRule({ odd: "refund", state: "sent", total: 60 });
    expect(resultOf(second)).toMatchObject({ decision: "refunded" });
    // The model made the booking again, and was given the answer that there was already.
    expect(callsFor(second).map(({ method }) => method)).toEqual(["GET", "POST"]);
    const handed = requests
      .at(-1)
      ?.messages.filter(({ role }) => role === "assistant")[0]
      ?.content.map((block) => block.type);
    expect(handed).toEqual(["tool-call", "tool-call"]);
    const events = await eventsOf(kit.broker, NET);
    const handedOver = events.filter(({ attributes }) => attributes?.handed !== undefined);
    expect(handedOver.length).toBeGreaterThanOrEqual(2);
    // The model's attempt begins in the log, as every attempt does.
    for (const { firing, seq } of handedOver) {
      const follows = events.find((event) => event.firing === firing && event.seq > seq);
      expect(follows).toMatchObject({ type: "started", attempt: 2, attributes: { again: true } });
      const told = events.filter((event) => event.firing === firing);
      const step = stepOf(firing ?? "", told, { distance: 0, open: false, version: () => null });
      expect(step.attempts[0]).toMatchObject({ how: "handed over", reason: expect.any(String) });
    }
    expect([...kit.stateOf(NET).instances.keys()]).toEqual([]);
  });

  it("survive the death of a master between an effect and its answer, and go back to the model by undo", async () => {
    await settled();
    const id = await bookingOnItsWay();
    await kit.crash();
    await waitUntil("the request is made again", () => callsFor(id).length === 3, 60_000);
    letGo();
    await waitUntil("it is done", () => resultOf(id) !== undefined, 60_000);
    const posts = callsFor(id).filter(({ method }) => method === "POST");
    expect(new Set(posts.map(({ key }) => key)).size).toBe(1);
    expect(resultOf(id)).toMatchObject({ decision: "refunded" });
    expect(await undo()).toBe("done");
    const asked = requests.length;
    await handle({ state: "open" });
    expect(requests.length).toBe(asked + 2);
    // Told as undone, as every rule is; its steps go with it, since nothing is under way in them.
    expect((await crystalsOf(kit.broker, NET))[0]).toMatchObject({ mode: "none", definition: null, gate: null });
    await waitUntil("nothing is left of it", () => crystal() === undefined, 60_000);
    expect(steps()).toEqual([]);
    expect(await undo()).toBe("no-rule");
    await logAgreesWithPlaces(kit.broker, NET);
  });

  it("are told as undone while their calls are under way, which end, and only then are their steps gone", async () => {
    await settled();
    const id = await bookingOnItsWay();
    expect(await undo()).toBe("done");
    const row = async () => (await crystalsOf(kit.broker, NET))[0];
    expect(await row()).toMatchObject({ mode: "none", definition: null });
    expect(crystal()?.definition.mode).toBe("off");
    expect(await undo()).toBe("no-rule");
    expect(steps().length).toBeGreaterThan(0);
    // A master that follows knows it too.
    await kit.crash();
    await waitUntil("the request is made again", () => callsFor(id).length === 3, 60_000);
    expect(await row()).toMatchObject({ mode: "none" });
    letGo();
    await waitUntil("it is done", () => resultOf(id) !== undefined, 60_000);
    expect(resultOf(id)).toMatchObject({ decision: "refunded" });
    await waitUntil("nothing is left of it", () => crystal() === undefined, 60_000);
    expect(steps()).toEqual([]);
    await handle({ state: "open" });
    await logAgreesWithPlaces(kit.broker, NET);
  });

  it("are not made for a persona that has lost the right to them", async () => {
    await settled();
    await kit.ask(null, "apply-persona", { persona: clerk(["http.get"]) });
    await kit.ask(NET, "crystal-settle", { transition: "refund", action: "shadow", by: BY });
    await kit.ask(NET, "crystal-settle", { transition: "refund", action: "promote", by: BY, early: true });
    const id = await begin({ state: "open" });
    await waitUntil("it is done", () => resultOf(id) !== undefined, 60_000);
    expect(await startedByRule(id)).toBe(false);
    const said = (await eventsOf(kit.broker, NET)).findLast(({ type }) => type === "started")?.attributes?.crystal;
    expect(said).toMatchObject({ by: "model", declined: expect.stringContaining("may not make the calls") });
  });
});
