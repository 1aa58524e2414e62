/**
 * The supervisor: one managed nats-server, one master, one executor and one gateway process, started in this order and kept up.
 *
 * V1 What dies is started again, with a growing pause while it keeps dying. V2 Children end when this process ends, even
 * by kill -9: their standard input is a pipe of ours. The server outlives a kill and is found again by its pid file.
 * V3 One supervisor a state folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { delay, type Timer } from "../contract/clock.ts";
import { Terminal } from "../contract/errors.ts";
import { sha256 } from "../contract/hash.ts";
import { findServerBinary } from "../jetstream/server/binary.ts";
import { type Durability, writeUsers } from "../jetstream/server/config.ts";
import { enrolExecutor, makeCredentials, readCredentials } from "../jetstream/server/credentials.ts";
import { addExecutorUser } from "../jetstream/server/executor-user.ts";
import { FullDiskWatch } from "../jetstream/server/full-disk-watch.ts";
import type { ServerListening } from "../jetstream/server/listening.ts";
import type { Credentials } from "../jetstream/server/login.ts";
import { logPath, type ManagedServer, startManagedServer } from "../jetstream/server/managed.ts";
import { commandOf, isAlive } from "../jetstream/server/process-table.ts";
import type { PetrelDoors, RuntimeFile } from "./doors.ts";
import { makeFolder } from "./make-folder.ts";
import { type ModelOptions, modelWords } from "./processes/model-choice.ts";
import { orderKeys, type StateFolder, stateFolder } from "./processes/state-folder.ts";
import { runtimePath } from "./runtime-file.ts";
import { quoted } from "./team/paste.ts";

/** Milliseconds of silence after which an executor's work goes to another. */
export const DEFAULT_LEASE_MS = 30_000;

export interface SupervisorOptions {
  dir: string;
  durability: Durability;
  models: ModelOptions;
  leaseMs: number;
  logLevel: string;
  slots: number;
  /** Folders of hands that the executor loads. */
  hands?: readonly string[];
  /** Comes up without its executor where that was revoked: it is enrolled on a system that is up. Otherwise that is an error. */
  mayLackExecutor?: boolean;
  /** Servers that somebody else runs, with commas between: none is started then. */
  nats?: { urls: string; monitors?: string };
  /** Of the server that is started: where it listens and its certificate. */
  listening?: ServerListening;
  /** Its port; default: the one that it had, at first a free one. */
  brokerPort?: number;
  /** PEM of who signed the servers' certificate, where the machine does not know it. */
  ca?: string;
  /** Bytes that the broker may keep on disk; default: as many as there are. */
  maxStoreBytes?: number;
  /** The port of the gateway; `any`: the usual one, or a free one when that is taken. Absent: no gateway. */
  gateway?: number | "any";
  /** Requests of one client in a second; default: that of `petrel gateway`. */
  gatewayRate?: number;
  /** Told when something died or is back, in a sentence. */
  onChange?: (what: string) => void;
}

const LOCAL = "local";
const REVOKED = `The executor ${LOCAL} was revoked`;
const ENROL_ANEW = `petrel executor enroll ${LOCAL}, then petrel up anew, lets it in again`;

type ChildName = "master" | "executor" | "gateway";
type ProcessName = "nats-server" | ChildName;
const START_MS = 40_000;
/** Between two looks whether the server goes on after a full disk. */
const DISK_LOOK_MS = 4000;
/** So begins what a process says to whoever started it; all else is in its log. */
const FOR_PEOPLE = "petrel: ";
/** MiB. Under load most of what a master makes is gone by the next collection: with the default a tenth of its time goes into that. */
const MASTER_FLAGS = ["--max-semi-space-size=32"];

export class Supervisor {
  readonly options: SupervisorOptions;
  readonly #petrel: PetrelDoors;
  readonly #folder: StateFolder;
  #server: ManagedServer | null = null;
  #children = new Map<ChildName, ChildProcess>();
  #started = new Set<ChildName>();
  #stopping = false;
  #watching: Promise<void> = Promise.resolve();
  #failures = new Map<ProcessName, number>();
  #gatewayUrl: string | null = null;

  private constructor(petrel: PetrelDoors, options: SupervisorOptions) {
    this.#petrel = petrel;
    this.options = options;
    this.#folder = stateFolder(options.dir);
  }

