/** E6: a letter box that somebody deletes while its owner is there is made anew, and its letters are told from those of before. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker, Delivery } from "../../src/contract/broker.ts";
import { streams, subjects } from "../../src/contract/subjects.ts";
import { loginOptions } from "../../src/jetstream/server/login.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: Cluster;
let broker: Broker;
let admin: NatsConnection;
beforeAll(async () => {
  system = await startCluster();
  broker = await system.connect();
  const { url, credentials } = system.server();
  admin = await connect({ servers: url, ...loginOptions(credentials.admin) });
});
afterAll(async () => {
  await admin?.close();
  await system?.end();
});

test("is read on, from its first letter", { timeout: 180_000 }, async () => {
  const taken: Delivery[] = [];
  const reading = await broker.door.openLetterBox(
    "n",
    ["inbox"],
    () => null,
    (each) => void (each.letter && taken.push(each)),
  );
  const write = (body: string) => admin.request(subjects.letter("n", "inbox"), body, { timeout: 60_000 });
  await write("one");
  await write("two");
  await waitUntil("both are there", () => taken.length === 2);
  const manager = await jetstreamManager(admin, { timeout: 60_000 });
  await manager.streams.delete(streams.letterBox("n"));
  await waitUntil(
    "the box stands again",
    () =>
      manager.streams.info(streams.letterBox("n")).then(
        () => true,
        () => false,
      ),
    120_000,
  );
  await write("three");
  await waitUntil("its letter is there", () => taken.length === 3);
  expect(taken[2]?.letter?.seq).toBe(1);
  expect(taken[2]?.letter?.created).not.toBe(taken[0]?.letter?.created);
  await reading.stop();
});
