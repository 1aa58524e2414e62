/** What each user of the broker cannot do, tried over the raw protocol. */
import type { NatsConnection } from "@nats-io/transport-node";
import { connect, headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import type { WorkResult } from "../../src/contract/envelope.ts";
import { packEnvelope } from "../../src/jetstream/envelope-bytes.ts";
import { addExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import { event, token } from "../contract/broker-samples.ts";
import type { Cluster } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { waitUntil, wallClock } from "../support/nats-server.ts";

let system: Cluster;
let master: Broker;
const opened: NatsConnection[] = [];
const open = async (user: string, password: string, inboxPrefix?: string) => {
  const nc = await connect({ servers: system.server().url, user, pass: password, ...(inboxPrefix ? { inboxPrefix } : {}) });
  opened.push(nc);
  return nc;
};
/** "no" when the broker forbids it, else what came back. */
const tried = async (nc: NatsConnection, subject: string, body = "") => {
  try {
    return (await nc.request(subject, body, { timeout: 2000 })).string();
  } catch (error) {
    return String(error).includes("Permissions Violation") || String(error).includes("permission") ? "no" : String(error);
  }
};

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
  await master.door.servePut("n", async (delivery) => ({ ok: true, id: "tk2", seq: 2, place: delivery.place }));
  await master.work.offer(
    { order: new Uint8Array([1]), signature: new Uint8Array([2]) },
    { pool: "code", net: "n", transition: "t", id: "f.1" },
  );
  await master.work.offer(
    { order: new Uint8Array([1]), signature: new Uint8Array([2]) },
    { pool: "secret", net: "n", transition: "t", id: "g.1" },
  );
});
afterAll(async () => {
  for (const nc of opened) await nc.close();
  await system.end();
});

describe("an executor", () => {
  let executor: NatsConnection;
  beforeAll(async () => {
    const user = await addExecutorUser(system.dir, "ex-one", { clock: wallClock, pools: ["code"] });
    executor = await open(user.user, user.password, "_INBOX_ex-one");
  });

  test.each([
    ["put a token", "put.n.inbox"],
    ["post a letter", "place.n.inbox"],
    ["write the log", "log.n"],
    ["claim in another's name", "claim.ex-two.n.f.1"],
    ["read a place", "$JS.API.DIRECT.GET.PLACE_n_inbox"],
    ["read a place from the leader", "$JS.API.STREAM.MSG.GET.PLACE_n_inbox"],
    ["look at a stream", "$JS.API.STREAM.INFO.LOG_n"],
    ["delete a stream", "$JS.API.STREAM.DELETE.LOG_n"],
    ["purge a stream", "$JS.API.STREAM.PURGE.LOG_n"],
    ["make a consumer", "$JS.API.CONSUMER.CREATE.LOG_n"],
    ["command an owner", "command.n.pause"],
    ["command the runtime", "runtime.kill"],
    ["publish another's result", "done.ex-two.n.f.1"],
    ["beat another's heart", "heartbeat.ex-two"],
    ["talk to another's hands", "hands.ex-two.call"],
    ["pull from a pool that is not its own", "$JS.API.CONSUMER.MSG.NEXT.WORK_secret.workers"],
  ])("cannot %s", async (_what, subject) => {
    expect(await tried(executor, subject, "{}")).toBe("no");
  });

  test.each(["place.>", "log.>", "event.>", "hands.ex-two.*", "_INBOX.>", "done.>"])("cannot listen to %s", async (subject) => {
    const refused = new Promise<string>((resolve) => {
      executor.subscribe(subject, { callback: (error) => (error ? resolve("no") : undefined) });
    });
    expect(await refused).toBe("no");
  });

  test("cannot speak for another in its own subject: such a result is not heard", async () => {
    const heard: WorkResult[] = [];
    const serving = await master.work.takeResults("n", async (each) => void heard.push(each));
    const result = (name: string, firing: string) =>
      packEnvelope({
        v: 1,
        net: "n",
        transition: "t",
        firing,
        attempt: 1,
        executor: name,
        outcome: { ok: true, value: 1 },
        startedAt: "",
        durationMs: 1,
      });
    await executor.request("done.ex-one.n.f.1", result("ex-two", "f"), { timeout: 2000 });
    await executor.request("done.ex-one.n.f.2", "rubbish", { timeout: 2000 });
    await executor.request("done.ex-one.n.g.1", result("ex-one", "g"), { timeout: 2000 });
    await waitUntil("its own result is heard", () => heard.length > 0);
    await serving.stop();
    expect(heard.map((each) => each.firing)).toEqual(["g"]);
  });

  test("cannot steer a stream's acknowledgement into a command or a put, and into the log only as a void entry", async () => {
    const commands: string[] = [];
    const serving = await master.commands.serve("n", async (verb) => {
      commands.push(verb);
      return { ok: true };
    });
    executor.publish("done.ex-one.n.steer.1", "x", { reply: "command.n.pause" });
    executor.publish("done.ex-one.n.steer.2", "x", { reply: "log.n" });
    await executor.flush();
    const seen: string[] = [];
    await waitUntil("the foreign message is in the log", async () => (await master.log("n").read(0, () => undefined)) === 2);
    await master.log("n").read(0, (entry) => seen.push(entry.id));
    expect(seen).toEqual(["e"]);
    await master.commands.ask("n", "resume", {});
    expect(commands).toEqual(["resume"]);
    await serving.stop();
  });

  test("a new executor is let in without a restart, and those who are there stay", async () => {
    const { pid } = system.server();
    const user = await addExecutorUser(system.dir, "ex-three", { clock: wallClock });
    await (await open(user.user, user.password, "_INBOX_ex-three")).flush();
    await executor.flush();
    expect(system.server().pid).toBe(pid);
    expect(await addExecutorUser(system.dir, "ex-three", { clock: wallClock })).toEqual(user);
    await expect(addExecutorUser(system.dir, "Bad.Name", { clock: wallClock })).rejects.toMatchObject({ code: "bad-name" });
  });
});

