/** The ninth connection of an executor: the server says why and hangs up, and so does Petrel. */
import { readFileSync } from "node:fs";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterEach, describe, expect, it } from "vitest";
import { connectExecutorLine } from "../../src/jetstream/connect.ts";
import { refusalOf } from "../../src/jetstream/refusal.ts";
import { addExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import { type ManagedServer, startManagedServer } from "../../src/jetstream/server/managed.ts";
import { serverBinary, testFolder, waitUntil, wallClock } from "../support/nats-server.ts";
import { testCertificates } from "../support/test-certificates.ts";
import { rawUser } from "./raw-user.ts";

const MOST = 8;
const opened: { close(): Promise<void> }[] = [];
let server: ManagedServer | null = null;
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await server?.stop();
  server = null;
});

describe("the ninth connection of an executor", () => {
  it("is told that as many as its credentials allow are there, and comes in when one has gone", async () => {
    const dir = testFolder("ninth");
    server = await startManagedServer({ binary: await serverBinary(), dir, durability: "os", clock: wallClock });
    const { url } = server;
    const user = await addExecutorUser(dir, "builder", { clock: wallClock });
    const first: NatsConnection[] = [];
    for (let n = 0; n < MOST; n++) first.push(await rawUser(url, user, "_INBOX_builder"));
    opened.push(...first);
    expect(await refusalOf({ url, ...user }), "the fault is there").toMatch(/maximum account active connections exceeded/);
    const join = () => connectExecutorLine({ url, ...user, name: "builder", clock: wallClock, connectMs: 1000 });
    await expect(join()).rejects.toMatchObject({
      ...{ code: "too-many-connections", outlook: "retryable" },
      message: expect.stringContaining(url),
      hint: expect.stringContaining("petrel executor enroll"),
    });
    const other = await addExecutorUser(dir, "other", { clock: wallClock });
    expect(await refusalOf({ url, ...other }), "another is let in").toBeNull();
    expect(await refusalOf({ url, ...server.credentials.master }), "a master is, too").toBeNull();
    await first[0]?.close();
    await waitUntil("there is room for it", async () => (await refusalOf({ url, ...user })) === null);
    opened.push(await join());
  }, 60_000);

  it("hears it over TLS too", async ({ skip }) => {
    const dir = testFolder("ninth-tls");
    const certificates = testCertificates(dir, "IP:127.0.0.1");
    if (!certificates) return skip("there is no openssl");
    const listening = { host: "127.0.0.1", tls: { cert: certificates.cert, key: certificates.key } };
    server = await startManagedServer({ binary: await serverBinary(), dir, durability: "os", clock: wallClock, listening });
    const { url } = server;
    expect(url).toMatch(/^tls:/);
    const ca = readFileSync(certificates.ca, "utf8");
    const user = await addExecutorUser(dir, "builder", { clock: wallClock, servers: url, ca });
    expect(await refusalOf({ url, ...user, ca }), "the first is let in").toBeNull();
    const line = () => connectExecutorLine({ url, ...user, ca, name: "builder", clock: wallClock });
    for (let n = 0; n < MOST; n++) opened.push(await line());
    expect(await refusalOf({ url, ...user, ca })).toMatch(/maximum account active connections exceeded/);
  }, 60_000);

  it("nobody there says nothing", async () => {
    expect(await refusalOf({ url: "nats://127.0.0.1:1", user: "a", password: "b" })).toBeNull();
  });
});
