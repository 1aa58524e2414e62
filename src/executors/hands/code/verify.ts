/**
 * `code.verify`: runs the project's own tests on a branch and on what it started from, and says what keeps the change from
 * being done. The value is {ok, exitCode, tests, baseline, commits, files, problems, findings, told, diff}; `tests` and `baseline`
 * hold {passed, failed, countable}, countable false where the output tells no numbers or nothing was run; `told` is the
 * numbers, where there are any, and the findings, for a sentence.
 * V1 Existing tests, and what says how the project is tested, are as they were, or were only added to.
 * V2 Where anything of them is not as it was, the earlier ones pass on the change as they were, and as many as before.
 * V3 A run of no test shows nothing.
 */
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { haveCommit } from "./bundle.ts";
import { verifyInput } from "./cards.ts";
import { changeBetween } from "./change.ts";
import { baseCommit, type Mirror, mergeBase, openMirror } from "./mirror.ts";
import { protectionOf, runEarlierTests } from "./protected.ts";
import { runTests, type TestRun, type TestSettings } from "./test-run.ts";
import { problemsOf, remarkOn } from "./verdict.ts";
import { addWorktree, removeWorktree } from "./worktree.ts";

export async function codeVerify(context: HandContext): Promise<Json> {
  const input = parseInput(verifyInput, context.order);
  const mirror = await openMirror(context, input.repo);
  const origin = await baseCommit(context, mirror, input.base);
  const head = input.head ? await haveCommit(context, mirror, input.head, input.bundle) : origin;
  const base = (await mergeBase(context, mirror, head, origin)) ?? origin;
  const change = await changeBetween(context, mirror.dir, base, head);
  const protection = await protectionOf(context, mirror, [base, head], change.files, input);
  const { isTest, redefined, muted } = protection;
  const baseline = await testsAt(context, mirror, base, input, "baseline");
  const tests = head === base ? null : await testsAt(context, mirror, head, input, "head");
  const said = input.said as Json | undefined;
  const idle = head === (input.from ?? startOf(said));
  const evidence = { change, idle, isTest, redefined, muted, tests, baseline, said };
  let problems = problemsOf({ ...evidence, earlier: null });
  // The tests of before are run for themselves only where the answer hangs on them.
  if (problems.length === 0 && protection.extended) {
    const earlier = await runEarlierTests(context, mirror, [base, head], change.files, protection, input);
    problems = problemsOf({ ...evidence, earlier });
  }
  const remark = tests && (tests.ok || problems.length === 0) ? remarkOn(tests) : "";
  const findings = [...problems.map(({ message }) => message), remark].filter(Boolean).join("\n\n");
  return {
    ok: problems.length === 0,
    exitCode: (tests ?? baseline).exitCode,
    tests: counted(tests),
    baseline: { passed: baseline.passed, failed: baseline.failed, countable: baseline.countable },
    ...change,
    problems,
    findings,
    told: [tests && tests.passed + tests.failed > 0 && tests.countable ? `${tests.passed} passed, ${tests.failed} failed.` : "", findings]
      .filter(Boolean)
      .join(" "),
  };
}

function counted(tests: TestRun | null): JsonObject {
  if (!tests) return { passed: 0, failed: 0, failing: [], countable: false };
  return { passed: tests.passed, failed: tests.failed, failing: tests.failing, countable: tests.countable };
}

function startOf(said: Json | undefined): Json | undefined {
  return isJsonObject(said) && isJsonObject(said.work) ? said.work.start : undefined;
}

/** The baseline of one commit is the same for all tasks that start there: it is run once. */
async function testsAt(
  context: HandContext,
  mirror: Mirror,
  commit: string,
  settings: TestSettings,
  name: "baseline" | "head",
): Promise<TestRun> {
  if (name === "head") return await runAt(context, mirror, commit, settings, name);
  const { memo } = context.workshop;
  const key = JSON.stringify(["tests", mirror.repo, commit, settings.install ?? null, settings.test ?? null]);
  const known = memo.get(key) as Promise<TestRun> | undefined;
  if (known) {
    // Whoever ran it may have been called off meanwhile: that is no answer for us.
    const run = await known.catch(() => null);
    if (run) return run;
  }
  const fresh = runAt(context, mirror, commit, settings, name);
  memo.set(key, fresh);
  fresh.catch(() => memo.delete(key));
  return await fresh;
}

async function runAt(context: HandContext, mirror: Mirror, commit: string, settings: TestSettings, name: string): Promise<TestRun> {
  const tree = await addWorktree(context, mirror, commit, name);
  try {
    return await runTests(context, tree, { install: settings.install, test: settings.test });
  } finally {
    await removeWorktree(tree);
  }
}
