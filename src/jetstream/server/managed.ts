/**
 * The managed nats-server.
 * (a) One store has one server: starters take turns, and a server that runs already is adopted, never doubled.
 * (b) A port once chosen is used again, so that clients and CLI contexts survive a restart; it is chosen such that the system gives it
 *     to nobody meanwhile.
 * (c) The server is a plain child: it is ended by `stop`, and one that outlived its killed parent is found again.
 * (d) A folder with a list of passwords gets an operator, accounts and users instead, and keeps its streams.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../contract/clock.ts";
import { delay } from "../../contract/clock.ts";
import { Retryable, Terminal } from "../../contract/errors.ts";
import type { Logger } from "../../contract/logger.ts";
import { isNewEnough, MINIMUM_VERSION, serverVersion } from "./binary.ts";
import { localAddress } from "./broker-tls.ts";
import type { ClusterSettings, Durability, ServerSettings } from "./config.ts";
import { configPath, readSettings, validateConfig, writeConfig } from "./config.ts";
import { addressFor, type ServerListening } from "./listening.ts";
import type { Credentials } from "./login.ts";
import { leavePasswords, moveStore } from "./migration.ts";
import { writePrivate } from "./private-file.ts";
import { isServerOf, runningServer } from "./process-table.ts";
import type { Ready, ServerPorts } from "./readiness.ts";
import { waitReady } from "./readiness.ts";
import { stablePort } from "./stable-port.ts";
import { withStartLock } from "./start-lock.ts";

export interface ManagedServerOptions {
  /** Path of a nats-server, from `findServerBinary`. */
  binary: string;
  /** Folder of the server's own: config, store, log, credentials. */
  dir: string;
  durability: Durability;
  /** Default: those of the folder, made when there are none. */
  users?: Credentials;
  clock: Clock;
  logger?: Logger;
  /** A port that must be used; without it one is chosen once and kept. */
  port?: number;
  /** Most bytes of the store; default 1 TB, that is: the disk decides. */
  maxFileBytes?: number;
  /** It is ready when the cluster has a leader, so the servers of a cluster are started side by side. */
  cluster?: ClusterSettings;
  /** Default: plainly on loopback. Errors of its certificate: those of `localAddress`. */
  listening?: ServerListening;
  /** Milliseconds until a start counts as failed; default 30,000. */
  readyMs?: number;
}

export interface ManagedServer extends ServerPorts {
  pid: number;
  /** True when the server was running already. */
  adopted: boolean;
  /** The durability that the running server was started with. */
  durability: Durability;
  credentials: Credentials;
  /** What a person should know, like a port that had to change; null when there is nothing. */
  notice: string | null;
  /** Settles when the process is gone: graceful first, by force after `graceMs` (default 10,000). */
  stop(graceMs?: number): Promise<void>;
}

interface Started {
  pid: number;
  ports: ServerPorts;
  notice: string | null;
}

/** So often a port that is taken is changed for another; the last one the server picks. */
const NEW_PORTS = 5;
const LOG_LIMIT = 20 * 1024 * 1024;
export const logPath = (dir: string) => join(dir, "nats-server.log");
const portPath = (dir: string) => join(dir, "port");

/** Throws Terminal (`nats-server-too-old`, `nats-server-config`, `port-in-use`, `disk-full`, `nats-server-failed`) or Retryable (`server-starting`, `nats-server-not-ready`). */
export async function startManagedServer(options: ManagedServerOptions): Promise<ManagedServer> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const dir = realpathSync(options.dir);
  const readyMs = options.readyMs ?? 30_000;
  const { listening } = options;
  const local = listening ? localAddress(listening.tls, listening.host, options.clock.now()) : null;
  return await withStartLock(dir, options.clock, readyMs + 5000, async () => {
    const { users, running } = await usersOf(options, dir);
    const credentials = users;
    const found = running === null ? await start(options, dir, credentials, readyMs) : await adopt(options, dir, running, readyMs);
    const started = { ...found, ports: { ...found.ports, url: addressFor(found.ports.url, local) } };
    if (started.notice) options.logger?.warn({ dir }, started.notice);
    options.logger?.info(
      { pid: started.pid, url: started.ports.url },
      `nats-server ${started.pid} ${running === null ? "started" : "found again"} at ${started.ports.url}`,
    );
    return {
      ...started.ports,
      pid: started.pid,
      adopted: running !== null,
      durability: readSettings(dir)?.durability ?? options.durability,
      credentials,
      notice: started.notice,
      stop: (graceMs = 10_000) => stopServer(dir, started.pid, options.clock, graceMs),
    };
  });
}

