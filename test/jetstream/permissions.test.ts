/** What each user of the broker cannot do, tried over the raw protocol. */
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import { connectBroker } from "../../src/jetstream/connect.ts";
import type { Credentials, Login } from "../../src/jetstream/server/login.ts";
import { event, token } from "../contract/broker-samples.ts";
import type { Cluster } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { marked, rawUser, tried } from "./raw-user.ts";

let system: Cluster;
let master: Broker;
const opened: NatsConnection[] = [];
const open = async (who: keyof Omit<Credentials, "keys" | "executors">) => {
  const nc = await rawUser(system.server().url, system.server().credentials[who] as Login);
  opened.push(nc);
  return nc;
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
  await system?.end();
});

const API = "PETREL.API";

describe.each(["readonly", "people"] as const)("%s", (who) => {
  let reader: NatsConnection;
  beforeAll(async () => {
    reader = await open(who);
  });

  test("reads streams, tokens and the log", async () => {
    expect(await tried(reader, `${API}.STREAM.NAMES`, "{}")).toContain("PLACE_n_inbox");
    expect(await tried(reader, `${API}.STREAM.INFO.PLACE_n_inbox`)).toContain("Place inbox of net n");
    expect(await tried(reader, `${API}.DIRECT.GET.PLACE_n_inbox`, '{"seq":1}')).toContain('"id":"tk"');
    expect(await tried(reader, `${API}.STREAM.MSG.GET.LOG_n`, '{"seq":1}')).toContain('"seq":1');
  });

  test.each(["$JS.API", API])("changes nothing by %s", async (api) => {
    const calls = [
      ...["STREAM.CREATE.MINE", "STREAM.UPDATE.PLACE_n_inbox", "STREAM.DELETE.PLACE_n_inbox", "STREAM.PURGE.PLACE_n_inbox"],
      ...["STREAM.MSG.DELETE.PLACE_n_inbox", "STREAM.SNAPSHOT.LOG_n", "STREAM.RESTORE.LOG_n", "CONSUMER.DURABLE.CREATE.LOG_n.mine"],
      ...["CONSUMER.MSG.NEXT.WORK_code.workers", "CONSUMER.DELETE.WORK_code.workers", "CONSUMER.PAUSE.WORK_code.workers"],
    ];
    for (const call of calls) expect([call, await tried(reader, `${api}.${call}`, "{}")]).toEqual([call, "no"]);
  });

  test.each([
    ...["log.n", "place.n.inbox.forged", "claim.ex-two.n.f.1", "done.ex-two.n.f.1", "command.n.pause", "runtime.kill", "work.code.n.t"],
    ...["event.n.fired.t", "$KV.petrel-control.runtime", "$O.petrel-artifacts.M.x", "lookout.CONSUMER.CREATE.LOG_n.x", "hands.ex.call"],
    ...["$JS.API.CONSUMER.CREATE.LOG_n", "$JS.API.CONSUMER.CREATE.LOG_n.mine", "$JS.API.CONSUMER.CREATE.LOG_n.mine.log.n"],
  ])("cannot publish to %s", async (subject) => {
    expect(await tried(reader, subject, "{}")).toBe("no");
  });

  test("a consumer of the lookout gives what is pulled from it, and nothing else is granted", async () => {
    const create = async (name: string, config: object, stream = "PLACE_n_inbox") =>
      JSON.parse(await tried(reader, `${API}.CONSUMER.CREATE.${stream}.${name}`, JSON.stringify({ stream_name: stream, config })));
    const made = await create("view-1", { durable_name: "view-1", ack_policy: "explicit", inactive_threshold: 3.6e12, max_deliver: 7 });
    expect(made.config).toMatchObject({ name: "view-1", ack_policy: "none", metadata: { petrel: "lookout" } });
    expect([made.config.durable_name, made.config.deliver_subject]).toEqual([undefined, undefined]);
    expect(made.config.inactive_threshold).toBeLessThanOrEqual(60e9);
    expect(await tried(reader, `${API}.CONSUMER.MSG.NEXT.PLACE_n_inbox.view-1`, '{"batch":1,"no_wait":true}')).toContain('"id":"tk"');
    for (const [name, config, stream] of [
      ["push", { deliver_subject: "place.n.inbox" }, undefined],
      ["work", {}, "WORK_code"],
      ["bad name", {}, undefined],
    ] as const)
      expect(await create(name.replace(" ", "%"), config, stream)).toMatchObject({ error: { code: 400 } });
    expect(await tried(reader, `${API}.CONSUMER.DELETE.PLACE_n_inbox.view-1`)).toContain('"success":true');
  });

  test.each(["petrel-access", "petrel-secrets"])("cannot look into the bucket %s, by any call", async (bucket) => {
    const key = bucket === "petrel-access" ? "access" : "secrets";
    await master.keyValue(key).put("canary", { value: "canary-of-a-bucket" });
    const stream = `KV_${bucket}`;
    const config = JSON.stringify({ stream_name: stream, config: { name: "peek", ack_policy: "none", durable_name: "peek" } });
    for (const api of ["$JS.API", API]) {
      const calls: [string, string][] = [
        [`STREAM.MSG.GET.${stream}`, '{"seq":1}'],
        [`STREAM.MSG.GET.${stream}`, `{"last_by_subj":"$KV.${bucket}.canary"}`],
        [`DIRECT.GET.${stream}`, '{"seq":1}'],
        [`DIRECT.GET.${stream}`, `{"multi_last":["$KV.${bucket}.>"]}`],
        [`DIRECT.GET.${stream}.$KV.${bucket}.canary`, ""],
        [`CONSUMER.CREATE.${stream}`, config],
        [`CONSUMER.CREATE.${stream}.peek`, config],
        [`CONSUMER.CREATE.${stream}.peek.$KV.${bucket}.canary`, config],
        [`CONSUMER.DURABLE.CREATE.${stream}.peek`, config],
        [`CONSUMER.MSG.NEXT.${stream}.peek`, '{"batch":1,"no_wait":true}'],
        [`STREAM.CREATE.COPY`, JSON.stringify({ name: "COPY", sources: [{ name: stream }] })],
      ];
      for (const [call, body] of calls) {
        const said = await tried(reader, `${api}.${call}`, body);
        expect(said, `${api}.${call}`).not.toContain("canary");
        expect(said, `${api}.${call}`).not.toContain(
          Buffer.from(JSON.stringify({ value: "canary-of-a-bucket" }))
            .toString("base64")
            .slice(0, 20),
        );
        // Denied by the server, or by who makes consumers for readers.
        if (said !== "no") expect(JSON.parse(said), `${api}.${call}`).toMatchObject({ error: { code: 400 } });
      }
    }
    const heard: string[] = [];
    reader.subscribe(`$KV.${bucket}.>`, { callback: (_error, msg) => void heard.push(msg?.subject ?? "") });
    await master.keyValue(key).put("canary-two", { value: "again" });
    await tried(reader, `${API}.STREAM.NAMES`, "{}");
    expect(heard.filter((subject) => subject !== "")).toEqual([]);
    // The other buckets are open to eyes: it is these two that are kept.
    await master.keyValue("limits").put("model", { open: "yes" });
    expect(await tried(reader, `${API}.STREAM.MSG.GET.KV_petrel-limits`, '{"last_by_subj":"$KV.petrel-limits.model"}')).toContain('"seq"');
  });

  test("cannot delete a consumer that is not a reader's", async () => {
    const admin = await open("admin");
    const own = JSON.stringify({ stream_name: "LOG_n", config: { name: "mine", ack_policy: "none", mem_storage: true } });
    await admin.request("$JS.API.CONSUMER.CREATE.LOG_n.mine", own, { timeout: 60_000 });
    expect(await tried(reader, `${API}.CONSUMER.DELETE.LOG_n.mine`)).toContain("not a reader's");
  });
});

