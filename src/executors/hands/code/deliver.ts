/**
 * `code.deliver`: merges the tasks' branches on the newest target, tests the result and pushes it.
 * D1 One push for one firing: before anything the target is searched for our trailer; found means pushed.
 * D2 Never forced: a push goes under the lease of the commit that was merged on; an origin that moved is fetched and merged again.
 * D3 Only what has passed the tests as merged is pushed, and only with the owner's word just before.
 * The value is {ok, head, pushed, alreadyPushed, merged, tests, rework, keep, reworkTasks, keepTasks, integration, reason,
 * findings}: `rework` and `keep` hold the items of `branches` as they came, the others their task ids; `integration` is the
 * commit from which rework sees what its change has to fit.
 */
import type { z } from "zod";
import { Retryable } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { type Bundle, haveCommit } from "./bundle.ts";
import { deliverInput } from "./cards.ts";
import { type Stamp, stampOf, TRAILER } from "./commit.ts";
import { gitText } from "./git.ts";
import { leasedPush } from "./leased-push.ts";
import { type Conflict, mergeBranches, mergeOne, type TaskBranch } from "./merge.ts";
import { baseCommit, type Mirror, openMirror, originBranch, refreshMirror } from "./mirror.ts";
import { runTests, type TestRun } from "./test-run.ts";
import { addWorktree } from "./worktree.ts";

type DeliverInput = z.output<typeof deliverInput>;

interface GivenBranch extends TaskBranch {
  bundle: Bundle | null | undefined;
  item: Json;
}

interface Delivery {
  context: HandContext;
  input: DeliverInput;
  branches: GivenBranch[];
  mirror: Mirror;
  tree: string;
  stamp: Stamp;
  installed: Set<string>;
}

export async function codeDeliver(context: HandContext): Promise<Json> {
  const input = parseInput(deliverInput, context.order);
  // Known before the tests have run.
  context.checkPush({ repo: input.repo, branch: input.target });
  const mirror = await openMirror(context, input.repo);
  const stamp = stampOf(context, input);
  const start = (await originBranch(context, mirror, input.target)) ?? (await baseCommit(context, mirror, input.base));
  const tree = await addWorktree(context, mirror, start, "tree");
  const branches = input.branches.map((item) => ({
    task: item.task,
    branch: item.branch,
    head: item.head ?? item.work?.head ?? "",
    bundle: item.bundle ?? item.work?.bundle,
    item: item as Json,
  }));
  const delivery: Delivery = { context, input, branches, mirror, tree, stamp, installed: new Set() };
  // What is pushed already needs no branch any more.
  if (!(await pushedBefore(delivery))) for (const { head, bundle } of branches) await haveCommit(context, mirror, head, bundle);
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
  const { context, input, branches, mirror, tree, stamp } = delivery;
  const done = await pushedBefore(delivery); // D1
  if (done) return await alreadyThere(delivery, done);
  const lease = await originBranch(context, mirror, input.target);
  const target = lease ?? (await baseCommit(context, mirror, input.base));
  const { head, conflicts } = await mergeBranches(context, tree, target, branches, input.message, stamp);
  if (conflicts.length > 0) return conflicted(branches, conflicts, head);
  const tests = await test(delivery);
  if (!tests.ok) return redTests(branches, tests, await culprits(delivery, target), head);
  if (head === (await originBranch(context, mirror, input.target)))
    return delivered(delivery, head, tests, { pushed: false, alreadyPushed: false });
  await context.confirm(); // D3
  const arrived = async () => {
    await refreshMirror(context, mirror);
    return (await pushedBefore(delivery)) !== null;
  };
  if (!(await leasedPush(context, mirror, { repo: input.repo, branch: input.target, head, lease, arrived }))) return null; // D2
  return delivered(delivery, head, tests, { pushed: true, alreadyPushed: false });
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
  return delivered(delivery, head, await test(delivery), { pushed: true, alreadyPushed: true });
}

