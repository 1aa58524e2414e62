/**
 * `code.deliver`: merges the tasks' branches on the newest target, tests the result and pushes it.
 * D1 One push for one firing: before anything the target is searched for our trailer; found means pushed.
 * D2 Never forced: an origin that moved is fetched and merged again.
 * D3 Only what has passed the tests as merged is pushed, and only with the owner's word just before.
 * The value is {ok, head, pushed, alreadyPushed, merged, tests, rework, keep, reason, findings}.
 */
import { z } from "zod";
import { Refused, Retryable } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { haveCommit } from "./bundle.ts";
import { type Stamp, TRAILER } from "./commit.ts";
import { gitRemote, gitText, originError, words } from "./git.ts";
import { type Conflict, mergeBranches, mergeOne, type TaskBranch } from "./merge.ts";
import { baseCommit, type Mirror, openMirror, originBranch, refreshMirror } from "./mirror.ts";
import { branchName, commitSha, isoDate, repoAddress } from "./names.ts";
import { runTests, type TestRun } from "./test-run.ts";
import { addWorktree } from "./worktree.ts";

const inputSchema = z.strictObject({
  repo: repoAddress,
  target: branchName.describe("Branch to push; made from `base` when the origin has none"),
  base: branchName,
  branches: z.array(z.strictObject({ task: z.string(), branch: branchName, head: commitSha, bundle: z.string().nullish() })).min(1),
  message: z.string().min(1).max(8000),
  install: z.string().nullish(),
  test: z.string().nullish(),
  seed: isoDate.nullish(),
  author: z.string().max(200).nullish(),
  tries: z.int().min(1).max(20).default(5).describe("How often a moved origin is merged again"),
});
type DeliverInput = z.output<typeof inputSchema>;

interface Delivery {
  context: HandContext;
  input: DeliverInput;
  mirror: Mirror;
  tree: string;
  stamp: Stamp;
  installed: Set<string>;
}

export async function codeDeliver(context: HandContext): Promise<Json> {
  const input = parseInput(inputSchema, context.order);
  const mirror = await openMirror(context, input.repo);
  const stamp = { seed: input.seed ?? context.order.at, author: input.author ?? undefined, key: context.order.key };
  const start = (await originBranch(context, mirror, input.target)) ?? (await baseCommit(context, mirror, input.base));
  const tree = await addWorktree(context, mirror, start, "tree");
  const delivery: Delivery = { context, input, mirror, tree, stamp, installed: new Set() };
  for (const { head, bundle } of input.branches) {
    if (await pushedBefore(delivery)) break;
    await haveCommit(context, mirror, head, bundle);
  }
  for (let tries = 0; tries < input.tries; tries += 1) {
    const answer = await deliverOnce(delivery);
    if (answer) return answer;
    await refreshMirror(context, mirror);
  }
  throw new Retryable({
    code: "origin-moves",
    message: `the branch ${input.target} of ${input.repo} moved ${input.tries} times while we merged`,
    hint: "it will be tried again",
  });
}

/** One round; null when the origin moved meanwhile. */
async function deliverOnce(delivery: Delivery): Promise<Json | null> {
  const { context, input, mirror, tree, stamp } = delivery;
  const done = await pushedBefore(delivery); // D1
  if (done) return await alreadyThere(delivery, done);
  const target = (await originBranch(context, mirror, input.target)) ?? (await baseCommit(context, mirror, input.base));
  const { head, conflicts } = await mergeBranches(context, tree, target, input.branches, input.message, stamp);
  if (conflicts.length > 0) return conflicted(input.branches, conflicts);
  const tests = await test(delivery);
  if (!tests.ok) return redTests(input.branches, tests, await culprits(delivery, target));
  if (head === (await originBranch(context, mirror, input.target)))
    return delivered(input, head, tests, { pushed: false, alreadyPushed: false });
  await context.confirm(); // D3
  if (!(await push(delivery, head))) return null;
  return delivered(input, head, tests, { pushed: true, alreadyPushed: false });
}

/** The newest commit of the target with our trailer, or null. */
async function pushedBefore({ context, input, mirror, stamp }: Delivery): Promise<string | null> {
  if (!(await originBranch(context, mirror, input.target))) return null;
  const format = `--format=%H%x00%(trailers:key=${TRAILER},valueonly,separator=%x01)`;
  const text = await gitText(
    context,
    ["log", "--fixed-strings", `--grep=${TRAILER}: ${stamp.key}`, format, `refs/remotes/origin/${input.target}`],
    mirror.dir,
  );
  for (const line of text.split("\n")) {
    const [sha = "", trailers = ""] = line.split("\0");
    if (trailers.split("\u0001").some((value) => value.trim() === stamp.key)) return sha;
  }
  return null;
}

