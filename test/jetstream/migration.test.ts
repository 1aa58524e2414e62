/** State folders of before had a list of passwords and one account for all. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connectBroker, connectExecutorLine } from "../../src/jetstream/connect.ts";
import { passwordCredentials } from "../../src/jetstream/server/credentials.ts";
import { addExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import type { Credentials } from "../../src/jetstream/server/login.ts";
import type { ManagedServer } from "../../src/jetstream/server/managed.ts";
import { event, token } from "../contract/broker-samples.ts";
import { freePort } from "../support/free-port.ts";
import { startTestServer, type TestServer, testFolder, testIds, wallClock } from "../support/nats-server.ts";

let server: TestServer | null = null;
afterEach(async () => {
  await server?.remove();
  server = null;
});

const connected = (to: ManagedServer) =>
  connectBroker({ url: to.url, ...to.credentials.master, clock: wallClock, ids: testIds(), name: "migration" });

/** A folder as it was, with a log, a token and an executor; its server runs. */
async function former(): Promise<{ dir: string; server: TestServer; users: Credentials }> {
  const dir = testFolder("former");
  const users = passwordCredentials();
  users.executors.local = { user: "executor-local", password: "secret", pools: null };
  writeFileSync(join(dir, "credentials.json"), JSON.stringify(users));
  const started = await startTestServer({ dir, users, port: await freePort() });
  const broker = await connected(started);
  await broker.declareNet("n");
  await broker.log("n").append(0, { id: "e", epoch: 1, events: [event("n", 1)] });
  await broker.places("n").declare([{ net: "n", place: "inbox", title: "", capacity: null, open: true }]);
  await broker.places("n").update({ add: [{ place: "inbox", token: token("tk") }], remove: [] });
  await broker.close();
  return { dir, server: started, users };
}

test.each(["stopped", "left running by a killed program"])("keep their streams, port and executors; the server was %s", async (how) => {
  const old = await former();
  if (how === "stopped") await old.server.stop();
  server = await startTestServer({ dir: old.dir });
  expect(server.url).toBe(old.server.url);
  const broker = await connected(server);
  const entries: string[] = [];
  await broker.log("n").read(0, ({ id }) => entries.push(id));
  expect(entries).toEqual(["e"]);
  expect(await broker.log("n").append(1, { id: "f", epoch: 1, events: [event("n", 2)] })).toMatchObject({ kind: "committed", sequence: 2 });
  expect(await broker.places("n").ids("inbox")).toEqual(new Set(["tk"]));
  await broker.close();
  expect(Object.keys(server.credentials.executors)).toEqual(["local"]);
  const login = await addExecutorUser(old.dir, "local", { clock: wallClock });
  const line = await connectExecutorLine({ url: server.url, ...login, name: "local", clock: wallClock });
  expect(line.connected()).toBe(true);
  await line.close();
  // Nothing of before is lost, and nobody of before gets in.
  expect(JSON.parse(readFileSync(join(old.dir, "credentials.former.json"), "utf8"))).toEqual(old.users);
  await expect(connectBroker({ url: server.url, ...old.users.admin, clock: wallClock, ids: testIds(), name: "old" })).rejects.toMatchObject(
    {
      code: "broker-refused-user",
    },
  );
  await server.stop();
  server = await startTestServer({ dir: old.dir });
  const again = await connected(server);
  expect(await again.log("n").read(0, () => undefined)).toBe(2);
  await again.close();
});

test("a start that was cut off between its steps goes on", async () => {
  const old = await former();
  await old.server.stop();
  const { leavePasswords } = await import("../../src/jetstream/server/migration.ts");
  await leavePasswords(old.dir);
  expect(existsSync(join(old.dir, "store", "jetstream", "$G"))).toBe(true);
  server = await startTestServer({ dir: old.dir });
  const broker = await connected(server);
  expect(await broker.log("n").read(0, () => undefined)).toBe(1);
  await broker.close();
});

test("servers of somebody else that have the list of passwords still serve masters and executors", async () => {
  const old = await former();
  server = old.server;
  const { master, executors } = old.users;
  const broker = await connectBroker({ url: server.url, ...master, clock: wallClock, ids: testIds(), name: "m" });
  const line = await connectExecutorLine({ url: server.url, ...(executors.local ?? master), name: "local", clock: wallClock });
  await broker.work.offer(
    { order: new Uint8Array([1]), signature: new Uint8Array([2]) },
    { pool: "code", net: "n", transition: "t", id: "f.1" },
  );
  for await (const { order } of line.pull("code", AbortSignal.timeout(60_000))) {
    expect([...order]).toEqual([1]);
    break;
  }
  await line.close();
  await broker.close();
});
