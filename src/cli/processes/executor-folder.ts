/**
 * One executor at a time has a folder: a second one would end what the first is working on, since a start settles what a former process
 * left. A file holds the pid of the one that has it; a dead one's is taken over.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, delay } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { commandOf, isAlive } from "../../jetstream/server/process-table.ts";
import { makeFolder } from "../make-folder.ts";

const LOOK_MS = 100;

export interface Taking {
  name: string;
  clock: Clock;
  /** So long one that is there may take to end. */
  waitMs: number;
  signal: AbortSignal;
}

/** Gives back what lets the folder go. Throws Terminal `executor-runs-already`. */
export async function takeExecutorFolder(dir: string, { name, clock, waitMs, signal }: Taking): Promise<() => void> {
  makeFolder(dir);
  const file = join(dir, "executor.pid");
  const until = clock.now() + waitMs;
  while (!isTaken(file)) {
    const pid = holderOf(file);
    if (pid === null) rmSync(file, { force: true });
    else if (clock.now() >= until) throw runsAlready(name, dir, pid);
    else await delay(clock, LOOK_MS, signal);
  }
  return () => {
    if (pidIn(file) === process.pid) rmSync(file, { force: true });
  };
}

function isTaken(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Null where nobody has it any more. After a kill or a restart of the machine the number may belong to some other program. */
function holderOf(file: string): number | null {
  const pid = pidIn(file);
  return pid > 0 && pid !== process.pid && isAlive(pid) && /\bexecutor start\b/.test(commandOf(pid)) ? pid : null;
}

function pidIn(file: string): number {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

function runsAlready(name: string, dir: string, pid: number): Terminal {
  return new Terminal({
    code: "executor-runs-already",
    message: `the executor ${name} runs already (process ${pid}), and two of one name would end one another's work`,
    hint: `petrel executor start --name another, or stop that one (kill ${pid})`,
    where: dir,
  });
}
