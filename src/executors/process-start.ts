/** By pid and start time together a process is known for good: a pid alone may be another one's by now. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Start time in clock ticks since boot, as /proc has it; null when the process is gone, and where there is no /proc. */
export function startOf(pid: number | string): string | null {
  return statOf(pid)?.start ?? null;
}

export interface ProcessStat {
  parent: number;
  /** Of its process group. */
  group: number;
  session: number;
  start: string;
  /** It has ended, and whoever is its parent has not looked yet. */
  over: boolean;
}

/** Null when the process is gone, and where there is no /proc. */
export function statOf(pid: number | string): ProcessStat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program stands in brackets, and may hold any character.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent, group, session] = fields;
    const start = fields[19];
    if (start === undefined) return null;
    return { parent: Number(parent), group: Number(group), session: Number(session), start, over: "ZXx".includes(state) };
  } catch {
    return null;
  }
}

/** Its process group, by `ps` where there is no /proc; null when the process is gone. */
export function groupOf(pid: number, hasTable = existsSync("/proc/self/stat")): number | null {
  if (hasTable) return statOf(pid)?.group ?? null;
  try {
    return Number(execFileSync("ps", ["-o", "pgid=", "-p", String(pid)], { encoding: "utf8", timeout: 5_000 })) || null;
  } catch {
    return null;
  }
}
