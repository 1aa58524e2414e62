/** The managed server's config file. It says who may log in: written for the owner's eyes alone. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import { listenText, type ServerListening } from "./listening.ts";
import type { Credentials } from "./login.ts";
import { operatorClaims } from "./minting.ts";
import { passwordUsers } from "./password-users.ts";
import { writePrivate } from "./private-file.ts";

export type Durability = "fsync" | "os" | "memory" | "replicated";

/** What the config file was made from, kept beside it so that a reload changes nothing but the users. */
export interface ServerSettings {
  durability: Durability;
  /** -1: the server picks one. */
  port: number;
  /** Most bytes of the store. */
  maxFileBytes: number;
  cluster?: ClusterSettings;
  listening?: ServerListening;
}

/** A server that is one of several: their addresses for each other, its own among them, like `nats://127.0.0.1:6222`. */
export interface ClusterSettings {
  name: string;
  /** Where this one listens for the others. */
  port: number;
  routes: string[];
}

export const configPath = (dir: string) => join(dir, "nats-server.conf");
const settingsPath = (dir: string) => join(dir, "server.json");

const list = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;

function configText(dir: string, settings: ServerSettings, users: string): string {
  // With `always` every acknowledged message of a plain file stream has reached the disk (design section 4).
  const synced = settings.durability === "fsync" || settings.durability === "replicated";
  const sync = synced ? "\n  sync_interval: always" : "";
  return `# Written by petrel at each start; changes made by hand are lost.
server_name: "petrel-${sha256(dir).slice(0, 12)}"
${listenText(settings.listening, settings.port)}
http: "127.0.0.1:-1"
ports_file_dir: ${JSON.stringify(dir)}
pid_file: ${JSON.stringify(join(dir, "nats-server.pid"))}
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(join(dir, "store"))}
  max_file_store: ${settings.maxFileBytes}
  max_memory_store: 1GB${sync}
}
${clusterText(settings.cluster)}${users}`;
}

/** Who may log in, as a server's config file has it: an operator with its accounts, or a list of passwords. */
async function usersText(dir: string, credentials: Credentials): Promise<string> {
  if (!credentials.keys) return passwordUsers(credentials);
  const { operator, systemAccount, accounts } = await operatorClaims(credentials, credentials.keys);
  const preload = Object.entries(accounts).map(([account, claims]) => `  ${account}: ${claims}\n`);
  return `operator: ${operator}
system_account: ${systemAccount}
resolver: { type: full, dir: ${JSON.stringify(dir)}, allow_delete: true, interval: "2m", limit: 100000 }
resolver_preload: {
${preload.join("")}}
`;
}

/**
 * For servers that somebody else runs: `include` of this file in their config files gives them the users of this folder. Accounts
 * that come later are pushed to them and kept in `petrel-accounts`, a folder in the one where each server runs.
 */
export async function writeUsers(dir: string, credentials: Credentials): Promise<string> {
  const path = join(dir, "users.conf");
  writePrivate(path, await usersText("petrel-accounts", credentials));
  return path;
}

function clusterText(cluster: ClusterSettings | undefined): string {
  if (!cluster) return "";
  return `cluster { name: ${JSON.stringify(cluster.name)}, listen: "127.0.0.1:${cluster.port}", routes: ${list(cluster.routes)} }\n`;
}

export async function writeConfig(dir: string, settings: ServerSettings, credentials: Credentials): Promise<void> {
  writePrivate(configPath(dir), configText(dir, settings, await usersText(join(dir, "accounts"), credentials)));
  writePrivate(settingsPath(dir), `${JSON.stringify(settings)}\n`);
}

export function readSettings(dir: string): ServerSettings | null {
  if (!existsSync(settingsPath(dir))) return null;
  return JSON.parse(readFileSync(settingsPath(dir), "utf8")) as ServerSettings;
}

/** Lets the server itself check the file. Throws Terminal `nats-server-config` with its words. */
export function validateConfig(binary: string, dir: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(binary, ["-c", configPath(dir), "-t"], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const said = `${stderr}${stdout}`.trim() || error.message;
      reject(
        new Terminal({
          code: "nats-server-config",
          message: `nats-server refuses its config file: ${said}`,
          where: configPath(dir),
          hint: "this is a fault of Petrel or of an unusual folder name; `petrel doctor` shows more",
        }),
      );
    });
  });
}
