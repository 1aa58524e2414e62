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
  tests: TestRun;
  baseline: TestRun;
  /** The agent's own answer. */
  said: Json | undefined;
}

const LISTED = 8;

export function problemsOf(evidence: Evidence): Problem[] {
  return [...refusals(evidence), ...emptiness(evidence), ...touchedTests(evidence), ...redTests(evidence), ...regressions(evidence)];
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
  if (change.commits.length === 0) yield { code: "no-commit", message: `Nothing was committed on the branch.${instead}` };
  else if (idle) yield { code: "no-commit", message: "Nothing new was committed on the branch in this attempt." };
  else if (change.files.length === 0) yield { code: "empty-diff", message: "The commits on the branch change no file." };
}

/** New lines in an existing test file are fine; a line that is gone or other is not. */
function* touchedTests({ change, isTest }: Evidence): Generator<Problem> {
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
}

function* redTests({ tests }: Evidence): Generator<Problem> {
  if (tests.ok) return;
  if (tests.failing.length === 0) {
    yield {
      code: "red-tests",
      message: `The test command ended with exit code ${tests.exitCode}. The end of its output:\n${tests.output.slice(-1500)}`,
    };
    return;
  }
  const shown = tests.failing.slice(0, LISTED).map(({ name, message }) => `- ${name}${message ? `: ${message}` : ""}`);
  if (tests.failing.length > LISTED) shown.push(`- and ${tests.failing.length - LISTED} more`);
  const count = Math.max(tests.failed, tests.failing.length);
  yield { code: "red-tests", message: `${count} ${count === 1 ? "test fails" : "tests fail"}:\n${shown.join("\n")}` };
}

function* regressions({ tests, baseline }: Evidence): Generator<Problem> {
  const now = new Set(tests.passing);
  const lost = now.size > 0 || tests.ok ? baseline.passing.filter((name) => !now.has(name)) : [];
  if (lost.length > 0) {
    const shown = lost.slice(0, LISTED).join("; ");
    yield {
      code: "regression",
      message: `${lost.length} ${lost.length === 1 ? "test" : "tests"} that passed before no longer passes: ${shown}`,
    };
  } else if (tests.passed < baseline.passed) {
    yield { code: "regression", message: `Only ${tests.passed} tests pass, ${baseline.passed} passed before the change.` };
  }
}
