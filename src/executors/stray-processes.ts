/** Finds processes by a mark in their environment: a process that left its group with `setsid` still carries it. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Ids of the processes whose environment holds `mark` (like `PETREL_RUN=abc`), this process excepted. */
export function processesWith(mark: string): number[] {
  const found = existsSync("/proc/self/environ") ? fromProc(mark) : fromPs(mark);
  return found.filter((pid) => pid !== process.pid);
}

function fromProc(mark: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
      } catch {
        // Gone meanwhile, or another user's.
        return false;
      }
    });
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

/** Ends them with SIGKILL. A process may fork while it is looked for, so looking ends only when nothing is found. */
export function killProcessesWith(mark: string): number {
  let killed = 0;
  for (let round = 0; round < 10; round += 1) {
    const pids = processesWith(mark);
    if (pids.length === 0) break;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
        killed += 1;
      } catch {
        // Gone meanwhile.
      }
    }
  }
  return killed;
}
