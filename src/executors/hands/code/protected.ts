/** What a change may not touch, and the project's own tests of before, run against the change. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HandContext } from "../../hand.ts";
import type { FileChange } from "./change.ts";
import { git, gitText } from "./git.ts";
import type { Mirror } from "./mirror.ts";
import { isConfig, mayDefineTests, namedFiles, putBack, type TestDefinition, testDefinition } from "./test-definition.ts";
import { isOnlyTest, testFileMatcher } from "./test-files.ts";
import { runTests, type TestRun, type TestSettings } from "./test-run.ts";
import { addWorktree, removeWorktree } from "./worktree.ts";

export interface Protection {
  isTest: (path: string) => boolean;
  /** Words for the parts of the test command's definition that are other than before, or gone. */
  redefined: string[];
  /** Whether tests or their definition were added to: then the tests of before have to be run for themselves. */
  extended: boolean;
  /** Definition files of both sides. */
  before: Map<string, string>;
  after: Map<string, string>;
}

export async function protectionOf(
  context: HandContext,
  mirror: Mirror,
  [base, head]: [string, string],
  files: readonly FileChange[],
  settings: TestSettings & { protect?: readonly string[] | null | undefined },
): Promise<Protection> {
  const paths = (await gitText(context, ["ls-tree", "-r", "--name-only", "-z", base], mirror.dir)).split("\0").filter(Boolean);
  const before = await textsAt(context, mirror, base, paths.filter(mayDefineTests));
  const after = new Map(before);
  for (const { path, status } of files.filter((file) => mayDefineTests(file.path))) {
    after.delete(path);
    if (status === "deleted") continue;
    for (const [name, text] of await textsAt(context, mirror, head, [path])) after.set(name, text);
  }
  const [old, now] = [testDefinition(before, settings.test), testDefinition(after, settings.test)];
  const isTest = testFileMatcher(settings.protect, namedFiles(old, settings.test, paths));
  const added = [...now.keys()].some((name) => !old.has(name));
  return {
    isTest,
    redefined: redefinedParts(old, now),
    extended: added || files.some(({ path, status }) => status === "changed" && isTest(path)),
    before,
    after,
  };
}

function redefinedParts(old: TestDefinition, now: TestDefinition): string[] {
  return [...old].filter(([name, text]) => now.get(name) !== text).map(([name]) => name);
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
    const { before, after, isTest } = protection;
    for (const { path, status } of files) {
      if (isTest(path) && status !== "added") await git(context, ["checkout", "-q", base, "--", path], { cwd: tree });
      // New tests may need what was added to the old ones.
      if (isTest(path) && status === "added" && isOnlyTest(path)) rmSync(join(tree, path), { force: true });
    }
    const given = settings.test;
    for (const [path, text] of after) {
      const same = before.get(path) === text;
      const defines = [before.get(path) ?? "", text].some((one) => testDefinition(new Map([[path, one]]), given).size > 0);
      if (same || !(defines || isConfig(path)) || redefinedSame(path, before.get(path), text, given)) continue;
      const old = putBack(path, before.get(path), text, given);
      // Never written through: what stands there may be a link.
      rmSync(join(tree, path), { force: true });
      if (old !== null) writeFileSync(join(tree, path), old);
    }
    return await runTests(context, tree, settings);
  } finally {
    await removeWorktree(tree);
  }
}

/** Other lines of the file changed, and nothing that says how to test. */
function redefinedSame(path: string, before: string | undefined, after: string, given: string | null | undefined): boolean {
  const [old, now] = [before ?? "", after].map((text) => JSON.stringify([...testDefinition(new Map([[path, text]]), given)]));
  return old === now;
}
