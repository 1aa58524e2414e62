/** The scripts of package.json files that testing runs, in all packages of a repository. Pure. */
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
import type { Command } from "./test-words.ts";

/** By path, the text of each package.json. */
export type Manifests = ReadonlyMap<string, string>;

const RUNNER_KEYS = ["jest", "vitest", "mocha", "ava", "tap"];
const RUNS_SCRIPTS = /\b(npm|pnpm|yarn|bun|run-s|run-p|npm-run-all|lerna|turbo|nx|--run)\b/;

export function isManifest(path: string): boolean {
  return /(^|\/)package\.json$/.test(path) && !/(^|\/)node_modules\//.test(path);
}

/** Names of the scripts that the test command runs; a script of one package may run any of another. */
export function usedScripts(manifests: Manifests, given: string | null | undefined): Set<string> {
  const all = [...manifests.values()].map((text) => scriptsOf(parsed(text)));
  const used = new Set<string>();
  const take = (name: string) => {
    for (const one of [`pre${name}`, name, `post${name}`]) {
      if (used.has(one)) continue;
      const texts = all.flatMap((scripts) => (scripts[one] === undefined ? [] : [scripts[one]]));
      if (texts.length === 0) continue;
      used.add(one);
      for (const text of texts) follow(text);
    }
  };
  const follow = (text: string) => {
    if (RUNS_SCRIPTS.test(text)) for (const word of text.split(/[\s"'`;&|()]+/)) take(word);
  };
  if (given) follow(given);
  if (!given || /\b(npm|pnpm|yarn|bun)\b.*\b(t|tst|test)\b/.test(given)) take("test");
  return used;
}

/** By the words that name it, the text of each script and of the runners' settings. */
export function manifestParts(path: string, text: string, used: ReadonlySet<string>): Map<string, string> {
  const parts = new Map<string, string>();
  const manifest = parsed(text);
  const scripts = scriptsOf(manifest);
  for (const name of used) if (scripts[name] !== undefined) parts.set(`the script "${name}" in ${path}`, scripts[name]);
  for (const key of RUNNER_KEYS)
    if (manifest[key] !== undefined) parts.set(`the settings "${key}" in ${path}`, JSON.stringify(manifest[key]));
  return parts;
}

export function scriptCommands(path: string, text: string, used: ReadonlySet<string>): Command[] {
  const folder = path.slice(0, -"package.json".length);
  return Object.entries(scriptsOf(parsed(text))).flatMap(([name, script]) => (used.has(name) ? [{ folder, text: script }] : []));
}

/**
 * `after` with everything that says how to test as it was before. A package that is new keeps its place in the workspace: its
 * tests are done by saying so.
 */
export function manifestPutBack(
  path: string,
  before: string | undefined,
  after: string,
  usedBefore: ReadonlySet<string>,
  usedAfter: ReadonlySet<string>,
): string {
  const [old, now] = [parsed(before ?? "{}"), parsed(after)];
  const [oldScripts, scripts] = [scriptsOf(old), scriptsOf(now)];
  const isNewPackage = before === undefined && path.includes("/");
  for (const name of new Set([...usedBefore, ...usedAfter])) {
    const isPlain = !/^(pre|post)/.test(name);
    if (isNewPackage && isPlain && scripts[name] !== undefined) scripts[name] = "exit 0";
    else if (oldScripts[name] === undefined) delete scripts[name];
    else scripts[name] = oldScripts[name];
  }
  const whole: JsonObject = { ...now, scripts };
  for (const key of RUNNER_KEYS) {
    delete whole[key];
    if (old[key] !== undefined) whole[key] = old[key];
  }
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function scriptsOf(manifest: JsonObject): Record<string, string> {
  const scripts = isJsonObject(manifest.scripts) ? manifest.scripts : {};
  return Object.fromEntries(Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function parsed(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
