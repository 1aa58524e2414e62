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
import { listsAddress, listsName, parseHostList, type Target } from "./host-list.ts";

export interface Secret {
  value: string;
  /** Where it may go; null for wherever requests may go. */
  hosts: string[] | null;
}
/** Errors: Terminal `secret-missing`, `secrets-file`. */
export type SecretSource = (name: string) => Secret;

/** Read anew for each request: a secret that was changed needs no new start. */
export function secretSource(file: string, env: Readonly<Record<string, string | undefined>>): SecretSource {
  return (name) => {
    const entry = entryOf(file, name);
    if (entry !== undefined) return entry;
    const variable = `PETREL_SECRET_${name.toUpperCase()}`;
    const value = env[variable];
    if (value !== undefined && value !== "") return { value, hosts: null };
    throw new Terminal({
      code: "secret-missing",
      message: `there is no secret ${name}`,
      hint: `add it to secrets.json in the state folder, or start the master with ${variable} in its environment; then petrel resume`,
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

/** S1. As it is, and as JSON, a URL or base64 writes it. */
export function withoutSecrets(secrets: ReadonlyMap<string, string>): (bytes: Uint8Array) => Buffer {
  const forms = [...secrets]
    .flatMap(([name, value]) => formsOf(value).map((form) => ({ form: Buffer.from(form).toString("latin1"), instead: `<secret ${name}>` })))
    .sort((a, b) => b.form.length - a.form.length);
  return (bytes) => {
    let text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    if (!forms.some(({ form }) => text.includes(form))) return Buffer.from(bytes);
    for (const { form, instead } of forms) text = text.replaceAll(form, instead);
    return Buffer.from(text, "latin1");
  };
}

/** JSON in JSON is what a server makes that quotes the body it got; a path and a query escape in ways of their own. */
function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const url = new URL(`http://a/?${value}`);
  url.pathname = value;
  const urls = [
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    url.pathname.slice(1),
    url.search.slice(1),
  ];
  const lower = urls.map((form) => form.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()));
  const bytes = Buffer.from(value);
  const forms = [value, json, json.replaceAll("/", "\\/"), JSON.stringify(json).slice(1, -1), ...urls, ...lower];
  return [...new Set([...forms, bytes.toString("base64"), bytes.toString("base64url")])].filter((form) => form !== "");
}