  static async start(petrel: PetrelDoors, options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(petrel, options);
    supervisor.#lock();
    try {
      await supervisor.#startServer();
      orderKeys(supervisor.#folder);
      const lets = await supervisor.#letsExecutorIn();
      await supervisor.#startChild("master");
      if (lets) await supervisor.#startChild("executor");
      else options.onChange?.(`${REVOKED}: no executor is started here. ${ENROL_ANEW}`);
      if (options.gateway !== undefined) await supervisor.#startChild("gateway");
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    supervisor.#watching = supervisor.#watchServer();
    return supervisor;
  }

  get url(): string {
    return this.options.nats?.urls ?? this.#server?.url ?? "";
  }
  /** Base address of the gateway; null where none was asked for. */
  get gateway(): string | null {
    return this.#gatewayUrl;
  }
  get notice(): string | null {
    return this.#server?.notice ?? null;
  }
  get server(): ManagedServer | null {
    return this.#server;
  }

  pids(): Record<ProcessName, number | null> {
    return {
      "nats-server": this.#server?.pid ?? null,
      master: this.#children.get("master")?.pid ?? null,
      executor: this.#children.get("executor")?.pid ?? null,
      gateway: this.#children.get("gateway")?.pid ?? null,
    };
  }

  /** Ends everything in order: doors first, then hands, then the master, then the broker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#stopChild("gateway");
    await this.#stopChild("executor");
    await this.#stopChild("master");
    await this.#watching;
    await this.#server?.stop();
    rmSync(runtimePath(this.#folder.dir), { force: true });
    rmSync(this.#folder.upLock, { force: true });
  }

  #lock(): void {
    makeFolder(this.#folder.dir);
    // It may lie in somebody's work tree, where it is nothing to commit.
    const ignore = join(this.#folder.dir, ".gitignore");
    if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
    const { upLock, dir } = this.#folder;
    try {
      writeFileSync(upLock, `${process.pid}\n`, { flag: "wx" });
    } catch {
      refuseIfUp(dir);
      writeFileSync(upLock, `${process.pid}\n`);
    }
  }

  async #startServer(): Promise<void> {
    if (this.options.nats) return this.#useServers(this.options.nats);
    const { clock, env, cwd } = this.#petrel;
    const binary = await findServerBinary({ environment: env, cwd });
    const { durability, maxStoreBytes, listening, brokerPort: port } = this.options;
    const limit = {
      ...(port === undefined ? {} : { port }),
      ...(maxStoreBytes === undefined ? {} : { maxFileBytes: maxStoreBytes }),
      ...(listening ? { listening } : {}),
    };
    this.#server = await startManagedServer({ binary: binary.path, dir: this.#folder.nats, durability, clock, ...limit });
    const { credentials, url, monitoringUrl } = this.#server;
    this.#writeRuntime(url, monitoringUrl, credentials);
  }

  /** Makes its user where it has none. False: it was revoked. Errors: Terminal `executor-revoked`, unless it may lack. */
  async #letsExecutorIn(): Promise<boolean> {
    if (this.#isExecutorRevoked()) {
      if (this.options.mayLackExecutor) return false;
      throw new Terminal({
        code: "executor-revoked",
        message: "the executor local was revoked, and nothing here can be done without it",
        hint: `petrel up, beside it petrel executor enroll ${LOCAL}, then this again`,
      });
    }
    const { clock } = this.#petrel;
    if (!this.options.nats) await addExecutorUser(this.#folder.nats, LOCAL, { clock, servers: this.url, ca: this.options.ca });
    return true;
  }

  #isExecutorRevoked(): boolean {
    return readCredentials(this.#folder.nats).executors[LOCAL]?.revoked !== undefined;
  }

  /** Their users are those of this folder: the file to include in their configuration is written beside them. */
  async #useServers({ urls, monitors }: { urls: string; monitors?: string }): Promise<void> {
    const dir = this.#folder.nats;
    await makeCredentials(dir);
    if (!this.#isExecutorRevoked()) await enrolExecutor(dir, LOCAL);
    const credentials = readCredentials(dir);
    await writeUsers(dir, credentials);
    this.#writeRuntime(urls, monitors, credentials);
  }

  #writeRuntime(url: string, monitor: string | undefined, credentials: Credentials): void {
    const { admin, readonly, master, people, gateway, commands = admin } = credentials;
    const known = {
      admin,
      readonly,
      master,
      ...(people ? { people } : {}),
      ...(gateway ? { gateway } : {}),
      durability: this.options.durability,
      ...this.#signer(),
      ...(monitor === undefined ? {} : { monitor }),
    };
    const runtime: RuntimeFile = { pid: process.pid, gateway: this.#gatewayUrl, nats: { url, ...commands, ...known } };
    writeFileSync(runtimePath(this.#folder.dir), `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 });
  }

  #signer(): { ca?: string; caFile?: string } {
    const { ca } = this.options;
    if (ca === undefined) return {};
    const caFile = join(this.#folder.dir, "broker-ca.pem");
    writeFileSync(caFile, ca);
    return { ca, caFile };
  }

  /** V1 for the server: it is no pipe's end, so it is looked after by its pid. */
  async #watchServer(): Promise<void> {
    const { clock } = this.#petrel;
    const disk = new FullDiskWatch(logPath(this.#folder.nats), this.#folder.nats);
    let lookAt = clock.now() + DISK_LOOK_MS;
    while (!this.#stopping) {
      await delay(clock, 100);
      if (!this.#stopping && this.#server && clock.now() >= lookAt) {
        await this.#lookAtDisk(disk, this.#server).catch(() => {});
        lookAt = clock.now() + DISK_LOOK_MS;
      }
      if (this.#stopping || !this.#server || isAlive(this.#server.pid)) continue;
      this.options.onChange?.("The nats-server died; it is started again, and nothing that was acknowledged is lost.");
      await this.#pause("nats-server");
      await this.#startServer().catch((error: unknown) => this.options.onChange?.(`The nats-server does not start: ${String(error)}`));
      this.options.onChange?.("The nats-server is back.");
    }
  }

  async #lookAtDisk(disk: FullDiskWatch, server: ManagedServer): Promise<void> {
    if (!(await disk.look())) return;
    this.options.onChange?.("The disk has room again, and the nats-server has not noticed: it is ended, and started anew.");
    await server.stop();
  }

  async #startChild(name: ChildName): Promise<void> {
    const { entry, env, cwd } = this.#petrel;
    const { dir } = this.#folder;
    const args = this.#argsOf(name);
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        ...(name === "master" ? MASTER_FLAGS : []),
        entry,
        ...args,
        "--dir",
        dir,
        "--tied",
        "--log-level",
        this.options.logLevel,
      ],
      {
        cwd,
        env: name === "executor" ? withoutSecrets(definedOnly(env)) : definedOnly(env),
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    this.#children.set(name, child);
    const said: string[] = [];
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      if (said.push(line) > 20) said.shift();
      if (line.startsWith(FOR_PEOPLE) && this.#started.has(name)) this.options.onChange?.(`The ${name}: ${line.slice(FOR_PEOPLE.length)}`);
    });
    let slow: Timer | null = null;
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        if (!line.includes('"ready":true')) return;
        if (name === "gateway") this.#gatewayIs((JSON.parse(line) as { gateway: string }).gateway);
        resolve();
      });
      child.once("error", reject);
      // Not at its exit: what it said last is read only when its pipes are closed.
      child.once("close", () => reject(startFailure(name, said, this.#folder.logs)));
      slow = this.#petrel.clock.after(START_MS, () => {
        reject(new Terminal({ code: "child-failed", message: `the ${name} was not ready within ${START_MS / 1000} s` }));
        // One that hangs would never be started again (V1).
        child.kill("SIGKILL");
      });
    }).finally(() => slow?.cancel());
    child.stdin?.on("error", () => {});
    const first = !this.#started.has(name);
    if (!first) child.once("exit", () => void this.#died(name, child));
    await ready;
    // What never started is not started again: its error is the user's to mend.
    this.#started.add(name);
    if (!first) return;
    if (child.exitCode !== null || child.signalCode !== null) void this.#died(name, child);
    else child.once("exit", () => void this.#died(name, child));
  }

  #argsOf(name: ChildName): string[] {
    if (name === "master") return this.#masterArgs();
    if (name === "executor") {
      const hands = (this.options.hands ?? []).flatMap((folder) => ["--hand", folder]);
      return ["executor", "start", "--name", LOCAL, "--slots", String(this.options.slots), ...hands];
    }
    // One that comes back is where it was.
    const port = this.#gatewayUrl === null ? this.options.gateway : Number(new URL(this.#gatewayUrl).port);
    // Where no live model works for the net, none answers about it.
    const expert = this.options.models.source === "live" ? [] : ["--expert", "rules"];
    const rate = this.options.gatewayRate === undefined ? [] : ["--rate", String(this.options.gatewayRate)];
    return ["gateway", ...expert, ...rate, ...(port === "any" || port === undefined ? ["--any-port"] : ["--port", String(port)])];
  }

  /** Others find it by the runtime file. */
  #gatewayIs(url: string): void {
    this.#gatewayUrl = url;
    const path = runtimePath(this.#folder.dir);
    const runtime = JSON.parse(readFileSync(path, "utf8")) as RuntimeFile;
    writeFileSync(path, `${JSON.stringify({ ...runtime, gateway: url }, null, 2)}\n`, { mode: 0o600 });
  }

  #masterArgs(): string[] {
    const { models, leaseMs } = this.options;
    return ["master", "--name", this.#masterName(), ...modelWords(models), "--lease", String(leaseMs)];
  }

  /** Alone in its state folder, but not on servers that others use too. */
  #masterName(): string {
    if (!this.options.nats) return "master-1";
    const host = hostname()
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "");
    return `master-${host.slice(0, 24) || "host"}-${sha256(this.#folder.dir).slice(0, 6)}`;
  }

  async #died(name: ChildName, child: ChildProcess): Promise<void> {
    if (this.#stopping || this.#children.get(name) !== child) return;
    if (name === "executor" && this.#isExecutorRevoked()) {
      this.options.onChange?.(`${REVOKED} and has ended. ${ENROL_ANEW}`);
      return;
    }
    this.options.onChange?.(`The ${name} died; it is started again and finds its work in the log.`);
    await this.#pause(name);
    if (this.#stopping) return;
    try {
      await this.#startChild(name);
      this.options.onChange?.(`The ${name} is back.`);
    } catch (error) {
      this.options.onChange?.(error instanceof Error ? error.message : String(error));
    }
  }

  async #pause(name: ProcessName): Promise<void> {
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    await delay(this.#petrel.clock, Math.min(5000, 100 * 2 ** Math.min(failures, 6)));
    this.#petrel.clock.after(60_000, () => this.#failures.set(name, Math.max(0, (this.#failures.get(name) ?? 1) - 1)));
  }

  async #stopChild(name: ChildName): Promise<void> {
    const child = this.#children.get(name);
    this.#children.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const force = this.#petrel.clock.after(15_000, () => child.kill("SIGKILL"));
    await gone;
    force.cancel();
  }
}

