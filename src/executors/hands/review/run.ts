/**
 * `review.run`: reads a change, runs what the repository declares as checks, runs its tests and notes which lines ran.
 * The value is {ok, base, head, files, findings, counts, shown, tests, coverage, checks, told, report}; `findings` holds each with file
 * and line, the worst first; `report` is the artefact with all of them and the whole diff. `ok`: nothing blocking, and the tests green.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { Terminal } from "../../../contract/errors.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import { isTestFile } from "../../../personas/rules/diff-lines.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { haveCommit } from "../code/bundle.ts";
import { changeBetween, type FileChange } from "../code/change.ts";
import { git, gitText } from "../code/git.ts";
import { baseCommit, findCommit, mergeBase, openMirror } from "../code/mirror.ts";
import { installCommand } from "../code/test-command.ts";
import { runTests, type TestRun } from "../code/test-run.ts";
import { addWorktree } from "../code/worktree.ts";
import { addedLines, addedSet } from "./added-lines.ts";
import { reviewCard, reviewInput } from "./card.ts";
import { coverageOf } from "./coverage.ts";
import { brokenFiles, type DeclaredRun, declaredFindings } from "./declared-checks.ts";
import { countBySeverity, type Finding, inOrder, toldOf } from "./finding.ts";
import { ownFindings } from "./own-checks.ts";
import { type CoverageNumbers, coverageFindings, failingTests } from "./untested.ts";

type ReviewInput = z.output<typeof reviewInput>;

/** Findings that a token carries; the report has all. */
const SHOWN = 100;

export async function reviewRun(context: HandContext): Promise<Json> {
  const input = parseInput(reviewInput, context.order);
  const mirror = await openMirror(context, input.repo);
  const origin = await baseCommit(context, mirror, input.base);
  const head = await headOf(context, mirror, input);
  const base = (await mergeBase(context, mirror, head, origin)) ?? origin;
  const change = await changeBetween(context, mirror.dir, base, head);
  const tree = await addWorktree(context, mirror, head, "tree");
  const diff = await wholeDiff(context, tree, base, head);
  const added = addedLines(diff);
  const lines = addedSet(added);
  const here = change.files.filter(({ status }) => status !== "deleted").map(({ path }) => path);

  const own = [...ownFindings(added), ...(await brokenFiles(context, tree, here))];
  const tested = await testsOf(context, tree, input, lines, here);
  const declared = input.checks ? await declaredFindings(context, tree) : { runs: [], findings: [] };
  const marked = declared.findings.map((finding) => ({ ...finding, added: lines.get(finding.file)?.has(finding.line ?? 0) ?? false }));
  // What a linter says about files that the change did not touch was so before.
  const findings = inOrder([...own, ...tested.findings, ...marked.filter(({ file }) => here.includes(file) || file === "package.json")]);
  const counts = countBySeverity(findings);
  const ok = counts.blocking === 0 && (tested.run?.ok ?? true);
  const summary = summaryOf({ ok, base, head, files: change.files, findings, tested, runs: declared.runs });
  const report = await context.artifact(JSON.stringify({ ...summary, findings, diff }, null, 2), {
    name: "review.json",
    mediaType: "application/json",
  });
  return { ...summary, findings: findings.slice(0, SHOWN), shown: Math.min(SHOWN, findings.length), report: { ...report } };
}

async function headOf(context: HandContext, mirror: Awaited<ReturnType<typeof openMirror>>, input: ReviewInput): Promise<string> {
  if (input.head) return await haveCommit(context, mirror, input.head, input.bundle);
  const found = input.branch ? await findCommit(context, mirror, input.branch) : null;
  if (found) return found;
  throw new Terminal({
    code: input.branch ? "branch-not-found" : "bad-input",
    message: input.branch ? `the origin ${input.repo} has no branch ${input.branch}` : "neither `head` nor `branch` says what is reviewed",
    hint: "give the commit as `head`, or a branch of the origin as `branch`",
    where: `${context.order.net}/${context.order.transition}`,
  });
}

async function wholeDiff(context: HandContext, tree: string, base: string, head: string): Promise<string> {
  const how = ["--no-color", "--no-ext-diff", "--no-renames", "--no-textconv", "-U0", "--src-prefix=a/", "--dst-prefix=b/"];
  return (await git(context, ["diff", ...how, base, head], { cwd: tree, outputBytes: 8 * 1024 * 1024 })).stdout;
}

interface Tested {
  run: TestRun | null;
  findings: Finding[];
  coverage: CoverageNumbers | null;
}

async function testsOf(
  context: HandContext,
  tree: string,
  input: ReviewInput,
  added: ReadonlyMap<string, ReadonlySet<number>>,
  here: readonly string[],
): Promise<Tested> {
  if (input.test === "") {
    // The checks may need what an install brings, tests or not.
    const install = input.checks ? installCommand(tree, input.install) : null;
    if (install) await context.run({ argv: install.argv, cwd: tree, timeoutMs: 10 * 60_000, env: npmCache(context) });
    return { run: null, findings: [], coverage: null };
  }
  const notes = join(context.workDir, "v8");
  mkdirSync(notes, { recursive: true });
  const noting: HandContext = {
    ...context,
    run: (command) => context.run({ ...command, env: { ...command.env, ...(input.coverage ? { NODE_V8_COVERAGE: notes } : {}) } }),
  };
  const run = await runTests(noting, tree, input);
  const listed = (await gitText(context, ["ls-files", "-z"], tree)).split("\0").filter((file) => isTestFile(file));
  const failing = failingTests(tree, run.failing, listed);
  const coverage = input.coverage ? coverageOf(tree, notes, here) : null;
  if (!coverage) return { run, findings: failing, coverage: null };
  const { numbers, findings } = coverageFindings(coverage, added);
  return { run, findings: [...failing, ...findings], coverage: numbers };
}

function npmCache({ workshop }: HandContext): Record<string, string> {
  return { npm_config_cache: `${workshop.dir}/cache/npm` };
}

function summaryOf(parts: {
  ok: boolean;
  base: string;
  head: string;
  files: FileChange[];
  findings: Finding[];
  tested: Tested;
  runs: DeclaredRun[];
}): JsonObject {
  const { run, coverage } = parts.tested;
  const tests = run ? { passed: run.passed, failed: run.failed, countable: run.countable, ok: run.ok } : null;
  return {
    ...{ ok: parts.ok, base: parts.base, head: parts.head, files: parts.files },
    counts: countBySeverity(parts.findings),
    tests,
    coverage,
    checks: parts.runs,
    told: toldOf(parts.findings),
  };
}

export const reviewHands: readonly HandDefinition[] = [{ ...reviewCard, run: reviewRun }];
