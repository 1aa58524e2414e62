/** Everything but its own doings, tried with an executor's credentials over the raw protocol, and counted. */
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import type { WorkResult } from "../../src/contract/envelope.ts";
import { packEnvelope } from "../../src/jetstream/envelope-bytes.ts";
import { addExecutorUser, removeExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import { event, token } from "../contract/broker-samples.ts";
import type { Cluster } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { listening, marked, rawUser, tried } from "./raw-user.ts";

let system: Cluster;
let master: Broker;
let executor: NatsConnection;
let other: NatsConnection;
/** Hears whatever is published in the application's account, the broker's own answers included. */
let ear: NatsConnection;
const heard: string[] = [];
const opened: NatsConnection[] = [];
let refusals = 0;

const enrolled = async (name: string) => {
  const user = await addExecutorUser(system.dir, name, { clock: wallClock, pools: ["code"] });
  const nc = await rawUser(system.server().url, user, `_INBOX_${name}`);
  opened.push(nc);
  return nc;
};
const offer = (pool: string, id: string) =>
  master.work.offer({ order: new Uint8Array([1]), signature: new Uint8Array([2]) }, { pool, net: "n", transition: "t", id });
const result = (name: string, firing: string) =>
  packEnvelope({
    ...{ v: 1, net: "n", transition: "t", firing, attempt: 1, executor: name },
    ...{ outcome: { ok: true, value: 1 }, startedAt: "", durationMs: 1 },
  });

beforeAll(async () => {
  system = await startCluster({ durability: "os" });
  master = await system.connect();
  await master.declareNet("n");
  await master.log("n").append(0, { id: "e", epoch: 1, events: [event("n", 1)] });
  await master.places("n").declare([{ net: "n", place: "inbox", title: "", capacity: null, open: true }]);
  await master.places("n").update({ add: [{ place: "inbox", token: token("tk") }], remove: [] });
  await master.door.openLetterBox(
    "n",
    ["inbox"],
    () => null,
    () => undefined,
  );
  await master.door.servePut("n", async ({ place }) => ({ ok: true, id: "tk2", seq: 2, place }));
  await master.commands.serve("n", async () => ({ ok: true }));
  await master.work.serveClaims("n", async () => ({ ok: false, code: "unknown", message: "" }));
  await master.artifacts.put(Buffer.from("a diff"), "text/plain");
  await master.netVersions.put("n", "0".repeat(64), { net: "n" });
  for (const id of ["f.1", "f.2", "f.3", "f.4", "f.5", "f.6", "f.7"]) await offer("code", id);
  await offer("secret", "g.1");
  executor = await enrolled("ex-one");
  other = await enrolled("ex-two");
  ear = await rawUser(system.server().url, system.server().credentials.admin);
  opened.push(ear);
  ear.subscribe(">", { callback: (_error, msg) => void heard.push(msg.subject) });
  await ear.flush();
}, 180_000);
afterAll(async () => {
  for (const nc of opened) await nc.close();
  await system?.end();
});

const FORBIDDEN: [what: string, subject: string][] = [
  ["put a token", "put.n.inbox"],
  ["post a letter", "place.n.inbox"],
  ["write a place", "place.n.inbox.forged"],
  ["write the log", "log.n"],
  ["write the live events", "event.n.fired.t"],
  ["offer work", "work.code.n.t"],
  ["claim in another's name", "claim.ex-two.n.f.1"],
  ["publish another's result", "done.ex-two.n.f.1"],
  ["beat another's heart", "heartbeat.ex-two"],
  ["print in another's name", "output.ex-two.n.f.1"],
  ["tell people itself what it prints", "printing.n.t.f"],
  ["say what a model says", "saying.n.t.f"],
  ["talk to another's hands", "hands.ex-two.call"],
  ["hand in another's artefact", "artifact.put.ex-two"],
  ["read another's artefact", "artifact.get.ex-two"],
  ["command an owner", "command.n.pause"],
  ["command the runtime", "runtime.kill"],
  ["speak to a master", "master.m.status"],
  ["hand over a token", "handover.n"],
  ["switch the control record", "$KV.petrel-control.runtime"],
  ["write a definition", "$KV.petrel-nets.n"],
  ["write an object", "$O.petrel-artifacts.M.x"],
  ["pull from a pool that is not its own", "pull.WORK_secret"],
  ["pull past what it imports", "$JS.API.CONSUMER.MSG.NEXT.WORK_code.workers"],
  ["acknowledge another pool's offers", "$JS.ACK.WORK_secret.workers.1.1.1.1.0"],
  ["push claims of accounts", "$SYS.REQ.CLAIMS.UPDATE"],
  ["ask the servers", "$SYS.REQ.SERVER.PING"],
  ...["$JS.API", "PETREL.API", "lookout"].flatMap((api): [string, string][] => [
    [`read a place by ${api}`, `${api}.DIRECT.GET.PLACE_n_inbox`],
    [`read a place from the leader by ${api}`, `${api}.STREAM.MSG.GET.PLACE_n_inbox`],
    [`read an artefact by ${api}`, `${api}.DIRECT.GET.OBJ_petrel-artifacts`],
    [`read a definition by ${api}`, `${api}.STREAM.MSG.GET.KV_petrel-nets`],
    [`look at a stream by ${api}`, `${api}.STREAM.INFO.LOG_n`],
    [`list streams by ${api}`, `${api}.STREAM.NAMES`],
    [`make a stream by ${api}`, `${api}.STREAM.CREATE.MINE`],
    [`change a stream by ${api}`, `${api}.STREAM.UPDATE.DONE_n`],
    [`delete a stream by ${api}`, `${api}.STREAM.DELETE.LOG_n`],
    [`purge a stream by ${api}`, `${api}.STREAM.PURGE.LOG_n`],
    [`delete a message by ${api}`, `${api}.STREAM.MSG.DELETE.DONE_n`],
    [`copy a stream by ${api}`, `${api}.STREAM.SNAPSHOT.LOG_n`],
    [`make a consumer by ${api}`, `${api}.CONSUMER.CREATE.LOG_n.mine`],
    [`delete the workers' consumer by ${api}`, `${api}.CONSUMER.DELETE.WORK_code.workers`],
  ]),
];

test(`cannot do any of ${FORBIDDEN.length} other things`, async () => {
  const answers = await Promise.all(FORBIDDEN.map(async ([what, subject]) => [what, await tried(executor, subject, "{}")]));
  expect(answers.filter(([, answer]) => answer !== "no")).toEqual([]);
  refusals += answers.length;
});

test("cannot listen to anything but its own inbox and requests", async () => {
  const subjects = [
    "place.>",
    "log.>",
    "event.>",
    "hands.>",
    "hands.ex-two.*",
    "_INBOX.>",
    "_INBOX_ex-two.>",
    "done.>",
    "output.>",
    "printing.>",
    "saying.>",
    "claim.>",
    "work.>",
    "$KV.>",
    ">",
  ];
  const answers = await Promise.all(subjects.map(async (subject) => [subject, await listening(executor, subject)]));
  expect(answers.filter(([, answer]) => answer !== "no")).toEqual([]);
  refusals += answers.length;
});

test("cannot steer any answer out of its account, nor to another executor", async () => {
  const targets = [
    "put.n.inbox",
    "place.n.inbox",
    "place.n.inbox.forged",
    "log.n",
    "command.n.pause",
    "done.ex-two.n.f.1",
    "hands.ex-two.call",
  ];
  const strays: string[] = [];
  other.subscribe("hands.ex-two.*", { callback: (_error, msg) => void strays.push(msg.subject) });
  await other.flush();
  heard.length = 0;
  for (const reply of targets) {
    executor.publish("pull.WORK_code", JSON.stringify({ batch: 1, no_wait: true }), { reply });
    executor.publish("done.ex-one.n.steer.1", "x", { reply });
    executor.publish("claim.ex-one.n.f.1", packEnvelope({ verb: "claim", executor: "ex-one" }), { reply });
    executor.publish("heartbeat.ex-one", "{}", { reply });
    executor.publish("output.ex-one.n.f.1", "{}", { reply });
    executor.publish("$JS.ACK.WORK_code.workers.1.1.1.1.0", "+NXT", { reply });
  }
  await executor.flush();
  // What it may say is heard after all that it tried.
  await executor.request("done.ex-one.n.last.1", "x", { timeout: 60_000 });
  await waitUntil("its last word is heard", () => heard.includes("done.ex-one.n.last.1"));
  await ear.flush();
  await other.flush();
  expect(heard.filter((subject) => targets.includes(subject))).toEqual([]);
  expect(strays).toEqual([]);
  expect(await master.log("n").read(0, () => undefined)).toBe(1);
  expect(await master.places("n").ids("inbox")).toEqual(new Set(["tk"]));
  refusals += targets.length * 6;
});

test("no header does more than store a result", async () => {
  const tricks: Record<string, string>[] = [
    { "Nats-Schedule": "@at 2020-01-01T00:00:00Z", "Nats-Schedule-Target": "place.n.inbox" },
    { "Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "command.n.pause" },
    { "Nats-Scheduler": "done.ex-two.n.f.1", "Nats-Schedule-Next": "purge" },
    { "Nats-Rollup": "all" },
    { "Nats-Rollup": "sub" },
    { "Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1" },
    { "Nats-Expected-Last-Msg-Id": "never-seen" },
    { "Nats-Expected-Last-Sequence": "4000000000" },
    { "Nats-Expected-Last-Subject-Sequence": "17", "Nats-Expected-Last-Subject-Sequence-Subject": "done.ex-two.n.f.1" },
    { "Nats-Expected-Stream": "LOG_n" },
    { "Nats-TTL": "1s" },
    { "Nats-Incr": "+1" },
  ];
  const taken: string[] = [];
  for (const marks of tricks) {
    const answer = await tried(executor, "done.ex-one.n.trick.1", "x", marked(marks));
    if (!/"error"/.test(answer)) taken.push(`${JSON.stringify(marks)}: ${answer}`);
    else refusals += 1;
  }
  // A batch of one and a cancelled schedule are stored as the plain messages that they are there.
  expect(taken.filter((each) => !/Nats-Scheduler|Nats-Batch-Id/.test(each))).toEqual([]);
  heard.length = 0;
  executor.publish("done.ex-one.n.traced.1", "x", { headers: marked({ "Nats-Trace-Dest": "place.n.inbox" }) });
  executor.publish("done.ex-one.n.traced.2", "x", { headers: marked({ "Nats-Trace-Dest": "command.n.pause", "Nats-Trace-Only": "true" }) });
  await executor.flush();
  await executor.request("done.ex-one.n.after.1", "x", { timeout: 60_000 });
  await waitUntil("its last word is heard", () => heard.includes("done.ex-one.n.after.1"));
  expect(heard.filter((subject) => /^(place|command)\./.test(subject))).toEqual([]);
  refusals += 2;
  expect(await master.log("n").read(0, () => undefined)).toBe(1);
});

test("cannot speak for another in its own subject: such a result is not heard", async () => {
  const results: WorkResult[] = [];
  const serving = await master.work.takeResults("n", async (each) => void results.push(each));
  await executor.request("done.ex-one.n.f.1", result("ex-two", "f"), { timeout: 60_000 });
  await executor.request("done.ex-one.n.f.2", "rubbish", { timeout: 60_000 });
  await executor.request("done.ex-one.n.g.1", result("ex-one", "g"), { timeout: 60_000 });
  await waitUntil("its own result is heard", () => results.length > 0);
  await serving.stop();
  expect(results.map((each) => each.firing)).toEqual(["g"]);
  refusals += 2;
});

test("what it prints goes to the masters under its name, and to nobody else", async () => {
  const printed: unknown[] = [];
  const serving = master.work.onPrinted((name, about, piece) => void printed.push([name, about, piece]));
  const strays: string[] = [];
  other.subscribe(">", { callback: (_error, msg) => void strays.push(msg?.subject ?? "") });
  await other.flush().catch(() => undefined);
  const piece = { command: 1, from: "stdout", at: 0, end: 2, text: "hi" };
  await waitUntil("the master hears it", () => {
    executor.publish("output.ex-one.n.f.1", "rubbish");
    executor.publish("output.ex-one.n.f.1", packEnvelope({ ...piece, executor: "ex-two", net: "other" }));
    return printed.length > 0;
  });
  await serving.stop();
  expect(printed[0]).toEqual(["ex-one", { net: "n", firing: "f", attempt: 1 }, piece]);
  expect(strays.filter((subject) => subject !== "")).toEqual([]);
});

test("a new executor is let in without a restart, those who are there stay, and a wrong name is an error", async () => {
  const { pid } = system.server();
  await (await enrolled("ex-three")).flush();
  await executor.flush();
  expect(system.server().pid).toBe(pid);
  const what = { clock: wallClock, pools: ["code"] };
  expect(await addExecutorUser(system.dir, "ex-three", what)).toEqual(await addExecutorUser(system.dir, "ex-three", what));
  await expect(addExecutorUser(system.dir, "Bad.Name", { clock: wallClock })).rejects.toMatchObject({ code: "bad-name" });
});

test("one that is revoked is cut off and let in no more; enrolled anew it has other keys", async () => {
  const before = await addExecutorUser(system.dir, "ex-gone", { clock: wallClock });
  const line = await system.connectExecutor("ex-gone");
  const neighbour = await system.connectExecutor("ex-stays");
  await removeExecutorUser(system.dir, "ex-gone", { clock: wallClock });
  await waitUntil("the connection is closed by the server", () => !line.connected());
  await expect(rawUser(system.server().url, before)).rejects.toThrow(/authoriz/i);
  expect(neighbour.connected()).toBe(true);
  await system.restart();
  await expect(rawUser(system.server().url, before)).rejects.toThrow(/authoriz/i);
  await expect(addExecutorUser(system.dir, "ex-gone", { clock: wallClock })).rejects.toMatchObject({ code: "executor-revoked" });
  const after = await addExecutorUser(system.dir, "ex-gone", { clock: wallClock, anew: true });
  expect(after.password).not.toBe(before.password);
  await (await rawUser(system.server().url, after)).close();
  await expect(removeExecutorUser(system.dir, "nobody", { clock: wallClock })).rejects.toMatchObject({ code: "unknown-executor" });
  refusals += 2;
});

test("so many attempts were refused", () => {
  process.stderr.write(`with an executor's credentials ${refusals} attempts were refused\n`);
  expect(refusals).toBeGreaterThanOrEqual(125);
});
