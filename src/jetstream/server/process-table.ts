/** Finds the nats-server of a folder among the running processes, also when its pid file is gone or not written yet. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configPath } from "./config.ts";

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A dead child that its parent has not reaped holds no store any more. */
function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return true;
  }
}

/** The command line of a process; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}

function allPids(): number[] {
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  }
  const text = execFileSync("ps", ["-axo", "pid="], { encoding: "utf8" });
  return text.split("\n").map(Number).filter(Boolean);
}

/** Whether this process is a server that was started with the folder's config file. */
export function isServerOf(pid: number, dir: string): boolean {
  if (!isAlive(pid)) return false;
  const command = commandOf(pid);
  // The config path ends the command line, so that a folder whose name begins alike does not match.
  return command.endsWith(`-c ${configPath(dir)}`);
}

/** The pid of the running server of this folder, by pid file first, then by the process table. */
export function runningServer(dir: string): number | null {
  const pidFile = join(dir, "nats-server.pid");
  if (existsSync(pidFile)) {
    const pid = Number(readFileSync(pidFile, "utf8").trim());
    if (pid > 0 && isServerOf(pid, dir)) return pid;
  }
  // A starter that was killed right after the spawn leaves a server without a pid file; two on one store would ruin it.
  return allPids().find((pid) => pid !== process.pid && isServerOf(pid, dir)) ?? null;
}