/** A server that a killed program left with a list of passwords is ended: it would not know the users of now. */
async function usersOf(options: ManagedServerOptions, dir: string): Promise<{ users: Credentials; running: number | null }> {
  const before = runningServer(dir);
  const { credentials, changed } = options.users ? { credentials: options.users, changed: false } : await leavePasswords(dir);
  // One that was left with another address or certificate would not be found by those who come now.
  const isElsewhere = (options.port ?? 0) > 0 && options.port !== keptPort(dir);
  const leaves = changed || isElsewhere || JSON.stringify(readSettings(dir)?.listening) !== JSON.stringify(options.listening);
  if (leaves && before !== null) await stopServer(dir, before, options.clock, 10_000);
  const running = leaves ? null : before;
  if (running === null) moveStore(dir, credentials);
  return { users: credentials, running };
}

async function adopt(options: ManagedServerOptions, dir: string, pid: number, readyMs: number): Promise<Started> {
  const ports = await waitReady(dir, pid, options.clock, readyMs, () => !isServerOf(pid, dir));
  if (ports) return { pid, ports, notice: unrecoveredNotice(ports) };
  throw new Retryable({
    code: "nats-server-not-ready",
    message: `nats-server ${pid} runs on the store in ${dir} but does not answer`,
    hint: `look at ${logPath(dir)}; end it with \`kill ${pid}\` and start again`,
  });
}

async function start(options: ManagedServerOptions, dir: string, credentials: Credentials, readyMs: number): Promise<Started> {
  const version = await serverVersion(options.binary);
  if (version === null || !isNewEnough(version)) {
    throw new Terminal({
      code: version === null ? "nats-server-missing" : "nats-server-too-old",
      message: `Petrel needs nats-server ${MINIMUM_VERSION} or newer, but ${options.binary} is ${version ?? "no nats-server that runs here"}`,
      hint: "run `npm run setup`, or set PETREL_NATS_SERVER to a newer one",
    });
  }
  const kept = keptPort(dir);
  let port = options.port ?? (kept > 0 ? kept : stablePort());
  let launched = await launchTwice(options, dir, credentials, port, readyMs);
  // (b) Somebody else has it: go on with a new one, and say so, rather than not at all. Where it is another port that the server needs,
  // like the one for the others of its cluster, a new port for clients would make no difference.
  for (let more = NEW_PORTS; "failure" in launched && launched.taken === port && options.port === undefined && more > 0; more--) {
    port = more > 1 ? stablePort() : -1;
    launched = await launchTwice(options, dir, credentials, port, readyMs);
  }
  if ("failure" in launched) throw launched.failure;
  const moved = kept > 0 && options.port === undefined && port !== kept;
  return keepPort(dir, { ...launched, notice: moved ? movedNotice(kept, launched.ports) : unrecoveredNotice(launched.ports) });
}

function movedNotice(kept: number, { url }: Ready): string {
  return `port ${kept} of the nats-server is taken by another program; it listens on ${url} now, so write NATS contexts anew with \`petrel nats-context\`; executors that were enrolled with the old address need new credentials`;
}

function unrecoveredNotice({ unrecovered }: Ready): string | null {
  return unrecovered === null
    ? null
    : `nats-server was ended while it made a stream, which is made anew when it is needed (${unrecovered})`;
}

/** 0 where none was kept. */
function keptPort(dir: string): number {
  return existsSync(portPath(dir)) ? Number(readFileSync(portPath(dir), "utf8")) : 0;
}

function keepPort(dir: string, started: Started): Started {
  writePrivate(portPath(dir), `${new URL(started.ports.url.replace(/^\w+:/, "http:")).port}\n`);
  return started;
}

/** `taken`: the port that another program has; null where that is not why. */
type Launched = { pid: number; ports: Ready } | { failure: Terminal | Retryable; taken: number | null };

/** A server that came up from a kill without getting well is ended cleanly and started once more, which lets it read its store anew. */
async function launchTwice(
  options: ManagedServerOptions,
  dir: string,
  credentials: Credentials,
  port: number,
  readyMs: number,
): Promise<Launched> {
  const first = await launch(options, dir, credentials, port, readyMs);
  if ("ports" in first || first.failure.code !== "nats-server-not-ready") return first;
  options.logger?.warn({}, first.failure.message);
  return await launch(options, dir, credentials, port, readyMs);
}

