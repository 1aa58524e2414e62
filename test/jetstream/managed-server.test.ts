import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connectBroker } from "../../src/jetstream/connect.ts";
import { findServerBinary, isNewEnough } from "../../src/jetstream/server/binary.ts";
import { makeCredentials } from "../../src/jetstream/server/credentials.ts";
import { startManagedServer } from "../../src/jetstream/server/managed.ts";
import { runningServer } from "../../src/jetstream/server/process-table.ts";
import { portsOutside, systemRange } from "../../src/jetstream/server/stable-port.ts";
import { epochEvent } from "../contract/broker-samples.ts";
import { freePorts } from "../support/free-port.ts";
import { freezeProcess } from "../support/freeze.ts";
import { serverBinary, startTestServer, testFolder, testIds, wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const folder = (name: string) => {
  const dir = testFolder(name);
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
const server = async (...options: Parameters<typeof startTestServer>) => {
  const started = await startTestServer(...options);
  cleanups.push(() => started.remove());
  return started;
};
const fakeServer = (text: string) => {
  const path = join(folder("fake"), "nats-server");
  writeFileSync(path, `#!/bin/sh\necho "${text}"\n`);
  chmodSync(path, 0o755);
  return path;
};
/** A port on which another program listens. */
const taken = async () => {
  const thief = createServer();
  await new Promise<void>((done) => thief.listen(0, "127.0.0.1", done));
  cleanups.push(() => new Promise((done) => thief.close(done)));
  return (thief.address() as AddressInfo).port;
};

test("the server listens on loopback with fsync, and its secrets are the owner's alone", async () => {
  const started = await server({ durability: "fsync" });
  expect(started.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
  expect(started.adopted).toBe(false);
  const varz = (await (await fetch(`${started.monitoringUrl}/varz`)).json()) as { jetstream: { config: { sync_always: boolean } } };
  expect(varz.jetstream.config.sync_always).toBe(true);
  for (const file of ["credentials.json", "nats-server.conf"]) expect(statSync(join(started.dir, file)).mode & 0o777).toBe(0o600);
});

test("a second start adopts the running server, also without its pid file", async () => {
  const first = await server();
  const options = { dir: first.dir, binary: await serverBinary(), durability: "os" as const, clock: wallClock };
  const [second, third] = await Promise.all([startManagedServer(options), startManagedServer(options)]);
  expect([second.pid, third.pid]).toEqual([first.pid, first.pid]);
  expect([second.adopted, third.adopted]).toEqual([true, true]);
  rmSync(join(first.dir, "nats-server.pid"));
  expect((await startManagedServer(options)).pid).toBe(first.pid);
});

test("two starts at one moment give one server", async () => {
  const dir = folder("race");
  const options = { dir, binary: await serverBinary(), durability: "os" as const, clock: wallClock };
  const both = await Promise.all([startManagedServer(options), startManagedServer(options)]);
  cleanups.push(() => both[0].stop());
  expect(both[0].pid).toBe(both[1].pid);
  expect(both.filter((each) => each.adopted)).toHaveLength(1);
});

test("stop ends the process, and the next start has the same port and the same users", async () => {
  const first = await server();
  await first.stop();
  expect(runningServer(first.dir)).toBeNull();
  const second = await server({ dir: first.dir });
  expect(second.url).toBe(first.url);
  const { low, high } = systemRange();
  const port = Number(new URL(first.url).port);
  expect(portsOutside({ low, high }) === null || port < low || port > high, `the system gives ${port} to others`).toBe(true);
  const seeds = ({ credentials: { keys, master, readonly } }: typeof first) => [keys, master.password, readonly.password];
  expect(seeds(second)).toEqual(seeds(first));
});

test("a stale pid file and a dead starter's lock do not stand in the way", async () => {
  const dir = folder("stale");
  writeFileSync(join(dir, "nats-server.pid"), String(process.pid));
  writeFileSync(join(dir, "start.lock"), "999999999");
  expect((await server({ dir })).adopted).toBe(false);
});

test("a kept port that somebody else took gives another port and a notice; a demanded one an error", async () => {
  const port = await taken();
  const dir = folder("port");
  await makeCredentials(dir);
  writeFileSync(join(dir, "port"), `${port}\n`);
  const started = await server({ dir });
  expect(started.url).not.toContain(`:${port}`);
  expect(started.notice).toContain(`port ${port}`);
  const demanded = server({ dir: folder("port2"), port });
  await expect(demanded).rejects.toMatchObject({ code: "port-in-use", outlook: "terminal", message: expect.stringContaining(`:${port} `) });
});

test("another port of its own that somebody took is named, and clients keep theirs", async () => {
  const port = await taken();
  const [own, others] = await freePorts(2);
  const dir = folder("routes");
  await makeCredentials(dir);
  writeFileSync(join(dir, "port"), `${own}\n`);
  const cluster = { name: "pair", port, routes: [`nats://127.0.0.1:${port}`, `nats://127.0.0.1:${others}`] };
  await expect(server({ dir, durability: "replicated", cluster })).rejects.toMatchObject({
    code: "port-in-use",
    message: `127.0.0.1:${port} is in use by another program, so nats-server cannot listen there`,
  });
  expect(readFileSync(join(dir, "port"), "utf8")).toBe(`${own}\n`);
  expect(runningServer(dir)).toBeNull();
});

test("a server that is too old is refused by name, version and remedy", async () => {
  const old = fakeServer("nats-server: v2.9.10");
  const search = { environment: { PETREL_NATS_SERVER: old, PATH: process.env.PATH }, cwd: "/" };
  await expect(findServerBinary(search)).rejects.toMatchObject({
    code: "nats-server-too-old",
    message: expect.stringContaining(`${old} is version 2.9.10`),
    hint: expect.stringContaining("npm run setup"),
  });
  await expect(startTestServer({ binary: old, dir: folder("old") })).rejects.toMatchObject({ code: "nats-server-too-old" });
  expect(["2.11.9", "2.12.0", "2.15.1", "3.0.0"].map(isNewEnough)).toEqual([false, true, true, true]);
});

test("no server at all is an error with a remedy; an old one on PATH is passed over for a newer one in the cache", async () => {
  const cwd = folder("empty");
  await expect(findServerBinary({ environment: { PATH: cwd, HOME: cwd }, cwd })).rejects.toMatchObject({ code: "nats-server-missing" });
  const old = fakeServer("nats-server: v2.9.10");
  const environment = {
    PATH: join(old, ".."),
    PETREL_NATS_SERVER: undefined,
    HOME: process.env.HOME,
    XDG_CACHE_HOME: join(await serverBinary(), "..", "..", ".."),
  };
  const real = await serverBinary();
  if (real.endsWith("petrel/bin/nats-server")) expect((await findServerBinary({ environment, cwd })).path).toBe(real);
});

test("a wrong password and a server that is away have their own errors", async () => {
  const started = await server();
  const options = { clock: wallClock, ids: testIds(), name: "t", connectMs: 300 };
  const patient = { ...options, connectMs: 60_000 };
  await expect(connectBroker({ ...patient, url: started.url, user: "master", password: "wrong" })).rejects.toMatchObject({
    code: "broker-refused-user",
    outlook: "terminal",
  });
  await started.stop();
  await expect(connectBroker({ ...options, url: started.url, ...started.credentials.master })).rejects.toMatchObject({
    code: "broker-unreachable",
    outlook: "retryable",
  });
});

test("a frozen server is stopped by force", async () => {
  const started = await server();
  await freezeProcess(started.pid);
  await started.stop(200);
  await waitUntil("it is gone", () => runningServer(started.dir) === null);
  expect(existsSync(join(started.dir, `nats-server_${started.pid}.ports`))).toBe(false);
  expect(readFileSync(join(started.dir, "port"), "utf8").trim()).toBe(new URL(started.url).port);
});

test("a server killed while it made a stream comes back, says so, and takes the stream anew", async () => {
  const first = await server();
  const options = { dir: first.dir, binary: await serverBinary(), durability: "os" as const, clock: wallClock };
  const connection = () => connectBroker({ url: first.url, ...first.credentials.master, clock: wallClock, ids: testIds(), name: "half" });
  const before = await connection();
  await before.declareNet("half");
  const places = [{ net: "half", place: "inbox", title: "Inbox", capacity: null, open: false }];
  await before.places("half").declare(places);
  await before.log("half").append(0, { id: "a", epoch: 1, events: [epochEvent("half", 1, 1)] });
  await before.close();
  process.kill(first.pid, "SIGKILL");
  await waitUntil("it is gone", () => runningServer(first.dir) === null);
  // What such a kill leaves: the stream's folder without the last file of its description.
  const store = join(first.dir, "store");
  const checksums = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(join("PLACE_half_inbox", "meta.sum")),
  );
  expect(checksums).toHaveLength(1);
  for (const path of checksums) rmSync(join(store, path));
  const second = await startManagedServer(options);
  cleanups.push(() => second.stop());
  expect(second.notice).toMatch(/made anew .*PLACE_half_inbox' could not be recovered/);
  const after = await connection();
  cleanups.push(() => after.close());
  await after.places("half").declare(places);
  const health = (await (await fetch(`${second.monitoringUrl}/healthz`)).json()) as { status: string };
  expect(health.status).toBe("ok");
  expect(await after.log("half").read(0, () => undefined)).toBe(1);
});
