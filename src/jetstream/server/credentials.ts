/**
 * Who may log in to the servers, kept in `<dir>/credentials.json`, readable by the owner alone: the keys of an operator and its
 * accounts, and each user with its JWT. Folders of before have a list of passwords there (`former`).
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { isName, NAME_RULE } from "../../contract/ids.ts";
import { newSeed } from "./key-pair.ts";
import type { Credentials, ExecutorUser, Login, OperatorKeys } from "./login.ts";
import { mintExecutor, mintUser, USERS, type UserName } from "./minting.ts";
import { writePrivate } from "./private-file.ts";

const file = (dir: string) => join(dir, "credentials.json");
export const formerFile = (dir: string) => join(dir, "credentials.former.json");

export function executorUserName(name: string): string {
  return `executor-${name}`;
}

/** The credentials of this folder, made on the first call. Users get what this version of Petrel grants them; their keys stay. */
export async function makeCredentials(dir: string): Promise<Credentials> {
  if (!existsSync(file(dir))) return await freshCredentials(dir);
  const known = readCredentials(dir);
  if (!known.keys) return known;
  const minted = await mintAll(known, known.keys);
  write(dir, minted);
  return minted;
}

/** New keys and users in place of what there is, if anything. */
export async function freshCredentials(dir: string): Promise<Credentials> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const account = () => newSeed("account");
  const keys: OperatorKeys = {
    operator: newSeed("operator"),
    accounts: { system: account(), petrel: account(), readers: account(), people: account() },
  };
  const minted = await mintAll({ executors: {} }, keys);
  write(dir, minted);
  return minted;
}

async function mintAll(known: Partial<Credentials> & Pick<Credentials, "executors">, keys: OperatorKeys): Promise<Credentials> {
  const seed = (name: UserName) => known[name]?.password ?? newSeed("user");
  const users = await Promise.all(USERS.map(async (name) => [name, await mintUser(keys, name, seed(name))] as const));
  return { ...(Object.fromEntries(users) as Record<UserName, Login>), keys, executors: known.executors };
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

/** A list of passwords, as folders of before have it: for tests, and for what reads them. */
export function passwordCredentials(): Credentials {
  const login = (user: string): Login => ({ user, password: password() });
  return { master: login("master"), admin: login("admin"), readonly: login("readonly"), executors: {} };
}
const password = () => randomBytes(24).toString("base64url");

export interface Enrolment {
  /** Default: every pool. */
  pools?: string[] | null;
  labels?: string[];
  /** Whether one that was revoked gets new keys; else that is an error. */
  anew?: boolean;
}

/** Adds a user for an executor unless it has one that may as much; says whether the file changed. Errors: Terminal `bad-name`, `executor-revoked`. */
export async function enrolExecutor(dir: string, name: string, what: Enrolment = {}): Promise<{ user: ExecutorUser; changed: boolean }> {
  for (const each of [name, ...(what.pools ?? [])]) {
    if (!isName(each)) throw new Terminal({ code: "bad-name", message: `"${each}" names no executor or pool: ${NAME_RULE}`, where: each });
  }
  const credentials = existsSync(file(dir)) ? readCredentials(dir) : await makeCredentials(dir);
  const found = credentials.executors[name];
  if (found?.revoked !== undefined && !what.anew)
    throw new Terminal({ code: "executor-revoked", message: `the executor ${name} was revoked`, hint: `petrel executor enroll ${name}` });
  const known = found?.revoked === undefined ? found : undefined;
  const pools = what.pools ?? null;
  const labels = what.labels ?? known?.labels;
  const same = known && JSON.stringify([known.pools, known.labels]) === JSON.stringify([pools, labels]);
  if (same) return { user: known, changed: false };
  const about = { pools, ...(labels === undefined ? {} : { labels }) };
  const user = credentials.keys
    ? { ...(await executorLogin(name, pools, known)), ...about }
    : { user: executorUserName(name), password: known?.password ?? password(), ...about };
  credentials.executors[name] = user;
  write(dir, credentials);
  return { user, changed: true };
}

async function executorLogin(name: string, pools: string[] | null, known: ExecutorUser | undefined): Promise<Login & { account: string }> {
  const account = known?.account ?? newSeed("account");
  return { ...(await mintExecutor(account, name, pools, known?.password ?? newSeed("user"))), account };
}

/** Whether credentials of this name that were given earlier still let somebody in. */
export function isEnrolled(dir: string, name: string): boolean {
  const known = existsSync(file(dir)) ? readCredentials(dir).executors[name] : undefined;
  return known !== undefined && known.revoked === undefined;
}

/** Turns the executor's user away from now on. Throws Terminal `unknown-executor`. */
export function revokeExecutor(dir: string, name: string, nowMs: number): ExecutorUser {
  const credentials = readCredentials(dir);
  const known = credentials.executors[name];
  if (!known) {
    const names = Object.keys(credentials.executors);
    throw new Terminal({
      code: "unknown-executor",
      message: `no executor ${name} was enrolled here`,
      hint: names.length > 0 ? `enrolled: ${names.join(", ")}` : `petrel executor enroll ${name}`,
    });
  }
  if (!credentials.keys) {
    throw new Terminal({
      code: "passwords-only",
      message: "these servers have a list of passwords, which Petrel cannot change while they run",
      hint: `delete the user ${known.user} in users.conf and reload the servers`,
    });
  }
  const user: ExecutorUser = { ...known, revoked: Math.floor(nowMs / 1000) };
  credentials.executors[name] = user;
  write(dir, credentials);
  return user;
}

function write(dir: string, credentials: Credentials): void {
  writePrivate(file(dir), `${JSON.stringify(credentials, null, 2)}\n`);
}
