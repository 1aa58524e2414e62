/** L1 and L2 on a real nats-server: what is not known is never purged, and what does not add up is noticed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker, PlaceStreams } from "../../src/contract/broker.ts";
import type { Token } from "../../src/contract/token.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { tokenOf } from "../support/net-state.ts";

let cluster: Cluster;
let owner: Broker;
let another: Broker;
let outside: Broker;
beforeAll(async () => {
  cluster = await startCluster({ durability: "fsync" });
  owner = await cluster.connect();
  another = await cluster.connect();
  outside = await cluster.connect();
});
afterAll(() => cluster?.end());

const spec = (net: string, place: string) => ({ net, place, title: "", capacity: null, open: false });
const tokens = (from: number, to: number): Token[] =>
  Array.from({ length: to - from }, (_, at) => tokenOf(`t${from + at}`, { n: from + at }));
const added = (list: Token[]) => list.map((token) => ({ place: "p", token }));
const removed = (list: Token[]) => list.map(({ id }) => ({ place: "p", id }));
const ids = (list: Token[]) => list.map(({ id }) => id).sort();

async function place(net: string): Promise<PlaceStreams> {
  const streams = owner.places(net);
  await streams.declare([spec(net, "p")]);
  return streams;
}
/** As somebody else sees it, who knows nothing of the lane. */
const seen = async (net: string) => [...(await outside.places(net).ids("p"))].sort();

describe("a lane", () => {
  it("removes what left in order, and what left out of order, and nothing else", async () => {
    const streams = await place("order");
    await streams.ids("p");
    const all = tokens(0, 1000);
    await streams.update({ add: added(all), remove: [] });
    await streams.update({ add: [], remove: removed(all.slice(0, 400)) });
    expect(await seen("order")).toEqual(ids(all.slice(400)));
    const odd = all.slice(400).filter((_, at) => at % 2 === 1);
    await streams.update({ add: [], remove: removed(odd) });
    const left = all.slice(400).filter((_, at) => at % 2 === 0);
    expect(await seen("order")).toEqual(ids(left));
    await streams.update({ add: added(tokens(2000, 2150)), remove: removed(left) });
    expect(await seen("order")).toEqual(ids(tokens(2000, 2150)));
  });

  it("puts off what costs a call each, and does it with the next update", async () => {
    const streams = await place("later");
    await streams.ids("p");
    const all = tokens(0, 50);
    await streams.update({ add: added(all), remove: [] });
    await streams.update({ add: [], remove: removed(all.slice(10)) }, { later: true });
    expect((await seen("later")).length).toBe(50);
    await streams.update({ add: [], remove: [] });
    expect(await seen("later")).toEqual(ids(all.slice(0, 10)));
    await streams.update({ add: [], remove: removed(all.slice(0, 10)) }, { later: true });
    expect(await seen("later")).toEqual([]);
  });

  it("L2: never purges over what lay there before it", async () => {
    const before = await place("strangers");
    const old = tokens(0, 30);
    await before.update({ add: added(old), remove: [] });
    // Another owner, with another connection, begins behind them.
    const streams = another.places("strangers");
    await streams.declare([spec("strangers", "p")]);
    expect((await streams.ids("p")).size).toBe(30);
    const own = tokens(100, 300);
    await streams.update({ add: added(own), remove: removed(own.slice(0, 150)) });
    await streams.update({ add: [], remove: removed(own.slice(0, 150)) });
    expect(await seen("strangers")).toEqual([...ids(old), ...ids(own.slice(150))].sort());
    // The last stranger leaves: from there on one purge does it.
    await streams.update({ add: [], remove: removed(old) });
    expect(await seen("strangers")).toEqual(ids(own.slice(150)));
    await streams.update({ add: [], remove: removed(own.slice(150, 190)) });
    expect(await seen("strangers")).toEqual(ids(own.slice(190)));
  });

  it("a token that is published again is there once, and leaves once", async () => {
    const streams = await place("again");
    await streams.ids("p");
    const all = tokens(0, 10);
    for (let round = 0; round < 3; round++) await streams.update({ add: added(all), remove: [] });
    expect(await seen("again")).toEqual(ids(all));
    await streams.update({ add: [], remove: removed(all.slice(0, 5)) });
    expect(await seen("again")).toEqual(ids(all.slice(5)));
    await streams.update({ add: [], remove: removed(all) });
    expect(await seen("again")).toEqual([]);
  });

  it("L1: a message of somebody else is noticed, and after a look all is in order again", async () => {
    const streams = await place("foreign");
    await streams.ids("p");
    await streams.update({ add: added(tokens(0, 10)), remove: [] });
    const other = another.places("foreign");
    await other.update({ add: added(tokens(900, 901)), remove: [] });
    const late = streams.update({ add: added(tokens(10, 20)), remove: removed(tokens(0, 5)) });
    await expect(late).rejects.toMatchObject({ code: "place-stream-out-of-step", outlook: "retryable" });
    expect((await streams.ids("p")).has("t900")).toBe(true);
    await streams.update({ add: added(tokens(10, 20)), remove: removed([...tokens(0, 5), ...tokens(900, 901)]) });
    expect(await seen("foreign")).toEqual(ids(tokens(5, 20)));
  });
});
