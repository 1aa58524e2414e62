/** V1, V2: a burst that somebody listens to arrives whole; one that nobody hears is left out, and heard again soon after somebody comes. */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { loginOptions } from "../../src/jetstream/server/login.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

let cluster: Cluster;
let broker: Broker;
let nc: NatsConnection;
beforeAll(async () => {
  cluster = await startCluster({ durability: "memory" });
  broker = await cluster.connect();
  const { url, credentials } = cluster.server();
  nc = await connect({ servers: url, ...loginOptions(credentials.admin) });
});
afterAll(async () => {
  await nc?.close();
  await cluster?.end();
});

const event = (net: string, seq: number): NetEvent => ({
  ...{ seq, ts: "", category: "firing", type: "fired", status: "ok", summary: "", net, transition: "step" },
});

describe("live copies of events", () => {
  it("V1: a burst that somebody listens to arrives whole and in order", async () => {
    const heard: number[] = [];
    nc.subscribe("event.heard.>", { callback: (_, msg) => void heard.push(msg.json<NetEvent>().seq) });
    await nc.flush();
    for (let seq = 1; seq <= 3000; seq++) broker.live.publish(event("heard", seq));
    await waitUntil("all events are heard", () => heard.length === 3000);
    expect(heard).toEqual(Array.from({ length: 3000 }, (_, at) => at + 1));
  });

  it("V2: who begins to listen in the middle of a long burst hears it soon, and then without gaps", async () => {
    const heard: number[] = [];
    let seq = 0;
    const burst = async () => {
      for (let n = 0; n < 300; n++) broker.live.publish(event("late", ++seq));
      await nc.flush();
    };
    for (let round = 0; round < 20; round++) await burst();
    nc.subscribe("event.late.>", { callback: (_, msg) => void heard.push(msg.json<NetEvent>().seq) });
    await nc.flush();
    // What was sent between two questions is heard too, so the first gaps may come after the first event; there is an end to them.
    const isWhole = (from: number, to: number) => {
      const there = heard.filter((each) => each >= from && each <= to);
      return there.length === to - from + 1 && there.every((each, at) => each === from + at);
    };
    let [from, to] = [0, 0];
    await waitUntil("a burst is heard whole", async () => {
      [from, to] = [to + 1, seq];
      for (let round = 0; round < 5; round++) await burst();
      return from > 6000 && isWhole(from, to);
    });
    for (let round = 0; round < 20; round++) await burst();
    await waitUntil("the last is heard", () => heard.at(-1) === seq);
    expect(isWhole(from, seq)).toBe(true);
  });
});
