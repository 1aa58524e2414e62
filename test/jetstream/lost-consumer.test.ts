/** Q1: a server that died while it wrote the consumer of a work queue down forgets it; the work that waits there is done all the same. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: Cluster;
let master: Broker;
let line: ExecutorLine;
const stop = new AbortController();
beforeAll(async () => {
  system = await startCluster();
  master = await system.connect();
  line = await system.connectExecutor("ex");
});
afterAll(async () => {
  stop.abort();
  await system?.end();
});

const offer = (id: string) =>
  master.work.offer(
    { order: new TextEncoder().encode(id), signature: new Uint8Array(64) },
    { pool: "code", net: "n", transition: "t", id },
  );
const losses = () => readFileSync(join(system.dir, "nats-server.log"), "utf8").split("Missing consumer checksum").length - 1;

test("what waits in a queue whose consumer is lost comes out, although nobody offers anything more", { timeout: 180_000 }, async () => {
  await offer("one");
  await system.kill();
  const files = readdirSync(system.dir, { recursive: true, encoding: "utf8" });
  const checksums = files.filter((path) => path.endsWith(join("WORK_code", "obs", "workers", "meta.sum")));
  expect(checksums).toHaveLength(1);
  rmSync(join(system.dir, checksums[0] ?? ""));
  await system.start();
  expect(losses()).toBe(1);
  const got: string[] = [];
  const pulling = (async () => {
    for await (const each of line.pull("code", stop.signal)) got.push(new TextDecoder().decode(each.order));
  })();
  await waitUntil("the offer has come", () => got.includes("one"), 60_000);
  await offer("two");
  await waitUntil("the next one too", () => got.includes("two"), 60_000);
  await system.restart();
  await waitUntil("the wire is up", async () => (await master.control.read().catch(() => null)) !== null, 60_000);
  await offer("three");
  await waitUntil("and one after a further start, which finds the consumer whole", () => got.includes("three"), 60_000);
  expect(losses()).toBe(1);
  stop.abort();
  await pulling;
});
