/** One starter at a time for a folder: a file made with O_EXCL that holds its maker's pid; a dead maker's file is removed. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../contract/clock.ts";
import { delay } from "../../contract/clock.ts";
import { Retryable } from "../../contract/errors.ts";
import { isAlive } from "./process-table.ts";

function tryLock(path: string): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Null while the file is being written. */
function holder(path: string): number | null {
  try {
    return Number(readFileSync(path, "utf8")) || null;
  } catch {
    return null;
  }
}

/** Runs `work` alone; throws Retryable `server-starting` when another process holds the folder for too long. */
export async function withStartLock<T>(dir: string, clock: Clock, waitMs: number, work: () => Promise<T>): Promise<T> {
  const path = join(dir, "start.lock");
  const end = clock.now() + waitMs;
  let emptySince: number | null = null;
  while (!tryLock(path)) {
    const pid = holder(path);
    emptySince = pid === null ? (emptySince ?? clock.now()) : null;
    const abandoned = pid === null ? clock.now() - (emptySince ?? clock.now()) > 2000 : !isAlive(pid);
    if (abandoned) rmSync(path, { force: true });
    else if (clock.now() > end) {
      throw new Retryable({
        code: "server-starting",
        message: `process ${pid ?? "?"} has been starting the nats-server of ${dir} for ${Math.round(waitMs / 1000)} s`,
        hint: `wait for it, or end it and remove ${path}`,
      });
    } else await delay(clock, 50);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
