/** A whole system in one folder, in real processes that a test starts, kills and freezes one by one. */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { orderKeys, stateFolder } from "../../src/cli/processes/state-folder.ts";
import { runtimePath } from "../../src/cli/runtime-file.ts";
import type { Broker } from "../../src/contract/broker.ts";
import { connectBroker } from "../../src/jetstream/connect.ts";
import { type ManagedServer, startManagedServer } from "../../src/jetstream/server/managed.ts";
import { freePort } from "./free-port.ts";
import { freezeProcess } from "./freeze.ts";
import { serverBinary, testFolder, testIds, wallClock } from "./nats-server.ts";
import { builtCli, CLI, isAlive, ROOT } from "./petrel-process.ts";
import { until, waitUntil } from "./wait-until.ts";

export class System {
  readonly dir: string;
  readonly broker: Broker;
  readonly #children = new Map<string, ChildProcess>();
  readonly #port: number;
  #server: ManagedServer;

  private constructor(dir: string, port: number, server: ManagedServer, broker: Broker) {
    this.dir = dir;
    this.#port = port;
    this.#server = server;
    this.broker = broker;
  }

  /** `maxFileBytes`: all that the server may keep on disk. */
  static async start(options: { maxFileBytes?: number } = {}): Promise<System> {
    await builtCli();
    const dir = testFolder("crash");
    mkdirSync(join(dir, "nats"), { recursive: true });
    orderKeys(stateFolder(dir));
    const port = await freePort();
    const server = await serverIn(dir, port, options.maxFileBytes);
    const { url, credentials } = server;
    try {
      const broker = await connectBroker({ url, ...credentials.master, clock: wallClock, ids: testIds("watch"), name: "test" });
      return new System(dir, port, server, broker);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Starts a process under a name of the test's, and waits until it says that it is ready. */
  async spawn(name: string, args: string[], cwd = ROOT, dir = this.dir): Promise<void> {
    const child = spawn(process.execPath, [CLI, ...args, "--dir", dir], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.set(name, child);
    let said = "";
    child.stdout.on("data", (bytes) => (said += String(bytes)));
    child.stderr.on("data", (bytes) => (said += String(bytes)));
    await waitUntil(
      `${name} is ready`,
      () => {
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`);
        return said.includes('"ready":true');
      },
      90_000,
    );
  }
  /** `cwd`: where its petrel.config.json stands. */
  master(name: string, process = name, cwd = ROOT): Promise<void> {
    return this.spawn(process, ["master", "--name", name, "--lease", "3000"], cwd);
  }
  /** A master that reaches the server by another address, from a folder of its own. */
  async masterBy(url: string, name: string): Promise<void> {
    const dir = join(this.dir, `folder-${name}`);
    mkdirSync(join(dir, "keys"), { recursive: true });
    copyFileSync(join(this.dir, "keys", "orders.json"), join(dir, "keys", "orders.json"));
    const runtime = JSON.parse(readFileSync(runtimePath(this.dir), "utf8")) as { nats: object };
    writeFileSync(runtimePath(dir), JSON.stringify({ ...runtime, nats: { ...runtime.nats, url } }));
    await this.spawn(name, ["master", "--name", name, "--lease", "3000"], ROOT, dir);
  }
  get url(): string {
    return this.#server.url;
  }
  executor(): Promise<void> {
    return this.spawn("executor", ["executor", "start", "--name", "local"]);
  }

  pid(name: string): number {
    return this.#children.get(name)?.pid ?? 0;
  }
  async kill(name: string): Promise<void> {
    const child = this.#children.get(name);
    child?.kill("SIGKILL");
    await waitUntil(`${name} is gone`, () => !child?.pid || !isAlive(child.pid));
  }
  async freeze(name: string): Promise<void> {
    const pid = this.#children.get(name)?.pid;
    if (pid === undefined) throw new Error(`${name} does not run`);
    await freezeProcess(pid);
  }
  thaw(name: string): void {
    this.#children.get(name)?.kill("SIGCONT");
  }
  async killServer(): Promise<void> {
    const { pid } = this.#server;
    process.kill(pid, "SIGKILL");
    await waitUntil("the server is gone", () => !isAlive(pid));
  }
  async startServer(maxFileBytes?: number): Promise<void> {
    this.#server = await serverIn(this.dir, this.#port, maxFileBytes);
  }

  /** Puts under a key until an owner says yes, whoever dies meanwhile. */
  async put(net: string, place: string, data: object, token: string): Promise<string> {
    const payload = new TextEncoder().encode(JSON.stringify(data));
    let id = "";
    const once = async () => {
      const answer = await this.broker.door.put(net, place, payload, { token, timeoutMs: 3000 }).catch(() => null);
      if (answer?.ok) id = answer.id;
      return answer?.ok === true;
    };
    await waitUntil(`${token} is put`, once, 60_000);
    return id;
  }
  /** Applies a net, asking until the masters answer; the same net again changes nothing. */
  async apply(definition: object): Promise<void> {
    await until("the net is applied", async () => {
      await this.ask(null, "apply-net", { definition });
      return true;
    });
  }
  async ask(net: string | null, verb: string, body: object = {}): Promise<unknown> {
    const answer = await this.broker.commands.ask(net, verb, { by: { user: "ada", roles: ["maintainer"] }, ...body } as never);
    if (!answer.ok) throw new Error(`${verb}: ${answer.error?.message}`);
    return answer.value;
  }
  /** The last lines of every process's log, for a test that fails. */
  logs(): string {
    const folder = join(this.dir, "logs");
    return readdirSync(folder)
      .map((file) => `${file}\n${readFileSync(join(folder, file), "utf8").split("\n").slice(-15).join("\n")}`)
      .join("\n");
  }

  async end(): Promise<void> {
    const children = [...this.#children.values()];
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    // They write into the folder as long as they live.
    await waitUntil("its processes are gone", () => !children.some(({ pid }) => pid !== undefined && isAlive(pid)));
    await this.broker.close().catch(() => {});
    await this.#server.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function serverIn(dir: string, port: number, maxFileBytes?: number): Promise<ManagedServer> {
  const limit = maxFileBytes === undefined ? {} : { maxFileBytes };
  const how = { dir: join(dir, "nats"), port, durability: "fsync" as const, clock: wallClock, ...limit };
  const server = await startManagedServer({ binary: await serverBinary(), ...how });
  const { credentials, url, monitoringUrl } = server;
  const nats = { url, ...credentials.admin, monitor: monitoringUrl, ...credentials };
  writeFileSync(runtimePath(dir), JSON.stringify({ pid: process.pid, nats }));
  return server;
}
