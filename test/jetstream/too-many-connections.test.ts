/** The ninth connection of an executor: the server says why and hangs up, and so does Petrel. */
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterEach, describe, expect, it } from "vitest";
import { connectExecutorLine } from "../../src/jetstream/connect.ts";
import { refusalOf } from "../../src/jetstream/refusal.ts";
import { addExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import { type ManagedServer, startManagedServer } from "../../src/jetstream/server/managed.ts";
import { serverBinary, testFolder, wallClock } from "../support/nats-server.ts";
import { testCertificates } from "../support/test-certificates.ts";
import { waitUntil } from "../support/wait-until.ts";
import { rawUser } from "./raw-user.ts";

const MOST = 8;
const LOGIN = { user: "builder", password: "hush-hush" };
const opened: { close(): Promise<void> }[] = [];
let server: ManagedServer | null = null;
const stubs: Server[] = [];
afterEach(async () => {
  for (const stub of stubs.splice(0)) stub.close();
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
    // Two, since the one that asks counts too until the server has heard that it has gone.
    await Promise.all(first.slice(0, 2).map((one) => one.close()));
    await waitUntil("there is room for it", async () => (await refusalOf({ url, ...user })) === null);
    opened.push(await join());
  }, 180_000);

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
  }, 180_000);

  it("nobody there says nothing", async () => {
    expect(await refusalOf({ url: "nats://127.0.0.1:1", user: "a", password: "b" })).toBeNull();
  });
  it("an address that is none is a broker that cannot be reached", async () => {
    const url = "nats://127.0.0.1:99999";
    const line = connectExecutorLine({ url, ...LOGIN, name: "builder", clock: wallClock, connectMs: 0 });
    await expect(line).rejects.toMatchObject({ code: "broker-unreachable", message: expect.stringContaining(url) });
  });
});

describe("user and password", () => {
  it.each(["tls_required", "tls_available"])("do not go in the clear to a server that says %s", async (says) => {
    const heard: string[] = [];
    const url = await answering((socket) => {
      socket.write(`INFO {"server_id":"x","nonce":"n","${says}":true}\r\n`);
      socket.once("data", (chunk: Buffer) => {
        heard.push(chunk.toString("latin1"));
        socket.end();
      });
    });
    expect(await refusalOf({ url, ...LOGIN })).toBeNull();
    expect(heard).toHaveLength(1);
    expect(heard[0]?.codePointAt(0), "it begins with a handshake of TLS").toBe(22);
    expect(heard[0]).not.toContain(LOGIN.password);
  });

  it("do not go to a server whose certificate nobody knows", async ({ skip }) => {
    const certificates = testCertificates(testFolder("unknown"), "IP:127.0.0.1");
    if (!certificates) return skip("there is no openssl");
    const [cert, key] = [readFileSync(certificates.cert), readFileSync(certificates.key)];
    let heard = "";
    let over = false;
    const url = await answering((socket) => {
      socket.write('INFO {"server_id":"x","tls_required":true}\r\n');
      const inside = new TLSSocket(socket, { isServer: true, cert, key });
      inside.on("data", (chunk: Buffer) => {
        heard += chunk.toString();
        if (heard.endsWith("PING\r\n")) inside.write("PONG\r\n");
      });
      inside.on("error", () => {});
      socket.on("close", () => {
        over = true;
      });
    });
    expect(await refusalOf({ url: url.replace("nats:", "tls:"), ...LOGIN })).toBeNull();
    await waitUntil("it has hung up", () => over);
    expect(heard).toBe("");
    const ca = readFileSync(certificates.ca, "utf8");
    expect(await refusalOf({ url: url.replace("nats:", "tls:"), ...LOGIN, ca })).toBeNull();
    expect(heard, "they go to one whose certificate is known").toContain(LOGIN.password);
  });

  it("that cannot be read are nobody's", async () => {
    const url = await answering((socket) => void socket.write('INFO {"server_id":"x","nonce":"n"}\r\n'));
    expect(await refusalOf({ url, user: "eyJ", password: "SUNONE" })).toBeNull();
  });
});

async function answering(call: (socket: Socket) => void): Promise<string> {
  const stub = createServer((socket) => {
    socket.on("error", () => {});
    call(socket);
  });
  stubs.push(stub);
  await new Promise<void>((resolve) => stub.listen(0, "127.0.0.1", resolve));
  return `nats://127.0.0.1:${(stub.address() as AddressInfo).port}`;
}
