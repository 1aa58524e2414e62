/** By pid and start time together a process is known for good: a pid alone may be another one's by now. */
import { readFileSync } from "node:fs";

/** Start time in clock ticks since boot, as /proc has it; null when the process is gone, and where there is no /proc. */
export function startOf(pid: number | string): string | null {
  return statOf(pid)?.start ?? null;
}

export interface ProcessStat {
  parent: number;
  session: number;
  start: string;
}

/** Null when the process is gone, and where there is no /proc. */
export function statOf(pid: number | string): ProcessStat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program stands in brackets, and may hold any character.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [parent, session, start] = [fields[1], fields[3], fields[19]];
    return start === undefined ? null : { parent: Number(parent), session: Number(session), start };
  } catch {
    return null;
  }
}
