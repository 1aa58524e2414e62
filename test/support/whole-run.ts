/**
 * Around a whole run of the tests: what they make lies in one temporary folder that goes with the run, and a process that a test has
 * started and not ended fails the run, by name. Processes are found by /proc; elsewhere only the folder is looked after.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUN_FOLDER } from "./free-port.ts";
import { waitUntil } from "./wait-until.ts";

/** So long a process may take to end by itself after the last test. */
const GRACE_MS = 60_000;
const PROC = "/proc";

interface LeftOver {
  pid: number;
  command: string;
  /** The test file whose process, or a child of it, started it; null where it has an environment of its own. */
  file: string | null;
}

export async function setup(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), RUN_FOLDER));
  process.env.TMPDIR = folder;
  return async () => {
    const left = await leftOver(folder);
    for (const { pid } of left) kill(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    if (left.length === 0) return;
    process.exitCode = 1;
    const lines = left.map(({ pid, command, file }) => `  ${pid} ${command.slice(0, 200)} (${file ?? "its test is not known"})`);
    process.stderr.write(`\nProcesses that tests left behind, ended now:\n${lines.join("\n")}\n`);
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: it has ended by itself since it was looked for.
  }
}

async function leftOver(folder: string): Promise<LeftOver[]> {
  const none = await waitUntil("no process is left", () => living(folder).length === 0, GRACE_MS).then(
    () => true,
    () => false,
  );
  return none ? [] : living(folder);
}

/** Those that name the run's folder in their environment, their command or as where they are; not this process and the test workers. */
function living(folder: string): LeftOver[] {
  if (!existsSync(PROC)) return [];
  const pids = readdirSync(PROC).filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    if (Number(pid) === process.pid) return [];
    const command = read(pid, "cmdline");
    const environment = read(pid, "environ");
    const theirs = [command, environment, cwd(pid)].some((text) => text.includes(folder));
    if (!theirs || parent(pid) === process.pid) return [];
    const file = environment.split("\0").find((line) => line.startsWith("PETREL_TEST_FILE="));
    return [{ pid: Number(pid), command: command.replaceAll("\0", " ").trim(), file: file?.slice("PETREL_TEST_FILE=".length) ?? null }];
  });
}

function read(pid: string, what: string): string {
  try {
    return readFileSync(join(PROC, pid, what), "utf8");
  } catch {
    return "";
  }
}

function cwd(pid: string): string {
  try {
    return readlinkSync(join(PROC, pid, "cwd"));
  } catch {
    return "";
  }
}

/** The name of a program may hold blanks and brackets, so the fields are counted from behind it. */
function parent(pid: string): number {
  const stat = read(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