async function alreadyThere(delivery: Delivery, head: string): Promise<Json> {
  const { context, input, tree, stamp } = delivery;
  await mergeBranches(context, tree, head, [], input.message, stamp);
  return delivered(input, head, await test(delivery), { pushed: true, alreadyPushed: true });
}

async function test({ context, input, tree, installed }: Delivery): Promise<TestRun> {
  return await runTests(context, tree, input, installed);
}

/** Plain push (D2). False when the origin moved. Throws Refused `push-refused`, Retryable `origin-unreachable`. */
async function push(delivery: Delivery, head: string): Promise<boolean> {
  const { context, input, mirror } = delivery;
  const result = await gitRemote(context, ["push", "--porcelain", input.repo, `${head}:refs/heads/${input.target}`], mirror.dir);
  if (result.exitCode === 0) return true;
  const said = `${result.stdout}\n${result.stderr}`;
  if (/\[rejected\]|cannot lock ref|fetch first|non-fast-forward|reference already exists|incorrect old value/i.test(said)) return false;
  if (/\[remote rejected\]|declined|protected branch/i.test(said)) {
    throw new Refused({
      code: "push-refused",
      message: `the origin refuses the push to ${input.target}: ${words(result)}`,
      hint: "push to another branch with --push-to, or change the origin's rules",
    });
  }
  // The answer may have been lost after the push: the next round looks for the trailer.
  await refreshMirror(context, mirror);
  if (await pushedBefore(delivery)) return true;
  throw originError(input.repo, result);
}

/** Merges one at a time and tests after each: the tasks that turned the tests red. They are left out for those after them. */
async function culprits(delivery: Delivery, target: string): Promise<TaskBranch[]> {
  const { context, input, tree, stamp } = delivery;
  await mergeBranches(context, tree, target, [], input.message, stamp);
  const red: TaskBranch[] = [];
  let good = target;
  for (const [at, branch] of input.branches.entries()) {
    const conflict = await mergeOne(context, tree, branch, `Merge ${branch.branch}`, stamp, at);
    if (!conflict && (await test(delivery)).ok) {
      good = await gitText(context, ["rev-parse", "HEAD"], tree);
      continue;
    }
    red.push(branch);
    await mergeBranches(context, tree, good, [], input.message, stamp);
  }
  // Red together and green one by one cannot be, unless the tests waver: then the last to come looks again.
  return red.length > 0 ? red : input.branches.slice(-1);
}

function delivered(input: DeliverInput, head: string, tests: TestRun, how: { pushed: boolean; alreadyPushed: boolean }): Json {
  const merged = input.branches.map(({ task }) => task);
  return { ok: true, head, ...how, merged, tests: counted(tests), rework: [], keep: merged, reason: null, findings: "" };
}

function conflicted(branches: TaskBranch[], conflicts: Conflict[]): Json {
  const rework = conflicts.map(({ task }) => task);
  const findings = conflicts.map(
    ({ task, files, text }) =>
      `The branch of task ${task} cannot be merged with the others: it conflicts in ${files.join(", ") || "its history"}.\n${text}`,
  );
  return { ...failed(branches, rework), tests: null, reason: "conflict", findings: findings.join("\n\n") };
}

function redTests(branches: TaskBranch[], tests: TestRun, red: TaskBranch[]): Json {
  const rework = red.map(({ task }) => task);
  const failing = tests.failing.slice(0, 8).map(({ name, message }) => `- ${name}: ${message}`);
  const what = failing.length > 0 ? failing.join("\n") : tests.output.slice(-1500);
  return {
    ...failed(branches, rework),
    tests: counted(tests),
    reason: "red-tests",
    findings: `The tests fail on the merged result; they turned red with ${rework.join(", ")}:\n${what}`,
  };
}

function failed(branches: TaskBranch[], rework: string[]) {
  const keep = branches.map(({ task }) => task).filter((task) => !rework.includes(task));
  return { ok: false, head: null, pushed: false, alreadyPushed: false, merged: [], rework, keep };
}

function counted({ passed, failed: red, failing }: TestRun) {
  return { passed, failed: red, failing };
}
