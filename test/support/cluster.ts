/**
 * A whole system for tests that kill: a real nats-server on its own folder, clients of it, and any further processes
 * (masters, executors) that a test starts with `spawnProcess`. Everything is ended by `end`.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import type { Broker, ExecutorLine } from "../../src/contract/broker.ts";
import { connectBroker, connectExecutorLine } from "../../src/jetstream/connect.ts";
import type { Durability } from "../../src/jetstream/server/config.ts";
import { addExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import type { ManagedServer } from "../../src/jetstream/server/managed.ts";
import { startManagedServer } from "../../src/jetstream/server/managed.ts";
import { freePort } from "./free-port.ts";
import { freezeProcess } from "./freeze.ts";
import { serverBinary, testFolder, testIds, wallClock } from "./nats-server.ts";
import { waitUntil } from "./wait-until.ts";

/** Signals to one process of the cluster. */
export interface Member {
  readonly pid: number;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: alive, but answering nothing. Settles when it stands still. */
  freeze(): Promise<void>;
  thaw(): void;
}

export interface ProcessMember extends Member {
  /** All of its standard output and error so far. */
  output(): string;
  exited(): Promise<number | null>;
}

export interface Cluster {
  readonly dir: string;
  /** The server as it runs now; throws when it is stopped. */
  server(): ManagedServer;
  start(): Promise<ManagedServer>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): void;
  /** Stops if it runs, and starts on the same store and port. */
  restart(): Promise<ManagedServer>;
  /** A master's connection; closed at the end. */
  connect(name?: string): Promise<Broker>;
  /** An executor's connection with its own credentials; closed at the end. */
  connectExecutor(name: string, pools?: string[]): Promise<ExecutorLine>;
  /** Starts a further process, like a master or an executor. */
  spawnProcess(command: string, args: string[], options?: { cwd?: string; env?: Record<string, string> }): ProcessMember;
  waitUntil: typeof waitUntil;
  end(): Promise<void>;
}

export async function startCluster(options: { durability?: Durability } = {}): Promise<Cluster> {
  const dir = testFolder("cluster");
  const binary = await serverBinary();
  const durability = options.durability ?? "fsync";
  const port = await freePort();
  const clients: { close(): Promise<void> }[] = [];
  const children: ChildProcess[] = [];
  let running: ManagedServer | null = null;
  const server = (): ManagedServer => {
    if (!running) throw new Error("the cluster's nats-server is stopped");
    return running;
  };
  const start = async () => {
    running = await startManagedServer({ binary, dir, durability, port, clock: wallClock });
    return running;
  };
  const stop = async () => {
    await running?.stop();
    running = null;
  };
  const kill = async () => {
    const { pid } = server();
    await killAndWait(pid);
    running = null;
  };
  const cluster: Cluster = {
    dir,
    server,
    start,
    stop,
    kill,
    freeze: () => freezeProcess(server().pid),
    thaw: () => void process.kill(server().pid, "SIGCONT"),
    restart: async () => {
      await stop();
      return await start();
    },
    connect: async (name = "test master") => {
      const { url, credentials } = server();
      const broker = await connectBroker({
        url,
        ...credentials.master,
        clock: wallClock,
        ids: testIds("b"),
        name,
        durability,
        lookout: true,
      });
      clients.push(broker);
      return broker;
    },
    connectExecutor: async (name, pools) => {
      const user = await addExecutorUser(dir, name, { clock: wallClock, pools: pools ?? null });
      const line = await connectExecutorLine({ url: server().url, ...user, name, clock: wallClock });
      clients.push(line);
      return line;
    },
    spawnProcess: (command, args, how) => {
      const child = spawn(command, args, { ...how, env: { ...process.env, ...how?.env }, stdio: ["ignore", "pipe", "pipe"] });
      children.push(child);
      return processMember(child);
    },
    waitUntil,
    end: async () => {
      for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      // They write into the folder as long as they live.
      await waitUntil("its processes are gone", () =>
        children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
      );
      await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
      if (running) thawQuietly(running.pid);
      await stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  await start();
  return cluster;
}

function processMember(child: ChildProcess): ProcessMember {
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${child.spawnfile}`);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    pid,
    output: () => text,
    exited: () => exit,
    kill: async () => {
      child.kill("SIGKILL");
      await exit;
    },
    freeze: () => freezeProcess(pid),
    thaw: () => void child.kill("SIGCONT"),
  };
}

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await waitUntil(`process ${pid} is gone`, () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

function thawQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // It is gone already.
  }
}