async function launch(
  options: ManagedServerOptions,
  dir: string,
  credentials: Credentials,
  port: number,
  readyMs: number,
): Promise<Launched> {
  const { durability, maxFileBytes = 1024 ** 4, cluster, listening } = options;
  const settings: ServerSettings = { durability, port, maxFileBytes, ...(cluster ? { cluster } : {}), ...(listening ? { listening } : {}) };
  await writeConfig(dir, settings, credentials);
  await validateConfig(options.binary, dir);
  const mark = logSize(dir);
  const child = spawnServer(options.binary, dir);
  const pid = child.pid;
  if (pid === undefined) return failedStart(dir, mark);
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  let illness = "";
  const ports = await waitReady(dir, pid, options.clock, readyMs, ended, (why) => {
    illness = why;
  });
  if (ports) return { pid, ports };
  if (ended()) return failedStart(dir, mark);
  await stopServer(dir, pid, options.clock, 2000);
  return {
    failure: new Retryable({
      code: "nats-server-not-ready",
      message: `nats-server did not become ready within ${Math.round(readyMs / 1000)} s (${illness}): ${lastWords(dir, mark)}`,
      hint: `look at ${logPath(dir)}`,
    }),
    taken: null,
  };
}

function spawnServer(binary: string, dir: string): ChildProcess {
  if (logSize(dir) > LOG_LIMIT) truncateSync(logPath(dir), 0);
  // The log is a file, not a pipe: a server whose parent was killed must not die of a broken pipe.
  const log = openSync(logPath(dir), "a", 0o600);
  try {
    const child = spawn(binary, ["-c", configPath(dir)], { stdio: ["ignore", log, log], cwd: dir });
    child.on("error", () => undefined);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function logSize(dir: string): number {
  return existsSync(logPath(dir)) ? statSync(logPath(dir)).size : 0;
}

/** What the server has logged since `mark`, its fatal and error lines first. */
function lastWords(dir: string, mark: number): string {
  const lines = existsSync(logPath(dir)) ? readFileSync(logPath(dir)).subarray(mark).toString("utf8").trim().split("\n") : [];
  const grave = lines.filter((line) => /\[(FTL|ERR)\]|nats-server: /.test(line));
  return (grave.length > 0 ? grave : lines).slice(-3).join(" / ") || "it said nothing";
}

function failedStart(dir: string, mark: number): Launched {
  const said = lastWords(dir, mark);
  // It may be any of its addresses: for clients, for the others of its cluster, for the monitor.
  const [, address, port] = /listen tcp\w* (\S+:(\d+)): bind: address already in use/.exec(said) ?? [];
  if (address !== undefined) {
    const failure = new Terminal({
      code: "port-in-use",
      message: `${address} is in use by another program, so nats-server cannot listen there`,
      hint: "end that program or choose another port",
    });
    return { failure, taken: Number(port) };
  }
  if (/no space left|disk quota/i.test(said)) {
    const failure = new Terminal({
      code: "disk-full",
      message: `nats-server cannot write to ${dir}: ${said}`,
      hint: "free some space there and start again",
    });
    return { failure, taken: null };
  }
  const failure = new Terminal({
    code: "nats-server-failed",
    message: `nats-server ended at once: ${said}`,
    hint: `look at ${logPath(dir)}`,
  });
  return { failure, taken: null };
}

/** Ends the server that a killed program left in this folder, if there is one. */
export async function stopLeftServer(dir: string, clock: Clock, graceMs = 10_000): Promise<void> {
  if (!existsSync(dir)) return;
  const real = realpathSync(dir);
  const pid = runningServer(real);
  if (pid !== null) await stopServer(real, pid, clock, graceMs);
}

async function stopServer(dir: string, pid: number, clock: Clock, graceMs: number): Promise<void> {
  // A pid may have passed to another program: signal only what is still our server.
  if (isServerOf(pid, dir)) process.kill(pid, "SIGTERM");
  const end = clock.now() + graceMs;
  while (isServerOf(pid, dir) && clock.now() < end) await delay(clock, 20);
  if (isServerOf(pid, dir)) {
    process.kill(pid, "SIGKILL");
    while (isServerOf(pid, dir)) await delay(clock, 20);
  }
  rmSync(join(dir, `nats-server_${pid}.ports`), { force: true });
}
