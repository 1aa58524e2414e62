/** E2 and E7 on a real server that is killed, frozen and full. */
import { connect, headers } from "@nats-io/transport-node";
import { afterEach, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import { delay } from "../../src/contract/clock.ts";
import { connectBroker } from "../../src/jetstream/connect.ts";
import { loginOptions } from "../../src/jetstream/server/login.ts";
import { epochEvent, event } from "../contract/broker-samples.ts";
import type { Cluster } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { startTestServer, testIds, wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const cluster = async (): Promise<Cluster> => {
  const started = await startCluster();
  cleanups.push(() => started.end());
  return started;
};
const ids = async (broker: Broker, net: string) => {
  const found: string[] = [];
  const last = await broker.log(net).read(0, (entry) => found.push(entry.id));
  return { found, last };
};

test("kill -9 of the server in the middle of appends: every entry is there once, in order", async () => {
  const system = await cluster();
  const broker = await system.connect();
  await broker.declareNet("crash");
  const committed: string[] = [];
  const states: string[] = [];
  broker.onConnection((state) => states.push(state));
  const writing = (async () => {
    for (let at = 0; at < 300 || states.filter((state) => state === "up").length < 3; at++) {
      const outcome = await broker.log("crash").append(at, { id: `e${at}`, epoch: 1, events: [event("crash", at + 1)] });
      expect(outcome).toEqual({ kind: "committed", sequence: at + 1 });
      committed.push(`e${at}`);
    }
  })();
  // Awaited below; where a kill fails first, that error is the one to be seen.
  writing.catch(() => {});
  for (let kill = 1; kill <= 3; kill++) {
    const before = committed.length;
    await waitUntil("appends go on", () => committed.length > before + 20);
    await system.kill();
    await system.start();
    await waitUntil("the client is back", () => states.filter((state) => state === "up").length === kill);
  }
  await writing;
  const { found, last } = await ids(broker, "crash");
  expect(found).toEqual(committed);
  expect(last).toBe(committed.length);
}, 180_000);

test("a frozen server delays an append and loses nothing; it can be called off meanwhile", async () => {
  const system = await cluster();
  const broker = await system.connect();
  await broker.declareNet("ice");
  const entry = (id: string) => ({ id, epoch: 1, events: [event("ice", 1)] });
  await system.freeze();
  const abort = new AbortController();
  const dropped = broker.log("ice").append(0, entry("dropped"), abort.signal);
  abort.abort();
  await expect(dropped).rejects.toMatchObject({ outlook: "cancelled" });
  system.thaw();
  // What was called off may have been stored all the same: only the log knows.
  await broker.log("ice").append(0, entry("dropped"));
  await system.freeze();
  const slow = broker.log("ice").append(1, entry("slow"));
  await expect(broker.control.read()).rejects.toMatchObject({ code: "no-answer" });
  system.thaw();
  expect(await slow).toEqual({ kind: "committed", sequence: 2 });
  expect((await ids(broker, "ice")).found).toEqual(["dropped", "slow"]);
}, 180_000);

test("a takeover shuts the old writer out, though it goes on writing", async () => {
  const system = await cluster();
  const [old, next] = [await system.connect("old"), await system.connect("next")];
  await old.declareNet("duel");
  await old.log("duel").append(0, { id: "t1", epoch: 1, events: [epochEvent("duel", 1, 1)] });
  let tail = 1;
  let lost = "";
  let tries = 0;
  const writing = (async () => {
    while (lost === "") {
      const outcome = await old.log("duel").append(tail, { id: `old${tail}`, epoch: 1, events: [event("duel", tail + 1)] });
      if (outcome.kind === "committed") tail++;
      else lost = outcome.kind;
      // Its pace: a reader needs a moment to reach the tail, and a longer one on a busy machine.
      await delay(wallClock, 10 + 10 * tries);
    }
  })();
  writing.catch(() => {});
  await waitUntil("the old one writes", () => tail > 20);
  let won = false;
  for (; !won; tries++) {
    const last = await next.log("duel").read(0, () => undefined);
    won =
      (await next.log("duel").append(last, { id: `t2-${last}`, epoch: 2, events: [epochEvent("duel", last + 1, 2)] })).kind === "committed";
  }
  await writing;
  expect(lost).toBe("conflict");
  const { found, last } = await ids(next, "duel");
  expect(found).toHaveLength(last);
  expect(found.slice(1, -1)).toEqual(Array.from({ length: tail - 1 }, (_, at) => `old${at + 1}`));
});

test("what a foreign hand put into the log is void, and ends the term of who did not know it", async () => {
  const system = await cluster();
  const broker = await system.connect();
  await broker.declareNet("foreign");
  await broker.log("foreign").append(0, { id: "a", epoch: 1, events: [epochEvent("foreign", 1, 1)] });
  const { url, credentials } = system.server();
  const outside = await connect({ servers: url, ...loginOptions(credentials.admin) });
  cleanups.push(() => outside.close());
  await outside.request("log.foreign", "not even JSON", { timeout: 60_000 });
  const marks = headers();
  marks.set("Petrel-Entry", "x");
  marks.set("Petrel-Epoch", "NaN");
  await outside.request("log.foreign", "[]", { headers: marks, timeout: 60_000 });
  expect((await broker.log("foreign").append(1, { id: "b", epoch: 1, events: [event("foreign", 2)] })).kind).toBe("conflict");
  expect((await broker.log("foreign").append(3, { id: "b", epoch: 1, events: [event("foreign", 2)] })).kind).toBe("committed");
  expect(await ids(broker, "foreign")).toEqual({ found: ["a", "b"], last: 4 });
});

test("a store without room rejects with a reason and stores nothing", async () => {
  const server = await startTestServer({ maxFileBytes: 2 * 1024 * 1024 });
  cleanups.push(() => server.remove());
  const { url, credentials } = server;
  const broker = await connectBroker({ url, ...credentials.master, clock: wallClock, ids: testIds(), name: "full" });
  cleanups.push(() => broker.close());
  await broker.declareNet("full");
  let tail = 0;
  let reason = "";
  while (reason === "" && tail < 20) {
    const big = event("full", tail + 1, { summary: "x".repeat(400 * 1024) });
    const outcome = await broker.log("full").append(tail, { id: `e${tail}`, epoch: 1, events: [big] });
    if (outcome.kind === "committed") tail++;
    else reason = outcome.kind === "rejected" ? `${outcome.error.code}: ${outcome.error.hint}` : outcome.kind;
  }
  expect(reason).toMatch(/^broker-full: free space/);
  expect(await broker.log("full").read(0, () => undefined)).toBe(tail);
});
