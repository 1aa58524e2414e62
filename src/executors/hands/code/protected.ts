/**
 * What a change may not touch, and the project's own tests of before, run against the change.
 * P1 A test is what lies where tests lie, and what the test command names or calls, by path, glob or folder.
 * P2 Whatever of the tests or their definition is not as it was is put back as it was before the tests of before are run.
 */
import { lstatSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HandContext } from "../../hand.ts";
import type { FileChange } from "./change.ts";
import { git, gitText } from "./git.ts";
import { linesStillRun } from "./kept-lines.ts";
import type { Mirror } from "./mirror.ts";
import { includes, isMake, mayDefineTests, putBack, steers, type TestDefinition, testDefinition } from "./test-definition.ts";
import { isOnlyTest, testFileMatcher } from "./test-files.ts";
import { runTests, type TestRun, type TestSettings } from "./test-run.ts";
import { calledBy, isShellScript, namedBy } from "./test-words.ts";
import { addWorktree, removeWorktree } from "./worktree.ts";

export interface Protection {
  isTest: (path: string) => boolean;
  /** Words for the parts of the test command's definition that are other than before, or gone. */
  redefined: string[];
  /** Test files that were only added to, and whose old lines stand in a comment, a text or another block now. */
  muted: string[];
  /** Whether tests or their definition are not as they were: then the tests of before have to be run for themselves. */
  extended: boolean;
  /** Definition files that are put back, with what they were; null: they were not there. */
  putBack: Map<string, string | null>;
  /** New files that only the tests need. */
  newTests: string[];
}

interface Side {
  commit: string;
  files: Map<string, string>;
  definition: TestDefinition;
}

export async function protectionOf(
  context: HandContext,
  mirror: Mirror,
  [base, head]: [string, string],
  files: readonly FileChange[],
  settings: TestSettings & { protect?: readonly string[] | null | undefined },
): Promise<Protection> {
  const paths = await pathsAt(context, mirror, base);
  const old = await sideAt(context, mirror, base, paths, settings);
  const now = base === head ? old : await sideAt(context, mirror, head, await pathsAt(context, mirror, head), settings);
  const named = await namedFiles(context, mirror, old, paths);
  const isTest = testFileMatcher(settings.protect, named);
  const added = files.filter(({ status }) => status === "added").map(({ path }) => path);
  const newNamed = namedBy(old.definition.commands, added);
  const touched = files.filter(({ path, status }) => status !== "added" && isTest(path));
  const back = definitionsPutBack(old, now, files, added, settings);
  return {
    isTest,
    redefined: redefinedParts(old.definition, now.definition, added),
    muted: await mutedFiles(context, mirror, [base, head], touched),
    extended: back.size > 0 || touched.length > 0,
    putBack: back,
    newTests: added.filter((path) => !back.has(path) && ((isTest(path) && isOnlyTest(path)) || newNamed.has(path))),
  };
}

async function sideAt(
  context: HandContext,
  mirror: Mirror,
  commit: string,
  paths: readonly string[],
  settings: TestSettings,
): Promise<Side> {
  const files = await textsAt(context, mirror, commit, paths.filter(mayDefineTests));
  const more = includes(files).filter((path) => paths.includes(path) && !files.has(path));
  for (const [path, text] of await textsAt(context, mirror, commit, more)) files.set(path, text);
  return { commit, files, definition: testDefinition(files, settings.test) };
}

/** Also the scripts that a named script calls, and so on. */
async function namedFiles(
  context: HandContext,
  mirror: Mirror,
  { commit, files, definition }: Side,
  paths: string[],
): Promise<Set<string>> {
  const candidates = paths.filter((path) => !files.has(path));
  const named = namedBy(definition.commands, candidates);
  for (const path of named) {
    if (!isShellScript(path)) continue;
    const text = (await textsAt(context, mirror, commit, [path])).get(path) ?? "";
    // A set is walked in order, with what is added on the way.
    for (const called of calledBy(path, text, candidates)) named.add(called);
  }
  return named;
}

function redefinedParts(old: TestDefinition, now: TestDefinition, added: readonly string[]): string[] {
  const same = (name: string, text: string) => {
    const after = now.parts.get(name);
    return name.startsWith("the test target") ? sameButNewFiles(text, after, added) : text === after;
  };
  return [...old.parts].filter(([name, text]) => !same(name, text)).map(([name]) => name);
}

