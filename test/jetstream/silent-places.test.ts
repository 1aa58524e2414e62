/** A place that nobody writes to is missed too when its server is lost, and is made anew on another one. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import { streams } from "../../src/contract/subjects.ts";
import { ServerCluster } from "../support/server-cluster.ts";
import { until, waitUntil } from "../support/wait-until.ts";

let cluster: ServerCluster;
let broker: Broker;
const NET = "shelves";
const places = Array.from({ length: 6 }, (_, at) => ({ net: NET, place: `shelf-${at}`, title: "", capacity: null, open: false }));

beforeAll(async () => {
  cluster = await ServerCluster.start();
  broker = await cluster.connect();
}, 240_000);
afterAll(() => cluster?.end());

it("names the streams whose server is away, and none once they are declared again", async () => {
  const shelves = broker.places(NET);
  await waitUntil("the places are declared", () => declared(), 120_000);
  await waitUntil("none is missed", async () => (await shelves.silent()).length === 0);
  const leaders = new Map<string, number | null>();
  const names = places.map(({ place }) => streams.place(NET, place));
  await waitUntil("all are led", async () => {
    for (const name of names) leaders.set(name, await cluster.leaderOf(name));
    return ![...leaders.values()].includes(null);
  });
  const lost = leaders.get(names[0] ?? "") ?? 0;
  const there = names.filter((name) => leaders.get(name) === lost);
  await cluster.killServer(lost);
  let silent: string[] = [];
  const look = async () => {
    silent = await shelves.silent().catch(() => ["the cluster elects"]);
    return silent.length === there.length && silent.every((name) => there.includes(name));
  };
  await waitUntil(`${there} are missed`, look, 120_000);
  await waitUntil("they are made anew", () => declared(), 120_000);
  await waitUntil("nothing is missed", () => look().then(() => silent.length === 0), 120_000);
  for (const { place } of places) {
    const { ids } = await until(`${place} answers`, async () => ({ ids: await shelves.ids(place) }));
    expect(ids).toEqual(new Set());
  }

  function declared(): Promise<boolean> {
    return shelves.declare(places).then(
      () => true,
      () => false,
    );
  }
}, 400_000);