describe("the read-only user", () => {
  let reader: NatsConnection;
  beforeAll(async () => {
    const { user, password } = system.server().credentials.readonly;
    reader = await open(user, password);
  });

  test("reads streams, tokens and the log", async () => {
    expect(await tried(reader, "$JS.API.STREAM.NAMES", "{}")).toContain("PLACE_n_inbox");
    expect(await tried(reader, "$JS.API.STREAM.INFO.PLACE_n_inbox")).toContain("Place inbox of net n");
    expect(await tried(reader, "$JS.API.DIRECT.GET.PLACE_n_inbox", '{"seq":1}')).toContain('"id":"tk"');
    expect(await tried(reader, "$JS.API.STREAM.MSG.GET.LOG_n", '{"seq":1}')).toContain('"seq":1');
  });

  test.each([
    ["put", "put.n.inbox"],
    ["post a letter", "place.n.inbox"],
    ["write the log", "log.n"],
    ["claim in another's name", "claim.ex-two.n.f.1"],
    ["command", "command.n.pause"],
    ["purge", "$JS.API.STREAM.PURGE.PLACE_n_inbox"],
    ["delete a message", "$JS.API.STREAM.MSG.DELETE.PLACE_n_inbox"],
    ["delete a stream", "$JS.API.STREAM.DELETE.PLACE_n_inbox"],
    ["change a stream", "$JS.API.STREAM.UPDATE.PLACE_n_inbox"],
    ["delete a consumer", "$JS.API.CONSUMER.DELETE.WORK_code.workers"],
    ["change the workers' consumer", "$JS.API.CONSUMER.CREATE.WORK_code.workers"],
    ["take an offer", "$JS.API.CONSUMER.MSG.NEXT.WORK_code.workers"],
    ["change control", "$KV.petrel-control.runtime"],
    ["make a consumer, which could deliver anywhere", "$JS.API.CONSUMER.CREATE.LOG_n"],
    ["make a named consumer", "$JS.API.CONSUMER.CREATE.LOG_n.mine"],
    ["make a filtered consumer", "$JS.API.CONSUMER.CREATE.LOG_n.mine.log.n"],
    ["make a consumer in the old way", "$JS.API.CONSUMER.DURABLE.CREATE.LOG_n.mine"],
    ["pull", "$JS.API.CONSUMER.MSG.NEXT.LOG_n.mine"],
    ["have a stream snapshot delivered", "$JS.API.STREAM.SNAPSHOT.LOG_n"],
  ])("cannot %s", async (_what, subject) => {
    expect(await tried(reader, subject, "{}")).toBe("no");
  });
});

test("a client that may not write the log is told so, not left waiting", async () => {
  const { readonly } = system.server().credentials;
  const { connectBroker } = await import("../../src/jetstream/connect.ts");
  const reader = await connectBroker({ url: system.server().url, ...readonly, clock: wallClock, ids: { next: () => "r" }, name: "reader" });
  const tail = await reader.log("n").read(0, () => undefined);
  expect(await reader.log("n").append(tail, { id: "x", epoch: 1, events: [event("n", 2)] })).toMatchObject({
    kind: "rejected",
    error: { code: "broker-permission" },
  });
  expect(await reader.places("n").ids("inbox")).toEqual(new Set(["tk"]));
  await reader.close();
});

test("the person's way in: put and letters by the raw protocol", async () => {
  const { user, password } = system.server().credentials.admin;
  const admin = await open(user, password);
  const marks = headers();
  marks.set("Petrel-Token", "k");
  const answer = await admin.request("put.n.inbox", '{"title":"x"}', { timeout: 2000, headers: marks });
  expect(answer.json()).toEqual({ ok: true, id: "tk2", seq: 2, place: "inbox" });
  expect((await admin.request("place.n.inbox", '{"title":"x"}', { timeout: 2000 })).json()).toMatchObject({ stream: "IN_n" });
});
