/** Users of the managed server and their passwords, kept in `<dir>/credentials.json`, readable by the owner alone. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { isName, NAME_RULE } from "../../contract/ids.ts";
import { writePrivate } from "./private-file.ts";

export interface UserPassword {
  user: string;
  password: string;
}
export interface ExecutorUser extends UserPassword {
  /** Pools that it may pull from; null means every pool. */
  pools: string[] | null;
}
export interface Credentials {
  master: UserPassword;
  /** For the owner's own tools, the NATS CLI above all. */
  admin: UserPassword;
  readonly: UserPassword;
  /** By executor name. */
  executors: Record<string, ExecutorUser>;
}

const file = (dir: string) => join(dir, "credentials.json");
const password = () => randomBytes(24).toString("base64url");

export function executorUserName(name: string): string {
  return `executor-${name}`;
}

/** The inbox prefix that an executor's user is confined to. */
export function executorInbox(name: string): string {
  return `_INBOX_${name}`;
}

/** The credentials of this folder; made on the first call. */
export function makeCredentials(dir: string): Credentials {
  if (existsSync(file(dir))) return readCredentials(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const credentials: Credentials = {
    master: { user: "master", password: password() },
    admin: { user: "admin", password: password() },
    readonly: { user: "readonly", password: password() },
    executors: {},
  };
  writePrivate(file(dir), `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}

/** Throws Terminal `credentials-unreadable`. */
export function readCredentials(dir: string): Credentials {
  try {
    return JSON.parse(readFileSync(file(dir), "utf8")) as Credentials;
  } catch (cause) {
    throw new Terminal({
      code: "credentials-unreadable",
      message: `the broker's users could not be read from ${file(dir)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "start the system with `petrel up` in this folder first; if the file is damaged, stop the system, delete it and start again",
      cause,
    });
  }
}

/** Adds a user for an executor unless it has one; says whether the file changed. */
export function enrolExecutor(dir: string, name: string, pools: string[] | null): { user: ExecutorUser; changed: boolean } {
  for (const each of [name, ...(pools ?? [])]) {
    if (!isName(each)) throw new Terminal({ code: "bad-name", message: `"${each}" names no executor or pool: ${NAME_RULE}`, where: each });
  }
  const credentials = makeCredentials(dir);
  const known = credentials.executors[name];
  if (known && JSON.stringify(known.pools) === JSON.stringify(pools)) return { user: known, changed: false };
  const user: ExecutorUser = { user: executorUserName(name), password: known?.password ?? password(), pools };
  credentials.executors[name] = user;
  writePrivate(file(dir), `${JSON.stringify(credentials, null, 2)}\n`);
  return { user, changed: true };
}
