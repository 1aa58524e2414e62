/**
 * Source of a reporter for node:test. It runs inside the project's own Node, 20 to 24, and prints the same on each: tests
 * sorted by file, no durations, no stacks, and for the built-in assertions what was expected and what came.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sha256 } from "../../../contract/hash.ts";

/** The end of a line of ours: what a test prints itself is indented behind a bar and cannot be taken for it. */
const SOURCE = String.raw`
import { relative, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.cwd();
// What Node itself prints when a file cannot be run: its own source, stack and version.
const NOISE = /^\s*$|^\s+at |^\s*\^+\s*$|^\s*throw new ERR_|^node:internal|^Node\.js v|^  (code|url): |^\}$/;
const EQUALITY = /^(not)?(strict|deep|deepStrict|partialDeepStrict)?equal$/i;

export default async function* report(source) {
  const files = new Map();
  const of = (name) => {
    const key = plain(name ?? "");
    if (!files.has(key)) files.set(key, { tests: [], lines: [], path: [] });
    return files.get(key);
  };
  for await (const { type, data } of source) {
    if (type === "test:stdout" || type === "test:stderr") of(data.file).lines.push(data.message);
    if (type === "test:start") {
      const file = of(data.file);
      file.path.length = data.nesting;
      file.path[data.nesting] = data.name;
    }
    if (type === "test:pass" || type === "test:fail") note(of(data.file ?? data.name), type === "test:pass", data);
  }
  for (const [name, file] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) yield* print(name, file);
}

function note(file, passed, data) {
  file.path.length = data.nesting;
  const own = data.nesting === 0 && plain(data.name) === plain(data.file ?? data.name);
  const error = data.details?.error;
  if (data.details?.type === "suite" || error?.failureType === "subtestsFailed" || (own && passed)) return;
  const left = data.skip !== undefined || data.todo !== undefined;
  const name = own ? "the file as a whole" : [...file.path, data.name].join(" > ");
  const message = passed ? "" : own ? fileError(file.lines) : words(error);
  file.tests.push({ state: left ? "skip" : passed ? "ok" : "not ok", name, message });
}

function* print(name, file) {
  for (const test of file.tests) {
    yield "@petrel " + JSON.stringify({ ...test, file: name }) + "\n";
  }
  if (file.tests.some((test) => test.state === "not ok")) {
    for (const line of file.lines.join("").split("\n").filter((line) => !NOISE.test(line)).slice(0, 40)) yield "  | " + line + "\n";
  }
}

function words(error) {
  const cause = error?.cause ?? error;
  if (typeof cause !== "object" || cause === null) return String(cause);
  if (cause.generatedMessage && EQUALITY.test(cause.operator ?? "")) {
    const not = /^not/i.test(cause.operator) ? "anything but " : "";
    return "expected " + not + show(cause.expected) + ", got " + show(cause.actual) + place(cause.stack);
  }
  const name = cause.name && cause.name !== "Error" && cause.name !== "AssertionError" ? cause.name + ": " : "";
  return name + String(cause.message ?? cause).replace(/\s+/g, " ").trim() + place(cause.stack);
}

function show(value) {
  const seen = new Set();
  const text = JSON.stringify(value, (_, item) => {
    if (item === undefined) return "undefined";
    if (typeof item === "bigint") return item + "n";
    if (item instanceof RegExp || item instanceof Error) return String(item);
    if (typeof item === "object" && item !== null) {
      if (seen.has(item)) return "[again]";
      seen.add(item);
    }
    return item;
  });
  return text === undefined ? String(value) : text.slice(0, 500);
}

function place(stack) {
  for (const line of String(stack ?? "").split("\n")) {
    const match = /((?:file:\/\/)?\/[^()\s]+):(\d+):\d+\)?$/.exec(line);
    const path = match && plain(match[1]);
    if (path && !isAbsolute(path) && !path.startsWith("..") && !path.startsWith("node_modules")) return " (" + path + ":" + match[2] + ")";
  }
  return "";
}

function fileError(lines) {
  const text = lines.join("").split("\n");
  const found = text.find((line) => /^\s*(\w*Error\b|Error \[)/.test(line));
  return found ? found.trim() : "the file could not be run to its end";
}

function plain(path) {
  const local = path.startsWith("file://") ? fileURLToPath(path) : path;
  return isAbsolute(local) ? relative(root, local) : local;
}
`;

/** Writes the reporter under the executor's folder, once, and returns its file URL (no spaces, so it fits NODE_OPTIONS). */
export function installReporter(dir: string): string {
  const folder = join(dir, "cache");
  const path = join(folder, `node-test-reporter-${sha256(SOURCE).slice(0, 12)}.mjs`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.part`, SOURCE);
    renameSync(`${path}.part`, path);
  }
  return pathToFileURL(path).href;
}
