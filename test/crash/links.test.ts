/** A link between nets of two masters, in real processes: each token once, whichever owner dies, and whenever (E10). */
import { afterEach, describe, expect, it } from "vitest";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

const TOKENS = 150;
const KILLS = 6;
let system: System;
afterEach(async () => system?.end());

const shop = {
  net: "shop",
  places: { orders: { open: true } },
  transitions: { ship: { kind: "link", in: [{ place: "orders" }], to: { net: "depot", place: "inbox" } } },
};
const depot = {
  net: "depot",
  places: { inbox: { accepts: ["shop"] }, shelf: { sink: true } },
  transitions: { store: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "shelf" }] } },
};

async function ownersOf(net: string): Promise<string[]> {
  const owners: string[] = [];
  await system.broker.log(net).read(0, ({ events }) => {
    for (const { type, attributes } of events) if (type === "epoch") owners.push(String(attributes?.owner));
  });
  return owners;
}
const ownerOf = async (net: string) => (await ownersOf(net)).at(-1) ?? "";
const terms = async (net: string) => (await ownersOf(net)).length;

/** What the log of the sender says is on its way. */
async function inTransit(): Promise<number> {
  let count = 0;
  await system.broker.log("shop").read(0, ({ events }) => {
    for (const { type, consumed } of events) {
      if (type === "sent") count += 1;
      if (type === "delivered") count -= consumed?.length ?? 0;
    }
  });
  return count;
}
const shelved = async () =>
  (
    await system.broker
      .places("depot")
      .ids("shelf")
      .catch(() => new Set())
  ).size;

async function applied(definition: { net: string }): Promise<void> {
  const apply = () =>
    system.ask(null, "apply-net", { definition }).then(
      () => true,
      () => false,
    );
  await waitUntil(`${definition.net} is applied`, apply);
}
const put = (from: number, to: number) =>
  Promise.all(Array.from({ length: to - from }, (_, at) => system.put("shop", "orders", { n: from + at }, `p${from + at}`)));

async function eachOnce(count: number): Promise<void> {
  await waitUntil("all are on the shelf", async () => (await shelved()) >= count && (await inTransit()) === 0, 90_000).catch((error) => {
    throw new Error(`${error}\n${system.logs()}`);
  });
  const { state, events } = await logAgreesWithPlaces(system.broker, "depot", 30_000);
  const numbers = [...(state.places.get("shelf")?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  const taken = events.flatMap(({ type, attributes }) =>
    type === "arrived" ? [(attributes?.link as { number: number } | undefined)?.number] : [],
  );
  expect(taken).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  await logAgreesWithPlaces(system.broker, "shop", 30_000);
}

describe("a link between nets", () => {
  it("brings each token once when the sender's owner dies between sent and delivered", async () => {
    system = await System.start();
    await system.master("m1");
    await applied(shop);
    await put(0, 20);
    await waitUntil("all are on their way", async () => (await inTransit()) === 20, 60_000);
    await system.kill("m1");
    await system.master("m2");
    await waitUntil("another master owns the sender", async () => (await ownerOf("shop")) === "m2", 60_000);
    expect(await inTransit()).toBe(20);
    const { state } = await logAgreesWithPlaces(system.broker, "shop", 30_000);
    expect(state.places.get("in-transit")?.size).toBe(20);
    await applied(depot);
    await put(20, 30);
    await eachOnce(30);
  }, 180_000);

  it("brings each token once over kills of either owner, at any moment", async () => {
    system = await System.start();
    await Promise.all([system.master("m1"), system.master("m2")]);
    await applied(depot);
    await applied(shop);
    const puts = (async () => {
      for (let n = 0; n < TOKENS; n += 10) await put(n, n + 10);
    })();
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await shelved();
      await waitUntil("tokens arrive", async () => (await shelved()) > before || before === TOKENS, 60_000).catch((error) => {
        throw new Error(`${error}\n${system.logs()}`);
      });
      const net = kill % 2 === 0 ? "shop" : "depot";
      const [victim, taken] = [await ownerOf(net), await terms(net)];
      await system.kill(victim);
      await system.master(victim);
      await waitUntil(`${net} has another term`, async () => (await terms(net)) > taken, 60_000);
    }
    await puts;
    await eachOnce(TOKENS);
    expect((await terms("shop")) + (await terms("depot"))).toBeGreaterThanOrEqual(2 + KILLS);
  }, 240_000);
});
