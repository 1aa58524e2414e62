/** What decides how a project is tested: its scripts, its Makefile's test rule, its runners' settings. Pure: texts in, parts out. */
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";

/** By path, the text of each file that can hold a part of the definition. */
export type DefinitionFiles = ReadonlyMap<string, string>;
/** By the words that name it, the text of each part. */
export type TestDefinition = ReadonlyMap<string, string>;

const MAKEFILE = /^(GNUm|[Mm])akefile$/;
const CONFIG =
  /(^|\/)((jest|vitest|vitest\.workspace|ava|karma|playwright)\.(config|conf)\.\w+|vitest\.workspace\.\w+|\.mocharc(\.\w+)?|\.taprc|\.npmrc|pytest\.ini|tox\.ini|\.rspec|phpunit\.xml)$/;
const SECTIONED = /(^|\/)(pyproject\.toml|setup\.cfg)$/;
const RUNNER_KEYS = ["jest", "vitest", "mocha", "ava", "tap"];
const RUNS_SCRIPTS = /\b(npm|pnpm|yarn|bun|run-s|run-p|npm-run-all|--run)\b/;

export function isConfig(path: string): boolean {
  return CONFIG.test(path);
}

export function mayDefineTests(path: string): boolean {
  return path === "package.json" || MAKEFILE.test(path) || CONFIG.test(path) || SECTIONED.test(path);
}

/** `given`: the command line of the user, if any. */
export function testDefinition(files: DefinitionFiles, given: string | null | undefined): TestDefinition {
  const parts = new Map<string, string>();
  for (const [path, text] of files) {
    if (path === "package.json") {
      for (const [name, value] of manifestParts(text, given)) parts.set(name, value);
    } else if (MAKEFILE.test(path)) {
      const rule = testRule(text);
      if (rule) parts.set(`the test target of the ${path}`, rule);
    } else if (SECTIONED.test(path)) {
      const section = sections(text).filter(isTestSection).join("\n").trim();
      if (section) parts.set(`the pytest section of ${path}`, section);
    } else if (CONFIG.test(path)) parts.set(`the test configuration ${path}`, text);
  }
  return parts;
}

/** Files of the project that the definition or the given command names. */
export function namedFiles(definition: TestDefinition, given: string | null | undefined, files: readonly string[]): Set<string> {
  const commands = [...definition].filter(([name]) => !name.startsWith("the test configuration")).map(([, text]) => text);
  const words = new Set(
    [...commands, given ?? ""].flatMap((text) => text.split(/[\s"'`;&|()=<>,]+/)).map((word) => word.replace(/^\.\//, "")),
  );
  return new Set(files.filter((path) => words.has(path) && !mayDefineTests(path)));
}

/** A definition file of the change with everything that says how it is tested as it was before; null: it goes. */
export function putBack(path: string, before: string | undefined, after: string, given: string | null | undefined): string | null {
  if (path === "package.json") return manifestPutBack(before ?? "{}", after, given);
  if (SECTIONED.test(path)) {
    const own = sections(before ?? "").filter(isTestSection);
    return [...sections(after).filter((section) => !isTestSection(section)), ...own].join("");
  }
  return before ?? null;
}

function manifestParts(text: string, given: string | null | undefined): Map<string, string> {
  const parts = new Map<string, string>();
  const manifest = parsed(text);
  const scripts = scriptsOf(manifest);
  for (const name of usedScripts(scripts, given)) parts.set(`the script "${name}" in package.json`, scripts[name] ?? "");
  for (const key of RUNNER_KEYS) {
    if (manifest[key] !== undefined) parts.set(`the settings "${key}" in package.json`, JSON.stringify(manifest[key]));
  }
  return parts;
}

function manifestPutBack(before: string, after: string, given: string | null | undefined): string {
  const [old, now] = [parsed(before), parsed(after)];
  const [oldScripts, scripts] = [scriptsOf(old), scriptsOf(now)];
  for (const name of usedScripts(scripts, given)) delete scripts[name];
  for (const name of usedScripts(oldScripts, given)) scripts[name] = oldScripts[name] ?? "";
  const whole: JsonObject = { ...now, scripts };
  for (const key of RUNNER_KEYS) {
    delete whole[key];
    if (old[key] !== undefined) whole[key] = old[key];
  }
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** The test scripts and every script that these run, with its pre and post. */
function usedScripts(scripts: Record<string, string>, given: string | null | undefined): string[] {
  const used = new Set<string>();
  const take = (name: string) => {
    for (const one of [`pre${name}`, name, `post${name}`]) {
      const text = scripts[one];
      if (text === undefined || used.has(one)) continue;
      used.add(one);
      follow(text);
    }
  };
  const follow = (text: string) => {
    if (RUNS_SCRIPTS.test(text)) for (const word of text.split(/[\s"'`;&|()]+/)) take(word);
  };
  if (given) follow(given);
  if (!given || /\b(npm|pnpm|yarn|bun)\b.*\b(t|tst|test)\b/.test(given)) take("test");
  return [...used];
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

/** Every rule for `test` with its recipe, and what changes how make runs any recipe; "" without such a rule. */
function testRule(makefile: string): string {
  const kept: string[] = [];
  let inRule = false;
  let found = false;
  for (const line of makefile.replaceAll("\\\n", " ").split("\n")) {
    if (/^[^\t#:=]*(^|\s)test(\s[^:=]*)?::?([^=]|$)/.test(line)) inRule = found = !/^\.PHONY/.test(line) || found;
    else if (/^\S/.test(line) && !line.startsWith("#")) inRule = false;
    const isSwitch = /^\s*(export\s+|override\s+)*(SHELL|\.SHELLFLAGS|MAKEFLAGS)\s*[:?+]*=|^\.IGNORE|^\.ONESHELL/.test(line);
    if ((inRule && line.trim() !== "") || isSwitch) kept.push(line.trimEnd());
  }
  return found ? kept.join("\n") : "";
}

function sections(text: string): string[] {
  return text.split(/^(?=\[)/m);
}

function isTestSection(section: string): boolean {
  return /^\[tool[.:]pytest/.test(section);
}