test("a reader cannot steer an answer into the doors of a net, not by a reply subject and not by a header", async () => {
  const reader = await open("readonly");
  const ear = await open("admin");
  const heard: string[] = [];
  ear.subscribe(">", { callback: (_error, msg) => void heard.push(msg.subject) });
  await ear.flush();
  const create = JSON.stringify({ stream_name: "LOG_n", config: { name: "steered" } });
  const asked = [
    ...[
      ["STREAM.INFO.PLACE_n_inbox", ""],
      ["DIRECT.GET.PLACE_n_inbox", '{"seq":1}'],
      ["STREAM.MSG.GET.LOG_n", '{"seq":1}'],
      ["STREAM.NAMES", "{}"],
    ],
    ...[
      ["CONSUMER.CREATE.LOG_n.steered", create],
      ["CONSUMER.MSG.NEXT.LOG_n.steered", '{"batch":1,"no_wait":true}'],
    ],
  ] as [string, string][];
  const targets = ["place.n.inbox", "put.n.inbox", "place.n.inbox.forged", "log.n", "command.n.pause", "event.n.fired.t"];
  for (const [call, body] of asked)
    for (const reply of targets) reader.publish(`${API}.${call}`, body, { reply, headers: marked({ "Nats-Trace-Dest": reply }) });
  await reader.flush();
  expect(await tried(reader, `${API}.STREAM.INFO.PLACE_n_inbox`)).toContain('"messages":1');
  await ear.flush();
  expect(heard.filter((subject) => targets.includes(subject))).toEqual([]);
  expect(await master.log("n").read(0, () => undefined)).toBe(1);
});

