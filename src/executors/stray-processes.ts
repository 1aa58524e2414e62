/** Finds processes by a mark in their environment: a process that left its group with `setsid` still carries it. */
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

const ROUNDS = 10;

/** Ids of the processes whose environment holds `mark` (like `PETREL_RUN=abc`), this process excepted. */
export function processesWith(mark: string): number[] {
  const found = existsSync("/proc/self/environ") ? fromProc(mark) : fromPs(mark);
  return found.filter((pid) => pid !== process.pid);
}

function fromProc(mark: string): number[] {
  const sought = Buffer.from(mark);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environmentOf(pid).includes(sought))
    .map(Number);
}

/** Each look reads hundreds of environments, one after the other: into the same room, in one call each. */
const room = Buffer.allocUnsafe(256 * 1024);

/** Its bytes, until the next call. */
function environmentOf(pid: string): Buffer {
  const path = `/proc/${pid}/environ`;
  try {
    const file = openSync(path, "r");
    try {
      const length = readSync(file, room, 0, room.length, 0);
      return length < room.length ? room.subarray(0, length) : readFileSync(path);
    } finally {
      closeSync(file);
    }
  } catch {
    // Gone meanwhile, or another user's.
    return room.subarray(0, 0);
  }
}

/** macOS and the BSDs: `ps` prints the environment of the own user's processes. */
function fromPs(mark: string): number[] {
  try {
    return execFileSync("ps", ["-axwwE", "-o", "pid=,command="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
      .split("\n")
      .filter((line) => line.includes(mark))
      .map((line) => Number.parseInt(line, 10))
      .filter((pid) => pid > 1);
  } catch {
    return [];
  }
}

/**
 * Who asks at the same moment shares one look at the process table, which begins after all have asked: with hundreds of processes a look takes
 * milliseconds, and when 50 commands are ended at once each wants several.
 */
let asking: { mark: string; tell(pids: number[]): void }[] = [];

export function lookTogether(mark: string): Promise<number[]> {
  return new Promise((tell) => {
    asking.push({ mark, tell });
    if (asking.length === 1) setImmediate(answerAll);
  });
}

function answerAll(): void {
  const all = asking;
  asking = [];
  if (!existsSync("/proc/self/environ")) {
    for (const { mark, tell } of all) tell(processesWith(mark));
    return;
  }
  const found = new Map(all.map(({ mark }) => [mark, { sought: Buffer.from(mark), pids: [] as number[] }]));
  const own = String(process.pid);
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || pid === own) continue;
    const environment = environmentOf(pid);
    for (const { sought, pids } of found.values()) if (environment.includes(sought)) pids.push(Number(pid));
  }
  for (const { mark, tell } of all) tell(found.get(mark)?.pids ?? []);
}

/** As `killProcessesWith`, without holding up everything else of this process. */
export async function endProcessesWith(mark: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = await lookTogether(mark);
    if (pids.length === 0) return;
    killAll(pids);
  }
}

/** Ends them with SIGKILL. A process may fork while it is looked for, so looking ends only when nothing is found. */
export function killProcessesWith(mark: string): number {
  let killed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = processesWith(mark);
    if (pids.length === 0) break;
    killed += killAll(pids);
  }
  return killed;
}

function killAll(pids: readonly number[]): number {
  let killed = 0;
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
      killed += 1;
    } catch {
      // Gone meanwhile.
    }
  }
  return killed;
}
