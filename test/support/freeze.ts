/** SIGSTOP that holds: the signal returns before every thread has stopped, and one that still runs may answer a request. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { waitUntil } from "./wait-until.ts";

/** Stops a process, and settles when none of its threads runs any more. */
export async function freezeProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await waitUntil(`process ${pid} stands still`, () => threadStates(pid).every((state) => state === "T"));
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