async function test({ context, input, tree, installed }: Delivery): Promise<TestRun> {
  return await runTests(context, tree, input, installed);
}

/** Merges one at a time and tests after each: the tasks that turned the tests red. They are left out for those after them. */
async function culprits(delivery: Delivery, target: string): Promise<GivenBranch[]> {
  const { context, input, branches, tree, stamp } = delivery;
  await mergeBranches(context, tree, target, [], input.message, stamp);
  const red: GivenBranch[] = [];
  let good = target;
  for (const [at, branch] of branches.entries()) {
    const conflict = await mergeOne(context, tree, branch, `Merge ${branch.branch}`, stamp, at);
    if (!conflict && (await test(delivery)).ok) {
      good = await gitText(context, ["rev-parse", "HEAD"], tree);
      continue;
    }
    red.push(branch);
    await mergeBranches(context, tree, good, [], input.message, stamp);
  }
  // Red together and green one by one cannot be, unless the tests waver: then the last to come looks again.
  return red.length > 0 ? red : branches.slice(-1);
}

function delivered({ input, branches }: Delivery, head: string, tests: TestRun, how: { pushed: boolean; alreadyPushed: boolean }): Json {
  const merged = branches.map(({ task }) => task);
  const did = how.alreadyPushed ? "was pushed before" : how.pushed ? "is pushed" : "had it all";
  const passed = tests.countable
    ? `${tests.passed} ${tests.passed === 1 ? "test passes" : "tests pass"}`
    : "the tests pass, though they could not be counted";
  const tasks = `${merged.length} ${merged.length === 1 ? "task" : "tasks"}`;
  return {
    ...{ ok: true, head, ...how, merged, tests: counted(tests), integration: null, reason: null },
    ...divided(branches, []),
    findings: `Merged ${tasks}, ${passed}, and ${input.target} ${did} at ${head.slice(0, 10)}.`,
  };
}

/** The others are merged in `integration`: on it the change can be made again so that it fits. */
function conflicted(branches: GivenBranch[], conflicts: Conflict[], integration: string): Json {
  const tasks = new Set(conflicts.map(({ task }) => task));
  const findings = conflicts.map(
    ({ task, files, text }) =>
      `The branch of task ${task} cannot be merged with the others: it conflicts in ${files.join(", ") || "its history"}. The others are merged already: make this task's change again on top of them.\n${text}`,
  );
  const rework = branches.filter(({ task }) => tasks.has(task));
  return { ...failed(branches, rework), tests: null, integration, reason: "conflict", findings: findings.join("\n\n") };
}

/** All are merged in `integration`, where the failure can be seen. */
function redTests(branches: GivenBranch[], tests: TestRun, red: GivenBranch[], integration: string): Json {
  const failing = tests.failing.slice(0, 8).map(({ name, message }) => `- ${name}: ${message}`);
  const what = failing.length > 0 ? failing.join("\n") : tests.output.slice(-1500);
  const findings = `The tests fail on the merged result; they turned red with ${red.map(({ task }) => task).join(", ")}:\n${what}`;
  return { ...failed(branches, red), tests: counted(tests), integration, reason: "red-tests", findings };
}

function failed(branches: GivenBranch[], rework: GivenBranch[]) {
  return { ok: false, head: null, pushed: false, alreadyPushed: false, merged: [], ...divided(branches, rework) };
}

function divided(branches: GivenBranch[], rework: GivenBranch[]) {
  const keep = branches.filter((branch) => !rework.includes(branch));
  return {
    rework: rework.map(({ item }) => item),
    keep: keep.map(({ item }) => item),
    reworkTasks: rework.map(({ task }) => task),
    keepTasks: keep.map(({ task }) => task),
  };
}

function counted({ passed, failed: red, failing, countable }: TestRun) {
  return { passed, failed: red, failing, countable };
}
