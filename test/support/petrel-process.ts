/** The built command line as a user has it: processes of their own in a folder of their own, ended at the end. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { NetEvent } from "../../src/contract/event.ts";
import { until, waitUntil } from "./wait-until.ts";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const CLI = join(ROOT, "dist", "petrel.js");

/** Builds dist/petrel.js if it is not what stands in src. Test files run side by side: one of them builds. */
export async function builtCli(): Promise<void> {
  const lock = join(ROOT, "dist", ".e2e-build");
  const { isBuilt } = (await import("../../scripts/setup/cli-build.mjs" as string)) as { isBuilt(root: string): boolean };
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  await waitUntil("the build is free", () => locked(lock), 200_000);
  try {
    if (!isBuilt(ROOT)) execFileSync(process.execPath, [join(ROOT, "scripts", "build.mjs")], { cwd: ROOT, stdio: "pipe" });
  } finally {
    rmdirSync(lock);
  }
}

function locked(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    // Left behind by a run that was killed.
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 150_000) rmdirSync(lock);
    return false;
  }
}

/** Nobody was there who could have done anything. */
const NO_OWNER = /"code": ?"(no-owner|broker-unreachable)"/;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running command whose words can be waited for. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  stdout = "";
  stderr = "";
  over = false;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((done) => {
      child.once("close", (code) => {
        this.over = true;
        done({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for words on stdout or stderr; fails with all that was said when the process ends without them. */
  async says(words: RegExp, timeoutMs = 120_000): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await waitUntil(
      `it says ${words}`,
      () => {
        found = words.exec(this.stdout) ?? words.exec(this.stderr);
        if (!found && this.over) throw new Error(`it ended without ${words}:\n${this.stdout}\n${this.stderr}`);
        return found !== null;
      },
      timeoutMs,
    );
    return found as unknown as RegExpExecArray;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ran> {
    if (!this.over) this.child.kill(signal);
    return this.ended;
  }
}

/** A user's folder, and the commands that are run from it. */
export class Desk {
  /** Where the user stands. */
  readonly cwd: string;
  readonly #base: string;
  readonly #running: Running[] = [];
  readonly env: Record<string, string | undefined>;

  constructor(name: string, folder = "work") {
    this.#base = realpathSync(mkdtempSync(join(tmpdir(), `petrel-e2e-${name}-`)));
    this.cwd = join(this.#base, folder);
    mkdirSync(this.cwd);
    const { NODE_OPTIONS: _, VITEST: __, NODE_ENV: ___, ...env } = process.env;
    this.env = { ...env, XDG_CONFIG_HOME: join(this.#base, "config"), NO_COLOR: "1" };
    for (const key of ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"]) delete this.env[key];
  }

  path(...parts: string[]): string {
    return join(this.cwd, ...parts);
  }
  get config(): string {
    return join(this.#base, "config");
  }

  start(args: string[]): Running {
    return this.#spawned(
      spawn(process.execPath, [CLI, ...args], { cwd: this.cwd, env: this.#plainEnv(), stdio: ["ignore", "pipe", "pipe"] }),
    );
  }
  run(args: string[]): Promise<Ran> {
    return this.start(args).ended;
  }
  /** Runs a line as pasted into a shell in the user's folder. */
  paste(line: string): Promise<Ran> {
    return this.#spawned(spawn("sh", ["-c", line], { cwd: this.cwd, env: this.#plainEnv(), stdio: ["ignore", "pipe", "pipe"] })).ended;
  }
  exec(file: string, args: string[]): Running {
    return this.#spawned(spawn(file, args, { cwd: this.cwd, env: this.#plainEnv(), stdio: ["ignore", "pipe", "pipe"] }));
  }

  /**
   * Runs with --json and parses the one document; throws when the exit code is another. While a net has no owner nothing was done, and
   * it is asked again: on a machine that stood still for longer than a lease the owner takes a moment to be one again.
   */
  async json<T = Record<string, unknown>>(args: string[], code = 0): Promise<T> {
    const ran = await until(`petrel ${args.join(" ")} finds an owner`, async () => {
      const once = await this.run([...args, "--json"]);
      return code === 0 && once.code === 1 && NO_OWNER.test(once.stdout) ? null : once;
    });
    if (ran.code !== code) throw new Error(`petrel ${args.join(" ")} ended with ${ran.code}, not ${code}:\n${ran.stdout}\n${ran.stderr}`);
    return JSON.parse(ran.stdout) as T;
  }

  /** Kills. On a busy machine commands may take longer to end than the verb waits: the code 1 that says so is no fault here. */
  async kill<T = Record<string, unknown>>(...target: string[]): Promise<T> {
    const ran = await this.run(["kill", ...target, "--yes", "--json"]);
    if (ran.code !== 0 && ran.code !== 1) throw new Error(`petrel kill ended with ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
    return JSON.parse(ran.stdout) as T;
  }

  events(net: string, dir: string): Promise<NetEvent[]> {
    return this.json<NetEvent[]>(["events", net, "--limit", "0", "--dir", dir]);
  }

  /** Ends what still runs, by pid, and removes the folder. */
  async clear(): Promise<void> {
    for (const running of this.#running) if (!running.over) await endWithin(running, 20_000);
    const servers = processTable().filter(({ command }) => command.includes("nats-server") && command.includes(this.cwd));
    for (const { pid } of servers) killed(pid);
    await waitUntil("its servers are gone", () => !servers.some(({ pid }) => isAlive(pid)));
    rmSync(this.#base, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #plainEnv(): NodeJS.ProcessEnv {
    return Object.fromEntries(Object.entries(this.env).filter(([, value]) => value !== undefined));
  }

  #spawned(child: ChildProcess): Running {
    const running = new Running(child);
    this.#running.push(running);
    return running;
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}

async function endWithin(running: Running, ms: number): Promise<void> {
  const force = setTimeout(() => running.child.kill("SIGKILL"), ms);
  await running.stop();
  clearTimeout(force);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie is gone; it only waits for its parent to notice.
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return !existsSync("/proc/self/stat");
  }
}

/** Command lines by pid: from /proc where there is one, else from ps. */
function processTable(): { pid: number; parent: number; command: string }[] {
  if (existsSync("/proc/self/stat"))
    return readdirSync("/proc").flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      try {
        const parent = Number(
          readFileSync(`/proc/${name}/stat`, "utf8")
            .replace(/^.*\) . /s, "")
            .split(" ")[0],
        );
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim() }];
      } catch {
        return [];
      }
    });
  return execFileSync("ps", ["-axo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid ? [{ pid: Number(pid), parent: Number(parent), command: command ?? "" }] : [];
    });
}

/** Live processes below this one, itself left out. */
export function descendants(pid: number): { pid: number; command: string }[] {
  const rows = processTable();
  const below = (parent: number): { pid: number; command: string }[] =>
    rows.filter((row) => row.parent === parent).flatMap((row) => [{ pid: row.pid, command: row.command }, ...below(row.pid)]);
  return below(pid).filter((row) => isAlive(row.pid));
}

export interface RuntimeLogins {
  pid: number;
  nats: { url: string; monitor: string; admin: Login; readonly: Login };
}
export interface Login {
  user: string;
  password: string;
}
export function runtimeOf(dir: string): RuntimeLogins {
  return JSON.parse(readFileSync(join(dir, "runtime.json"), "utf8")) as RuntimeLogins;
}
