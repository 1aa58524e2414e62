/** How a project is installed and tested, read from its files. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import { plainFile } from "./plain-file.ts";

/** A lock file of a big project has tens of megabytes. */
const LOCK_LIMIT = 64 * 1024 * 1024;

export interface TestCommand {
  argv: string[];
  env: Record<string, string>;
  /** What its output looks like. */
  kind: "node-test" | "other";
}
export interface InstallCommand {
  argv: string[];
  /** Changes when the install must be done again. */
  fingerprint: string;
}

interface Manifest {
  scripts?: Record<string, string>;
  dependencies?: object;
  devDependencies?: object;
}

/** `given`: a command line, "" for none, null or undefined to detect. */
export function installCommand(tree: string, given: string | null | undefined): InstallCommand | null {
  const fingerprint = createHash("sha256");
  for (const name of ["package.json", "package-lock.json", "npm-shrinkwrap.json"]) {
    const content = plainFile(join(tree, name), LOCK_LIMIT);
    if (content) fingerprint.update(name).update(content);
  }
  if (given === "") return null;
  if (given) return { argv: ["/bin/sh", "-c", given], fingerprint: fingerprint.digest("hex") };
  const manifest = readManifest(tree);
  const needs = Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies }).length > 0;
  if (!needs) return null;
  const locked = existsSync(join(tree, "package-lock.json")) || existsSync(join(tree, "npm-shrinkwrap.json"));
  const argv = locked ? ["npm", "ci", "--loglevel=error"] : ["npm", "install", "--no-package-lock", "--loglevel=error"];
  return { argv, fingerprint: fingerprint.digest("hex") };
}

/** Throws Terminal `no-test-command`. `reporter` is the address of the node:test reporter. */
export function testCommand(tree: string, given: string | null | undefined, reporter: string): TestCommand {
  if (given)
    return withReporter(["/bin/sh", "-c", given], given === "npm test" ? (readManifest(tree)?.scripts?.test ?? given) : given, reporter);
  const script = readManifest(tree)?.scripts?.test;
  if (script && !script.includes("no test specified")) return withReporter(["npm", "--silent", "test"], script, reporter);
  if (makefileHasTest(tree)) return { argv: ["make", "test"], env: {}, kind: "other" };
  if (existsSync(join(tree, "go.mod"))) return { argv: ["go", "test", "-v", "./..."], env: {}, kind: "other" };
  if (existsSync(join(tree, "Cargo.toml"))) return { argv: ["cargo", "test"], env: {}, kind: "other" };
  if (looksLikePytest(tree)) return { argv: ["python3", "-m", "pytest"], env: { PYTEST_ADDOPTS: "-rA -q --color=no" }, kind: "other" };
  throw new Terminal({
    code: "no-test-command",
    message:
      "this project does not say how it is tested: no test script in package.json, no test target in a Makefile, no go.mod, no pytest",
    hint: 'name the command, like --test "make test"',
  });
}

/**
 * Node's own default reporter differs between its versions. Two reporters on one command line need destinations, so a
 * script that names a reporter keeps its own.
 */
function withReporter(argv: string[], script: string, reporter: string): TestCommand {
  const isNodeTest = /\bnode\b[^|;&]*\s--test(\s|$)/.test(script) && !script.includes("--test-reporter");
  if (!isNodeTest) return { argv, env: { CI: "1", NO_COLOR: "1" }, kind: "other" };
  return { argv, env: { NO_COLOR: "1", NODE_OPTIONS: `--test-reporter=${reporter}` }, kind: "node-test" };
}

function readManifest(tree: string): Manifest | null {
  const content = plainFile(join(tree, "package.json"));
  if (!content) return null;
  try {
    return JSON.parse(content.toString("utf8")) as Manifest;
  } catch {
    // An agent may have broken it: then the project has no test command, and the message says so.
    return null;
  }
}

function makefileHasTest(tree: string): boolean {
  return ["Makefile", "makefile", "GNUmakefile"].some((name) => /^test\s*:/m.test(plainFile(join(tree, name))?.toString("utf8") ?? ""));
}

function looksLikePytest(tree: string): boolean {
  if (["pytest.ini", "conftest.py"].some((name) => existsSync(join(tree, name)))) return true;
  const folders = [tree, join(tree, "tests"), join(tree, "test")].filter((path) =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory(),
  );
  return folders.some((path) => readdirSync(path).some((name) => /^test_.*\.py$|_test\.py$/.test(name)));
}