/** The child's own error in its own words, as `reportFailure` printed them. */
function startFailure(name: string, said: string[], logs: string): Terminal {
  const after = (mark: string) =>
    said
      .find((line) => line.trimStart().startsWith(mark))
      ?.trimStart()
      .slice(mark.length)
      .trim();
  return new Terminal({
    code: "child-failed",
    message: `the ${name} did not start: ${after("petrel:") ?? (said.join(" / ") || "it said nothing")}`,
    hint: after("next:") ?? `look at ${logs}`,
  });
}

/** Throws Terminal `already-up` when a living Petrel holds the folder. */
export function refuseIfUp(dir: string): void {
  const { upLock } = stateFolder(dir);
  const other = Number(existsSync(upLock) ? readFileSync(upLock, "utf8") : 0);
  // After a kill or a restart of the machine the number may belong to some other program.
  if (!(other > 0) || other === process.pid || !isAlive(other) || !/\b(up|demo|run)\b/.test(commandOf(other))) return;
  throw new Terminal({
    code: "already-up",
    message: `a Petrel is up in ${dir} already (process ${other})`,
    hint: `use it (petrel places --dir ${quoted(dir)}), stop it (kill ${other}), or take another folder with --dir`,
    where: upLock,
  });
}

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Masters hand out secrets; an executor gets those of a claim, and no others. */
function withoutSecrets(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^PETREL_SECRET/.test(name)));
}
