/** The managed server's config file. It holds passwords: written for the owner's eyes alone. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import type { Credentials } from "./credentials.ts";
import type { Permissions, ServerUser } from "./permissions.ts";
import { serverUsers } from "./permissions.ts";
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

function permissionsText(permissions: Permissions): string {
  const side = (rule: { allow: string[]; deny?: string[] }) =>
    `{ allow: ${list(rule.allow)}${rule.deny ? `, deny: ${list(rule.deny)}` : ""} }`;
  const responses = permissions.responses
    ? `, allow_responses: { max: ${permissions.responses.max}, expires: "${permissions.responses.expires}" }`
    : "";
  return `{ publish: ${side(permissions.publish)}, subscribe: ${side(permissions.subscribe)}${responses} }`;
}

function userText(user: ServerUser): string {
  const permissions = user.permissions ? `, permissions: ${permissionsText(user.permissions)}` : "";
  return `    { user: ${JSON.stringify(user.user)}, password: ${JSON.stringify(user.password)}${permissions} }`;
}

export function configText(dir: string, settings: ServerSettings, credentials: Credentials): string {
  // With `always` every acknowledged message of a plain file stream has reached the disk (design section 4).
  const synced = settings.durability === "fsync" || settings.durability === "replicated";
  const sync = synced ? "\n  sync_interval: always" : "";
  return `# Written by petrel at each start; changes made by hand are lost.
server_name: "petrel-${sha256(dir).slice(0, 12)}"
listen: "127.0.0.1:${settings.port}"
http: "127.0.0.1:-1"
ports_file_dir: ${JSON.stringify(dir)}
pid_file: ${JSON.stringify(join(dir, "nats-server.pid"))}
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(join(dir, "store"))}
  max_file_store: ${settings.maxFileBytes}
  max_memory_store: 1GB${sync}
}
${clusterText(settings.cluster)}${usersText(credentials)}`;
}

/** The users and their rights, as a server's config file has them. */
function usersText(credentials: Credentials): string {
  return `authorization {
  timeout: 5
  users: [
${serverUsers(credentials).map(userText).join("\n")}
  ]
}
`;
}

/** For servers that somebody else runs: `include "users.conf"` in their config files gives them the users of this folder. */
export function writeUsers(dir: string, credentials: Credentials): string {
  const path = join(dir, "users.conf");
  writePrivate(path, usersText(credentials));
  return path;
}

function clusterText(cluster: ClusterSettings | undefined): string {
  if (!cluster) return "";
  return `cluster { name: ${JSON.stringify(cluster.name)}, listen: "127.0.0.1:${cluster.port}", routes: ${list(cluster.routes)} }\n`;
}

export function writeConfig(dir: string, settings: ServerSettings, credentials: Credentials): void {
  writePrivate(configPath(dir), configText(dir, settings, credentials));
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
