/** Everything that was open before the server died works after it is back, without anybody opening it anew. */
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker, Delivery, ExecutorLine } from "../../src/contract/broker.ts";
import type { WorkResult } from "../../src/contract/envelope.ts";
import { loginOptions } from "../../src/jetstream/server/login.ts";
import { event, token } from "../contract/broker-samples.ts";
import type { Cluster } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: Cluster;
let master: Broker;
let line: ExecutorLine;
const stop = new AbortController();
const letters: string[] = [];
const results: string[] = [];
const orders: string[] = [];
const followed: string[] = [];
const generations: number[] = [];
const background: Promise<void>[] = [];
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const bytes = (value: string) => new TextEncoder().encode(value);

const letter = async (body: string) => {
  const { url, credentials } = system.server();
  const nc = await connect({ servers: url, ...loginOptions(credentials.admin) });
  await nc.request("place.n.inbox", body, { timeout: 60_000 });
  await nc.close();
};
const result = (firing: string): WorkResult => ({
  v: 1,
  net: "n",
  transition: "t",
  firing,
  attempt: 1,
  executor: "ex",
  outcome: { ok: true, value: null },
  startedAt: "",
  durationMs: 1,
});
const offer = (id: string) =>
  master.work.offer({ order: bytes(id), signature: bytes("s") }, { pool: "code", net: "n", transition: "t", id });
const append = (at: number) => master.log("n").append(at, { id: `e${at}`, epoch: 1, events: [event("n", at + 1)] });

beforeAll(async () => {
  system = await startCluster();
  master = await system.connect();
  line = await system.connectExecutor("ex");
  await master.declareNet("n");
  await master.places("n").declare([{ net: "n", place: "inbox", title: "", capacity: null, open: true }]);
  await master.door.openLetterBox(
    "n",
    ["inbox"],
    () => null,
    (each: Delivery) => letters.push(text(each.payload)),
  );
  await master.door.servePut("n", async (each) => ({ ok: true, id: "tk", seq: 1, place: each.place }));
  await master.work.takeResults("n", async (each) => void results.push(each.firing));
  await master.work.serveClaims("n", async () => ({ ok: true, leaseMs: 1, timeLeftMs: 1, secrets: {} }));
  await master.control.watch((each) => generations.push(each.generation));
  background.push(
    (async () => {
      for await (const each of line.pull("code", stop.signal)) orders.push(text(each.order));
    })(),
    (async () => {
      for await (const each of master.log("n").follow(0, stop.signal)) followed.push(each.id);
    })(),
  );
});
afterAll(async () => {
  stop.abort();
  await Promise.all(background);
  await system?.end();
});

const works = async (round: number) => {
  const name = `r${round}`;
  await append(round);
  await letter(name);
  await line.deliver(result(name));
  await offer(name);
  await master.control.write("running");
  await waitUntil(
    `all of round ${round} came`,
    () => [letters, results, orders].every((each) => each.includes(name)) && followed.includes(`e${round}`),
  );
  await waitUntil("the control watcher knows", async () => generations.includes((await master.control.read()).generation));
  expect(await master.door.put("n", "inbox", bytes("1"))).toMatchObject({ ok: true });
  expect(await line.claim("n", name, 1, { verb: "claim", executor: "ex" })).toMatchObject({ ok: true });
  expect(await master.leases.renew("n", "me", 30_000)).toBe(true);
  // E5: an async stream may lose acknowledged tokens with its process, so each return of the wire compares and repairs.
  const there = await master.places("n").ids("inbox");
  const marking = Array.from({ length: round + 1 }, (_, at) => `r${at}`);
  const missing = marking.filter((id) => !there.has(id)).map((id) => ({ place: "inbox", token: token(id) }));
  await master.places("n").update({ add: missing, remove: [] });
  expect([...(await master.places("n").ids("inbox"))].sort()).toEqual(marking);
};

test("before, after a kill, after a clean restart and after a freeze", async () => {
  await works(0);
  const back = () =>
    waitUntil("both wires are up", async () => line.connected() && (await master.control.read().catch(() => null)) !== null);
  await system.kill();
  await waitUntil("the executor knows that it is cut off", () => !line.connected());
  await system.start();
  await back();
  await works(1);
  await system.restart();
  await back();
  await works(2);
  await system.freeze();
  await expect(master.control.read()).rejects.toMatchObject({ outlook: "retryable" });
  system.thaw();
  await works(3);
  expect([...new Set(letters)]).toEqual(letters);
  expect(followed).toEqual(["e0", "e1", "e2", "e3"]);
}, 180_000);
