/** Offers that do not suit, of which many lie in the queue: how often one executor looks at them. */
import { headers, type Msg } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import { packEnvelope } from "../../src/jetstream/envelope-bytes.ts";
import { JetStreamExecutorLine } from "../../src/jetstream/executor-line.ts";
import type { Link } from "../../src/jetstream/link.ts";
import { RestingOffers } from "../../src/jetstream/resting-offers.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

/** A queue whose offers come back when their rest is over, in the time of the test alone. Gives the looks of each second. */
function looks(offers: number, seconds: number): number[] {
  const resting = new RestingOffers();
  const queue = Array.from({ length: offers }, (_, number) => ({ number, delivered: 0, at: 0 }));
  const counts: number[] = Array(seconds).fill(0);
  for (let now = 0; now < seconds * 1000; now += 1) {
    for (const offer of queue) {
      if (offer.at > now) continue;
      offer.delivered += 1;
      offer.at = now + resting.restOf(`$JS.ACK.work.workers.${offer.delivered}.${offer.number}.1.1.0`, now);
      counts[Math.floor(now / 1000)] = (counts[Math.floor(now / 1000)] ?? 0) + 1;
    }
  }
  return counts;
}

test("490 of them are looked at some 150 times a second once they have gone round", () => {
  const counts = looks(490, 60);
  const settled = counts.slice(20);
  expect(settled.reduce((sum, count) => sum + count, 0) / settled.length).toBeLessThan(180);
  expect(Math.min(...settled), "and come back all the time, for one who becomes free").toBeGreaterThan(0);
});

test("one that lies there alone comes back within a quarter of a second, and a new one at once", () => {
  const resting = new RestingOffers();
  expect(resting.restOf("$JS.ACK.work.workers.1.7.1.1.0", 0)).toBe(10);
  expect(resting.restOf("$JS.ACK.work.workers.5000.7.1.1.0", 0)).toBe(250);
  expect(looks(1, 5)[4]).toBeGreaterThan(3);
});

test("what is gone is forgotten: those that are left come back sooner again", () => {
  const resting = new RestingOffers();
  for (let number = 0; number < 490; number++) resting.restOf(`$JS.ACK.work.workers.40.${number}.1.1.0`, 0);
  expect(resting.restOf("$JS.ACK.work.workers.600.1.1.1.0", 1000)).toBeGreaterThan(3000);
  resting.restOf("$JS.ACK.work.workers.600.1.1.1.0", 60_000);
  expect(resting.restOf("$JS.ACK.work.workers.600.1.1.1.0", 62_000)).toBe(250);
});

test("the executor's line gives back what does not suit with that rest", async () => {
  const said: string[] = [];
  const stop = new AbortController();
  let asked = 0;
  const call = () => {
    asked += 1;
    const offer = packEnvelope({ order: new Uint8Array([1]), signature: new Uint8Array([2]) });
    return Promise.resolve({ data: offer, reply: `$JS.ACK.work.workers.40.${asked}.1.1.0`, headers: headers() } as unknown as Msg);
  };
  const publish = (_: string, payload: string) => {
    said.push(payload);
    if (said.length === 100) stop.abort();
  };
  const line = new JetStreamExecutorLine({ clock: wallClock, up: true, call, publish } as unknown as Link);
  const pulling = (async () => {
    for await (const _ of line.pull("code", stop.signal, () => false)) return "taken";
    return "none";
  })();
  await waitUntil("a hundred were given back", () => said.length === 100);
  expect(await pulling).toBe("none");
  expect(said[0]).toBe(`-NAK {"delay":${20 * 1_000_000}}`);
  const rest = Number(/\d+/.exec(said.at(-1) ?? "")?.[0]) / 1_000_000;
  expect(rest, "the hundredth: 99 lie there besides").toBeGreaterThan(660 / 2);
  expect(rest).toBeLessThan(660 * 1.5);
});
