/**
 * Three real nats-servers that are one cluster: own folders, own ports that they keep over restarts, the same users. Everything is
 * ended by `end`, and by `start` itself where it fails.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import { connectBroker, connectExecutorLine } from "../../src/jetstream/connect.ts";
import { enrolExecutor, makeCredentials, readCredentials } from "../../src/jetstream/server/credentials.ts";
import type { Credentials } from "../../src/jetstream/server/login.ts";
import { type ManagedServer, startManagedServer } from "../../src/jetstream/server/managed.ts";
import { freePorts } from "./free-port.ts";
import { serverBinary, testFolder, testIds, wallClock } from "./nats-server.ts";
import { isAlive } from "./petrel-process.ts";
import { until, waitUntil } from "./wait-until.ts";

const SIZE = 3;
/** `pool_size` of nats-server's cluster block, as it is where nobody sets it. */
const ROUTE_POOL = 3;

export class ServerCluster {
  readonly dir: string;
  readonly credentials: Credentials;
  readonly #ports: number[];
  readonly #routes: number[];
  readonly #servers: (ManagedServer | null)[] = [];
  #names: string[] = [];
  readonly #clients: { close(): Promise<void> }[] = [];

  private constructor(dir: string, ports: number[], credentials: Credentials) {
    this.dir = dir;
    this.#ports = ports.slice(0, SIZE);
    this.#routes = ports.slice(SIZE);
    this.credentials = credentials;
  }

  /** `executors`: names that have users of their own. */
  static async start(executors: string[] = []): Promise<ServerCluster> {
    const dir = testFolder("three");
    await makeCredentials(dir);
    for (const name of executors) await enrolExecutor(dir, name);
    const cluster = new ServerCluster(dir, await freePorts(2 * SIZE), readCredentials(dir));
    try {
      await cluster.#startAll();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  /** Throws when all have come up or failed, so that none comes up behind its end. */
  async #startAll(): Promise<void> {
    const started = await Promise.allSettled(this.#ports.map((_, at) => this.startServer(at)));
    for (const one of started) if (one.status === "rejected") throw one.reason;
    await waitUntil("each server has all its routes", () => this.#isMeshed(), 120_000);
    this.#names = await Promise.all(
      this.#servers.map((server) => until("a server says its name", () => nameByMonitor(server?.monitoringUrl ?? "").catch(() => null))),
    );
  }

  /** All addresses, as `petrel up --nats` takes them. */
  get urls(): string {
    return this.#ports.map((port) => `nats://127.0.0.1:${port}`).join(",");
  }

  async startServer(at: number): Promise<void> {
    const routes = this.#routes.map((port) => `nats://127.0.0.1:${port}`);
    this.#servers[at] = await startManagedServer({
      binary: await serverBinary(),
      dir: join(this.dir, `server-${at}`),
      durability: "replicated",
      users: this.credentials,
      port: this.#ports[at] ?? 0,
      cluster: { name: "petrel-test", port: this.#routes[at] ?? 0, routes },
      clock: wallClock,
      readyMs: 60_000,
    });
  }

  /** A leader is there when two of three are: what is asked of the third then may be lost with a route that is only being made. */
  async #isMeshed(): Promise<boolean> {
    const peers = await Promise.all(this.#servers.map((server) => peersByMonitor(server?.monitoringUrl ?? "").catch(() => 0)));
    return peers.every((count) => count === SIZE - 1);
  }

  /** SIGKILL; settles when the process is gone. */
  async killServer(at: number): Promise<void> {
    const pid = this.#servers[at]?.pid;
    if (pid === undefined) throw new Error(`server ${at} does not run`);
    process.kill(pid, "SIGKILL");
    await waitUntil(`server ${at} is gone`, () => !isAlive(pid));
    this.#servers[at] = null;
  }

  /** Which server leads a stream, by its number; null while nobody does. */
  async leaderOf(stream: string): Promise<number | null> {
    for (const server of this.#servers) {
      const leader = server && (await leaderByMonitor(server.monitoringUrl, stream).catch(() => null));
      const at = this.#names.indexOf(leader ?? "");
      if (at >= 0 && this.#servers[at]) return at;
    }
    return null;
  }

  async connect(name = "test master"): Promise<Broker> {
    const login = this.credentials.master;
    const broker = await connectBroker({ url: this.urls, ...login, clock: wallClock, ids: testIds("r"), name, durability: "replicated" });
    this.#clients.push(broker);
    return broker;
  }

  async connectExecutor(name: string): Promise<ExecutorLine> {
    const user = this.credentials.executors[name];
    if (!user) throw new Error(`the cluster has no user for executor ${name}`);
    const line = await connectExecutorLine({ url: this.urls, user: user.user, password: user.password, name, clock: wallClock });
    this.#clients.push(line);
    return line;
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close().catch(() => undefined)));
    await Promise.all(this.#servers.map(async (server) => await server?.stop(5000)));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

interface Jsz {
  account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[];
}

async function leaderByMonitor(monitor: string, stream: string): Promise<string | null> {
  const answer = await fetch(`${monitor}/jsz?streams=true`, { signal: AbortSignal.timeout(5000) });
  const { account_details: accounts = [] } = (await answer.json()) as Jsz;
  const found = accounts.flatMap((account) => account.stream_detail ?? []).find((each) => each.name === stream);
  return found?.cluster?.leader ?? null;
}

/** How many others a server has its whole pool of routes with. */
async function peersByMonitor(monitor: string): Promise<number> {
  const answer = await fetch(`${monitor}/routez`, { signal: AbortSignal.timeout(5000) });
  const { routes = [] } = (await answer.json()) as { routes?: { remote_id: string; account?: string }[] };
  const pools = new Map<string, number>();
  for (const { remote_id, account } of routes) if (account === undefined) pools.set(remote_id, (pools.get(remote_id) ?? 0) + 1);
  return [...pools.values()].filter((size) => size >= ROUTE_POOL).length;
}

async function nameByMonitor(monitor: string): Promise<string> {
  const answer = await fetch(`${monitor}/varz`, { signal: AbortSignal.timeout(5000) });
  return ((await answer.json()) as { server_name: string }).server_name;
}
