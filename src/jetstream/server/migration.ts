/**
 * From a list of passwords to accounts, without losing a stream.
 * M1 The old users are kept beside the new ones, and nothing of the store is deleted.
 * M2 Each step is one rename and may be cut off: the next start goes on with it.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { enrolExecutor, formerFile, freshCredentials, makeCredentials, readCredentials } from "./credentials.ts";
import { publicName } from "./key-pair.ts";
import type { Credentials, ExecutorUser } from "./login.ts";

/** The users of a folder; where it had passwords, new ones for the same executors. */
export async function leavePasswords(dir: string): Promise<{ credentials: Credentials; changed: boolean }> {
  const former = join(dir, "credentials.json");
  if (!existsSync(former) || readCredentials(dir).keys) return { credentials: await makeCredentials(dir), changed: false };
  const { executors } = readCredentials(dir);
  renameSync(former, formerFile(dir)); // M1
  await freshCredentials(dir);
  for (const [name, { pools }] of Object.entries<ExecutorUser>(executors)) await enrolExecutor(dir, name, { pools });
  return { credentials: readCredentials(dir), changed: true };
}

/** The one account that a server without accounts keeps its streams under. */
const SHARED = "$G";

/** What lay in the shared account becomes Petrel's. Only while no server runs. */
export function moveStore(dir: string, { keys }: Credentials): void {
  if (!keys) return;
  const streams = (account: string) => join(dir, "store", "jetstream", account);
  const wanted = streams(publicName(keys.accounts.petrel));
  if (!existsSync(streams(SHARED)) || existsSync(wanted)) return;
  mkdirSync(dirname(wanted), { recursive: true });
  renameSync(streams(SHARED), wanted); // M2
}