/** Makefiles may list the files that the change adds, where they list some already: `OBJECTS = a.o b.o`, `app: a.o b.o`. */
function sameButNewFiles(before: string | undefined, after: string | undefined, added: readonly string[]): boolean {
  if (before === after) return true;
  if (before === undefined || after === undefined) return false;
  const [old, now] = [before.split("\n"), after.split("\n")];
  const stems = new Set(added.map(stemOf));
  return old.length === now.length && old.every((line, at) => line === now[at] || isLongerList(line, now[at] ?? "", stems));
}

function isLongerList(before: string, after: string, stems: ReadonlySet<string>): boolean {
  if (!/^[^\s#:=]+\s*[:+?]?[:=]\s*\S/.test(before)) return false;
  const old = before.split(/\s+/);
  let at = 0;
  for (const word of after.split(/\s+/)) {
    if (word === old[at]) at += 1;
    else if (!/^[\w./-]+\.\w+$/.test(word) || !stems.has(stemOf(word))) return false;
  }
  return at === old.length;
}

function stemOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.\w+$/, "");
}

function definitionsPutBack(
  old: Side,
  now: Side,
  files: readonly FileChange[],
  added: readonly string[],
  { test }: TestSettings,
): Map<string, string | null> {
  const back = new Map<string, string | null>();
  for (const { path } of files) {
    const [before, after] = [old.files.get(path), now.files.get(path)];
    if (before === undefined && after === undefined) continue;
    const sameParts = partsOf(path, old.files, test) === partsOf(path, now.files, test);
    if (steers(path) ? isMake(path) && sameButNewFiles(before, after, added) : sameParts) continue;
    back.set(path, after === undefined ? (before ?? null) : putBack(path, old.files, now.files, test));
  }
  return back;
}

/** What a file gives to the definition, in one text. */
function partsOf(path: string, files: ReadonlyMap<string, string>, given: string | null | undefined): string {
  return JSON.stringify([...testDefinition(files, given).parts].filter(([name]) => name.endsWith(` ${path}`)));
}

async function mutedFiles(
  context: HandContext,
  mirror: Mirror,
  [base, head]: [string, string],
  touched: readonly FileChange[],
): Promise<string[]> {
  const muted: string[] = [];
  for (const { path, removed, status } of touched) {
    if (removed > 0 || status !== "changed") continue;
    const [before = "", after = ""] = await Promise.all(
      [base, head].map(async (commit) => (await textsAt(context, mirror, commit, [path])).get(path)),
    );
    if (!linesStillRun(path, before, after)) muted.push(path);
  }
  return muted;
}

async function pathsAt(context: HandContext, mirror: Mirror, commit: string): Promise<string[]> {
  return (await gitText(context, ["ls-tree", "-r", "--name-only", "-z", commit], mirror.dir)).split("\0").filter(Boolean);
}

async function textsAt(context: HandContext, mirror: Mirror, commit: string, paths: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const path of paths) texts.set(path, (await git(context, ["show", `${commit}:${path}`], { cwd: mirror.dir })).stdout);
  return texts;
}

/** Runs the tests of `base`, as they were and started as they were, against the rest of `head`. */
export async function runEarlierTests(
  context: HandContext,
  mirror: Mirror,
  [base, head]: [string, string],
  files: readonly FileChange[],
  protection: Protection,
  settings: TestSettings,
): Promise<TestRun> {
  const tree = await addWorktree(context, mirror, head, "earlier");
  try {
    for (const { path, status } of files) {
      if (protection.isTest(path) && status !== "added") await git(context, ["checkout", "-q", base, "--", path], { cwd: tree });
    }
    // New tests may need what was added to the old ones.
    for (const path of protection.newTests) rmSync(join(tree, path), { force: true });
    for (const [path, text] of protection.putBack) {
      if (text === null) rmSync(join(tree, path), { force: true });
      else writePlain(tree, path, text);
    }
    return await runTests(context, tree, settings);
  } finally {
    await removeWorktree(tree);
  }
}

/** Never through a link: the file's, or one of its folders'. */
function writePlain(tree: string, path: string, text: string): void {
  const parts = dirname(path).split("/");
  parts.forEach((_, at) => {
    const folder = join(tree, ...parts.slice(0, at + 1));
    if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(folder, { force: true });
  });
  rmSync(join(tree, path), { recursive: true, force: true });
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}
