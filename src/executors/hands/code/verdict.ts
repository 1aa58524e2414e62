/** When a change is not done, whatever anybody says of it. Pure. */
import type { Json } from "../../../contract/json.ts";
import { isJsonObject } from "../../../contract/json.ts";
import type { Change } from "./change.ts";
import type { TestRun } from "./test-run.ts";

export type Problem = {
  code: "no-commit" | "empty-diff" | "changed-test" | "deleted-test" | "red-tests" | "no-tests" | "regression" | "refused";
  message: string;
};

export interface Evidence {
  change: Change;
  /** The attempt added no commit to those that it began with. */
  idle: boolean;
  isTest: (path: string) => boolean;
  /** Words for parts of the test command's definition that were changed. */
  redefined: readonly string[];
  /** Test files whose old lines no longer run where they stand. */
  muted: readonly string[];
  /** On the head; null when nothing was committed. */
  tests: TestRun | null;
  baseline: TestRun;
  /** The tests of the base on the head, where they had to be run for themselves. */
  earlier: TestRun | null;
  /** The agent's own answer. */
  said: Json | undefined;
}

const LISTED = 8;

export function problemsOf(evidence: Evidence): Problem[] {
  return [...refusals(evidence), ...emptiness(evidence), ...touchedTests(evidence), ...redTests(evidence), ...lostTests(evidence)];
}

function* refusals({ said }: Evidence): Generator<Problem> {
  const status = isJsonObject(said) ? said.status : said;
  if (status !== "refused" && status !== "failed" && status !== "cannot") return;
  const reason = isJsonObject(said) ? (said.reason ?? said.summary ?? said.message ?? said.text) : undefined;
  yield {
    code: "refused",
    message: `The developer did not do the task${typeof reason === "string" ? `: "${reason.slice(0, 500)}"` : "."}`,
  };
}

function* emptiness({ change, idle, said }: Evidence): Generator<Problem> {
  // Words instead of work: the next attempt, and a person, should know them.
  const words = isJsonObject(said) && said.status === "said" && typeof said.text === "string" && said.text.trim() !== "";
  const instead = words ? ` The developer said instead: "${String(said.text).trim().slice(0, 500)}"` : "";
  if (change.commits.length === 0)
    yield { code: "no-commit", message: `Nothing was committed on the branch, so no test was run.${instead}` };
  else if (idle) yield { code: "no-commit", message: "Nothing new was committed on the branch in this attempt." };
  else if (change.files.length === 0) yield { code: "empty-diff", message: "The commits on the branch change no file." };
}

/** New lines in an existing test file are fine; a line that is gone or other is not. */
function* touchedTests({ change, isTest, redefined, muted }: Evidence): Generator<Problem> {
  for (const file of change.files.filter(({ path }) => isTest(path))) {
    if (file.status === "deleted")
      yield { code: "deleted-test", message: `The existing test file ${file.path} was deleted or renamed. It has to stay.` };
    if (file.status === "changed" && file.removed > 0) {
      const lines = file.removed === 1 ? "1 line" : `${file.removed} lines`;
      yield {
        code: "changed-test",
        message: `The existing test file ${file.path} was changed: ${lines} removed or altered. Existing tests have to stay as they are; new ones may be added.`,
      };
    }
  }
  for (const path of muted) {
    const message = `In the existing test file ${path} the added lines put old ones into a comment, a text or another block. They have to run as before.`;
    yield { code: "changed-test", message };
  }
  for (const part of redefined) {
    const message = `How the project is tested was changed: ${part} is not what it was. It has to stay as it is.`;
    yield { code: "changed-test", message };
  }
}

function* redTests({ tests, baseline }: Evidence): Generator<Problem> {
  if (!tests) return;
  if (tests.ok) {
    // Where tests passed before, it is told as a regression.
    if (baseline.passed === 0) yield* nothingRan(tests, baseline);
    return;
  }
  if (tests.failing.length === 0) {
    yield {
      code: "red-tests",
      message: `The test command ended with exit code ${tests.exitCode}. The end of its output:\n${tests.output.slice(-1500)}`,
    };
    return;
  }
  const count = Math.max(tests.failed, tests.failing.length);
  yield { code: "red-tests", message: `${count} ${count === 1 ? "test fails" : "tests fail"}:\n${items(tests, "- ").join("\n")}` };
}

function* nothingRan(tests: TestRun, baseline: TestRun): Generator<Problem> {
  if (tests.countable && tests.passed + tests.failed === 0)
    yield { code: "no-tests", message: "The test command found no test to run, so nothing shows that the change works: add tests." };
  if (baseline.countable && !tests.countable)
    yield { code: "no-tests", message: "The tests could be counted before the change, and cannot be on it: they may not run at all." };
}

function items({ failing }: TestRun, mark = ""): string[] {
  const shown = failing.slice(0, LISTED).map(({ name, message }) => `${mark}${name}${message ? `: ${message}` : ""}`);
  if (failing.length > LISTED) shown.push(`${mark}and ${failing.length - LISTED} more`);
  return shown;
}

/** Seen in the head's own run, or when the tests of before are run against it. */
function lostTests({ tests, baseline, earlier }: Evidence): Problem[] {
  const lost = tests ? [...regressions(tests, baseline)] : [];
  if (lost.length > 0 || !earlier) return lost;
  if (earlier.ok) {
    const found = [...regressions(earlier, baseline)];
    if (found.length > 0 || earlier.countable || !baseline.countable) return found;
    return [{ code: "regression", message: "The tests as they were before the change cannot be counted on it, and could be before." }];
  }
  // Red before is no regression now; a run that cannot be told apart by its tests is judged as a whole.
  if (!baseline.ok) return earlier.countable ? [...regressions(earlier, baseline)] : [];
  const what =
    earlier.failing.length > 0
      ? items(earlier).join("; ")
      : `exit code ${earlier.exitCode}. The end of the output:\n${earlier.output.slice(-1500)}`;
  return [{ code: "regression", message: `The tests as they were before the change fail on it: ${what}` }];
}

function* regressions(tests: TestRun, baseline: TestRun): Generator<Problem> {
  const lost = tests.passing.length > 0 || tests.ok ? without(baseline.passing, tests.passing) : [];
  if (lost.length > 0) {
    const shown = lost.slice(0, LISTED).join("; ");
    const what =
      lost.length === 1 ? "1 test that passed before no longer passes" : `${lost.length} tests that passed before no longer pass`;
    yield { code: "regression", message: `${what}: ${shown}` };
  } else if (tests.passed < baseline.passed) {
    const now = tests.passed === 0 ? "No test passes" : `Only ${tests.passed} ${tests.passed === 1 ? "test passes" : "tests pass"}`;
    yield { code: "regression", message: `${now}; before the change ${baseline.passed} passed.` };
  }
}

/** Each name as often as it is there more. */
function without(names: readonly string[], taken: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const name of taken) left.set(name, (left.get(name) ?? 0) + 1);
  return names.filter((name) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count <= 0;
  });
}

/** What a run without problems leaves to say: nothing, as a rule. */
export function remarkOn(tests: TestRun): string {
  return tests.countable ? "" : `The tests ran (exit ${tests.exitCode}) but could not be counted.`;
}
