/** When a change is not done, whatever anybody says of it. Pure. */
import type { Json } from "../../../contract/json.ts";
import { isJsonObject } from "../../../contract/json.ts";
import type { Change } from "./change.ts";
import type { TestRun } from "./test-run.ts";

export type Problem = {
  code: "no-commit" | "empty-diff" | "changed-test" | "deleted-test" | "red-tests" | "regression" | "refused";
  message: string;
};

export interface Evidence {
  change: Change;
  /** The attempt added no commit to those that it began with. */
  idle: boolean;
  isTest: (path: string) => boolean;
  /** Words for parts of the test command's definition that were changed. */
  redefined: readonly string[];
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
function* touchedTests({ change, isTest, redefined }: Evidence): Generator<Problem> {
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
  for (const part of redefined) {
    const message = `How the project is tested was changed: ${part} is not what it was. It has to stay as it is.`;
    yield { code: "changed-test", message };
  }
}

function* redTests({ tests }: Evidence): Generator<Problem> {
  if (!tests || tests.ok) return;
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

function items({ failing }: TestRun, mark = ""): string[] {
  const shown = failing.slice(0, LISTED).map(({ name, message }) => `${mark}${name}${message ? `: ${message}` : ""}`);
  if (failing.length > LISTED) shown.push(`${mark}and ${failing.length - LISTED} more`);
  return shown;
}

/** Seen in the head's own run, or when the tests of before are run against it. */
function lostTests({ tests, baseline, earlier }: Evidence): Problem[] {
  const lost = tests ? [...regressions(tests, baseline)] : [];
  if (lost.length > 0 || !earlier) return lost;
  if (earlier.ok) return [...regressions(earlier, baseline)];
  // Red before is no regression now; a run that cannot be told apart by its tests is judged as a whole.
  if (!baseline.ok) return earlier.countable ? [...regressions(earlier, baseline)] : [];
  const what =
    earlier.failing.length > 0
      ? items(earlier).join("; ")
      : `exit code ${earlier.exitCode}. The end of the output:\n${earlier.output.slice(-1500)}`;
  return [{ code: "regression", message: `The tests as they were before the change fail on it: ${what}` }];
}

function* regressions(tests: TestRun, baseline: TestRun): Generator<Problem> {
  const now = new Set(tests.passing);
  const lost = now.size > 0 || tests.ok ? baseline.passing.filter((name) => !now.has(name)) : [];
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

/** What a run without problems leaves to say: nothing, as a rule. */
export function remarkOn(tests: TestRun): string {
  if (!tests.countable) return `The tests ran (exit ${tests.exitCode}) but could not be counted.`;
  return tests.passed + tests.failed === 0 ? `The test command ended with exit ${tests.exitCode}, and no test was run.` : "";
}