test("readers hear live events and letters of nobody else's making", async () => {
  const reader = await open("readonly");
  const heard: string[] = [];
  for (const subject of ["event.>", "place.*.*.*"]) reader.subscribe(subject, { callback: (_error, msg) => void heard.push(msg.subject) });
  await reader.flush();
  await waitUntil("an event is heard", () => {
    master.live.publish(event("n", 7));
    return heard.some((subject) => subject.startsWith("event.n."));
  });
});

test("the command line reads, puts and asks, and writes no stream by itself", async () => {
  const commands = await open("commands");
  expect(await tried(commands, "put.n.inbox", "{}")).toContain('"ok":true');
  expect(await tried(commands, "$JS.API.STREAM.MSG.GET.LOG_n", '{"seq":1}')).toContain('"seq":1');
  for (const subject of [
    "log.n",
    "place.n.inbox.forged",
    "$KV.petrel-control.runtime",
    "$JS.API.STREAM.DELETE.LOG_n",
    "claim.ex.n.f.1",
    "work.code.n.t",
  ])
    expect([subject, await tried(commands, subject, "{}")]).toEqual([subject, "no"]);
});

test("a master does not speak as an executor, and changes no accounts", async () => {
  const nc = await open("master");
  for (const subject of ["claim.ex.n.f.1", "done.ex.n.f.1", "heartbeat.ex", "$SYS.REQ.CLAIMS.UPDATE"])
    expect([subject, await tried(nc, subject, "{}")]).toEqual([subject, "no"]);
});

test("a client that may not write the log is told so, not left waiting", async () => {
  const { readonly } = system.server().credentials;
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
  const people = await open("people");
  const answer = await people.request("put.n.inbox", '{"title":"x"}', { timeout: 60_000, headers: marked({ "Petrel-Token": "k" }) });
  expect(answer.json()).toEqual({ ok: true, id: "tk2", seq: 2, place: "inbox" });
  expect((await people.request("place.n.inbox", '{"title":"x"}', { timeout: 60_000 })).json()).toMatchObject({ stream: "IN_n" });
});
