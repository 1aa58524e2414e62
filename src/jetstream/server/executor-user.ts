/** Gives an executor its own user, and takes it away, on servers that run: their claims are pushed, nothing is restarted. */
import { existsSync, realpathSync } from "node:fs";
import type { Clock } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { pushClaims } from "./claims-push.ts";
import { type Enrolment, enrolExecutor, readCredentials, revokeExecutor } from "./credentials.ts";
import { publicName } from "./key-pair.ts";
import type { ExecutorUser } from "./login.ts";
import { operatorClaims } from "./minting.ts";
import { runningServer } from "./process-table.ts";
import { readPorts } from "./readiness.ts";
import { withStartLock } from "./start-lock.ts";

export interface ExecutorUserOptions extends Enrolment {
  clock: Clock;
  /** Servers that somebody else runs; default: the managed one of this folder, if it runs. */
  servers?: string;
  /** PEM of who signed their certificate, where the machine does not know it. */
  ca?: string | undefined;
}

const LOCK_MS = 30_000;

/** Adds the user `executor-<name>` and waits until the servers know it. Errors: Terminal `bad-name`, Retryable `claims-not-taken`. */
export async function addExecutorUser(folder: string, name: string, options: ExecutorUserOptions): Promise<ExecutorUser> {
  const dir = realpathSync(folder);
  return await withStartLock(dir, options.clock, LOCK_MS, async () => {
    const { user, changed } = await enrolExecutor(dir, name, options);
    if (changed) await push(dir, name, options);
    return user;
  });
}

/** Cuts an executor off: its connection is closed by the servers, and it is let in no more. */
export async function removeExecutorUser(folder: string, name: string, options: ExecutorUserOptions): Promise<void> {
  if (!existsSync(folder)) throw new Terminal({ code: "unknown-executor", message: `no executor ${name} was enrolled here` });
  const dir = realpathSync(folder);
  await withStartLock(dir, options.clock, LOCK_MS, async () => {
    revokeExecutor(dir, name, options.clock.now());
    await push(dir, name, options);
  });
}

async function push(dir: string, name: string, { clock, servers, ca }: ExecutorUserOptions): Promise<void> {
  const credentials = readCredentials(dir);
  const account = credentials.executors[name]?.account;
  const url = servers ?? managedUrl(dir);
  if (!credentials.keys || !credentials.system || account === undefined || url === null) return;
  const { accounts } = await operatorClaims(credentials, credentials.keys);
  // The executor's own account first: Petrel's then finds what it imports from there.
  const wanted = [publicName(account), publicName(credentials.keys.accounts.petrel)];
  await pushClaims({
    url,
    ...(ca === undefined ? {} : { ca }),
    login: credentials.system,
    clock,
    claims: wanted.map((key) => accounts[key] ?? ""),
  });
}

function managedUrl(dir: string): string | null {
  const pid = runningServer(dir);
  return pid === null ? null : (readPorts(dir, pid)?.url ?? null);
}
