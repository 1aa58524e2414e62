/**
 * Secrets of `http` requests: named in a net, resolved when the request is sent, and taken out of whatever comes back.
 *
 * S1 A value is in no event, log, error or artefact. S2 A net names only what was meant for nets: `PETREL_SECRET_<NAME>` of the
 * environment, or an entry of `secrets.json` in the state folder. S3 A secret that lists hosts goes to no other.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { Refused, Terminal } from "../contract/errors.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import { secretFilter } from "../contract/secret-forms.ts";
import { listsAddress, listsName, parseHostList, type Target } from "./host-list.ts";

export interface Secret {
  value: string;
  /** Where it may go; null for wherever requests may go. */
  hosts: string[] | null;
  /** The nets that may use it; null for all. */
  nets?: string[] | null;
}
/** Errors: Terminal `secret-missing`, `secrets-file`. */
export type SecretSource = (name: string) => Secret;

/**
 * Read anew for each request: a secret that was changed needs no new start. `sealed`: those of `petrel secret set`, which come first;
 * it throws when one is there and cannot be opened.
 */
export function secretSource(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  sealed: (name: string) => Secret | null = () => null,
): SecretSource {
  return (name) => {
    const entry = sealed(name) ?? entryOf(file, name);
    if (entry) return entry;
    const variable = `PETREL_SECRET_${name.toUpperCase()}`;
    const value = env[variable];
    if (value !== undefined && value !== "") return { value, hosts: null };
    throw new Terminal({
      code: "secret-missing",
      message: `there is no secret ${name}`,
      hint: `petrel secret set ${name}, then petrel resume`,
    });
  };
}

function entryOf(file: string, name: string): Secret | undefined {
  if (!existsSync(file)) return undefined;
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
    throw new Terminal({ code: "secrets-file", message: `${file} can be read by others`, hint: "chmod 600 it; then petrel resume" });
  }
  let all: unknown;
  try {
    all = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The parser's own message would quote the file.
    throw new Terminal({ code: "secrets-file", message: `${file} is no JSON`, hint: 'it reads {"name": "value"}; then petrel resume' });
  }
  if (!isJsonObject(all) || !Object.hasOwn(all, name)) return undefined;
  const entry = all[name];
  if (typeof entry === "string" && entry !== "") return { value: entry, hosts: null };
  if (isJsonObject(entry) && typeof entry.value === "string" && entry.value !== "" && isHosts(entry.hosts)) {
    return { value: entry.value, hosts: entry.hosts ?? null };
  }
  const hint = 'an entry is a text, or {"value": text, "hosts": [...]}; then petrel resume';
  throw new Terminal({ code: "secrets-file", message: `${file}: the entry ${name} is not sound`, hint });
}

function isHosts(value: Json | undefined): value is string[] | undefined {
  return value === undefined || (Array.isArray(value) && value.every((host) => typeof host === "string"));
}

/** Which nets may use it, where that is said. Errors: Refused `secret-net-refused`. */
export function mustBeForNet(name: string, { nets }: Secret, net: string): void {
  if (!nets || nets.includes(net)) return;
  const hint = `petrel secret set ${name} --net ${net}`;
  throw new Refused({ code: "secret-net-refused", message: `the secret ${name} is not for the net ${net}`, hint });
}

/** S3. Errors: Refused `secret-host-refused`. */
export function mustBeFor(name: string, secret: Secret, target: Target): void {
  if (secret.hosts === null) return;
  const list = parseHostList(secret.hosts);
  if (listsName(list, target) || (isIP(target.host) !== 0 && listsAddress(list, target.host, target))) return;
  throw new Refused({
    code: "secret-host-refused",
    message: `the secret ${name} is not for ${target.host}`,
    hint: 'its "hosts" in secrets.json say where it may go',
  });
}

/** S1. */
export function withoutSecrets(secrets: ReadonlyMap<string, string>): (bytes: Uint8Array) => Buffer {
  return secretFilter(secrets).stripBytes;
}
