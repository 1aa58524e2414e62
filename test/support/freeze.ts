/** SIGSTOP that holds: the signal returns before every thread has stopped, and one that still runs may answer a request. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { statOf } from "../../src/executors/process-start.ts";
import { waitUntil } from "./wait-until.ts";

/** Stops a process, and settles when none of its threads runs any more. */
export async function freezeProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await waitUntil(`process ${pid} stands still`, () => threadStates(pid).every((state) => state === "T"));
}

/** The same for a whole process group; gives the pids of who is in it. */
export async function freezeGroup(leader: number): Promise<number[]> {
  process.kill(-leader, "SIGSTOP");
  const members = () => processesInGroup(leader);
  await waitUntil(`process group ${leader} stands still`, () =>
    members()
      .flatMap(threadStates)
      .every((state) => state === "T"),
  );
  return members();
}

/** Who is in a process group and has not ended. Linux. */
export function processesInGroup(leader: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const stat = statOf(pid);
      return stat?.group === leader && !stat.over;
    })
    .map(Number);
}

function threadStates(pid: number): string[] {
  if (process.platform !== "linux")
    return [
      execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" })
        .trim()
        .charAt(0),
    ];
  return readdirSync(`/proc/${pid}/task`).map((thread) => threadState(`/proc/${pid}/task/${thread}/stat`));
}

function threadState(file: string): string {
  try {
    const stat = readFileSync(file, "utf8");
    // The name stands in brackets and may hold anything; the state follows the last one.
    return stat.charAt(stat.lastIndexOf(")") + 2);
  } catch {
    return "ended meanwhile: look again";
  }
}
