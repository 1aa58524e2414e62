/** Gives an executor its own user on a running managed server, by a reload and without a restart. */
import { realpathSync } from "node:fs";
import type { Clock } from "../../contract/clock.ts";
import { delay } from "../../contract/clock.ts";
import { Retryable } from "../../contract/errors.ts";
import { readSettings, writeConfig } from "./config.ts";
import type { ExecutorUser } from "./credentials.ts";
import { enrolExecutor, readCredentials } from "./credentials.ts";
import { runningServer } from "./process-table.ts";
import { readPorts } from "./readiness.ts";
import { withStartLock } from "./start-lock.ts";

/** Adds the user `executor-<name>` and waits until the server knows it. `pools`: those it may pull from, null for all. */
export async function addExecutorUser(
  folder: string,
  name: string,
  options: { clock: Clock; pools?: string[] | null },
): Promise<ExecutorUser> {
  const dir = realpathSync(folder);
  return await withStartLock(dir, options.clock, 30_000, async () => {
    const { user, changed } = enrolExecutor(dir, name, options.pools ?? null);
    const settings = readSettings(dir);
    const pid = runningServer(dir);
    if (!changed || settings === null || pid === null) return user;
    const before = await loadTime(dir, pid);
    writeConfig(dir, settings, readCredentials(dir));
    process.kill(pid, "SIGHUP");
    const end = options.clock.now() + 10_000;
    while ((await loadTime(dir, pid)) === before) {
      if (options.clock.now() > end) {
        throw new Retryable({
          code: "reload-unanswered",
          message: `nats-server ${pid} did not take the new user ${user.user} within 10 s`,
          hint: `look at nats-server.log in ${dir}`,
        });
      }
      await delay(options.clock, 25);
    }
    return user;
  });
}

/** When the server last read its config file, by its monitor. */
async function loadTime(dir: string, pid: number): Promise<string | null> {
  const ports = readPorts(dir, pid);
  if (!ports) return null;
  try {
    const answer = await fetch(`${ports.monitoringUrl}/varz`, { signal: AbortSignal.timeout(2000) });
    return ((await answer.json()) as { config_load_time?: string }).config_load_time ?? null;
  } catch {
    return null;
  }
}
