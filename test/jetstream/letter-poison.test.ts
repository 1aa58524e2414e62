/** E6 in a cluster: no header of a letter ruins the letter box, and while its server is away the owner does everything else. */
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Broker, Delivery } from "../../src/contract/broker.ts";
import { streams, subjects } from "../../src/contract/subjects.ts";
import { loginOptions } from "../../src/jetstream/server/login.ts";
import { ServerCluster } from "../support/server-cluster.ts";
import { waitUntil } from "../support/wait-until.ts";

let cluster: ServerCluster;
let broker: Broker;
let outside: NatsConnection;
const taken: string[] = [];
beforeAll(async () => {
  cluster = await ServerCluster.start();
  broker = await cluster.connect();
  outside = await connect({ servers: cluster.urls.split(","), ...loginOptions(cluster.credentials.admin) });
}, 240_000);
afterAll(async () => {
  await outside?.close();
  await cluster?.end();
});

const openBox = () =>
  broker.door.openLetterBox(
    "n",
    ["inbox"],
    () => null,
    ({ letter, payload }: Delivery) => void (letter && taken.push(new TextDecoder().decode(payload))),
  );
/** Asked until there is an answer: a letter that is written twice under one id is one letter. */
const post = async (body: string, marks: Record<string, string> = {}): Promise<string> => {
  const set = headers();
  for (const [name, value] of Object.entries({ "Nats-Msg-Id": body, ...marks })) set.set(name, value);
  let answer = "";
  const asked = async () => {
    answer = await outside.request(subjects.letter("n", "inbox"), body, { headers: set, timeout: 5000 }).then(
      (said) => said.string(),
      () => "",
    );
    return answer !== "";
  };
  await waitUntil(`"${body}" is answered`, asked, 60_000);
  return answer;
};

test("a letter that expects another message id is refused, and the box goes on", { timeout: 240_000 }, async () => {
  const box = await openBox();
  expect(await post("one")).toContain('"seq":1');
  expect(await post("poison", { "Nats-Expected-Last-Msg-Id": "never-seen" })).toContain('"error"');
  expect(await post("two")).toContain('"seq":2');
  await waitUntil("both letters are there", () => taken.length === 2, 60_000);
  expect(taken).toEqual(["one", "two"]);
  await box.stop();
});

test("while the server of the box is away it opens all the same, and what lies there comes when it is back", {
  timeout: 240_000,
}, async () => {
  await broker.declareNet("n");
  taken.length = 0;
  await post("three");
  await waitUntil("the box has a server", async () => (await cluster.leaderOf(streams.letterBox("n"))) !== null, 60_000);
  const at = Number(await cluster.leaderOf(streams.letterBox("n")));
  await cluster.killServer(at);
  const answers = (asked: Promise<unknown>) =>
    asked.then(
      () => true,
      () => false,
    );
  await waitUntil("the others answer", () => answers(broker.nets()), 60_000);
  const box = await openBox();
  expect(taken).toEqual([]);
  await waitUntil("the log can be asked", () => answers(broker.log("n").bounds()), 60_000);
  await cluster.startServer(at);
  await waitUntil("the letters are there", () => taken.length === 3, 120_000);
  expect(taken).toEqual(["one", "two", "three"]);
  await box.stop();
});
