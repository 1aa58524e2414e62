/** How a command reaches the system that runs in a state folder. */
import type { Clock } from "../contract/clock.ts";
import { Retryable } from "../contract/errors.ts";
import type { IdSource } from "../contract/ids.ts";
import { connectBroker } from "../jetstream/connect.ts";
import { isAlive } from "../jetstream/server/process-table.ts";
import type { Connection } from "./doors.ts";
import { connectingTo, notRunning, readRuntime } from "./runtime-file.ts";

/** Errors: Terminal `not-running`, Retryable `broker-unreachable`. */
export async function connection(
  dir: string,
  { cwd, clock, ids, repair = false }: { cwd: string; clock: Clock; ids: IdSource; repair?: boolean },
): Promise<Connection> {
  const { pid, nats } = readRuntime(dir, cwd);
  const login = (repair ? nats.admin : undefined) ?? nats;
  try {
    const broker = await connectBroker({
      url: nats.url,
      user: login.user,
      password: login.password,
      name: "petrel-cli",
      clock,
      ids,
      connectMs: 5000,
      ...connectingTo(nats),
    });
    return { broker, close: () => broker.close() };
  } catch (error) {
    // The file may be left over from a kill.
    if (error instanceof Retryable && !isAlive(pid)) throw notRunning(dir, cwd, `process ${pid}, which ran here, is gone`);
    throw error;
  }
}
