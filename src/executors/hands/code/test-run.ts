/** Runs a project's tests: for the tool `tests.run` and for the hands that judge. */
import { realpathSync } from "node:fs";
import { capText } from "../../capped-output.ts";
import type { HandContext } from "../../hand.ts";
import { mustNotBeKilledWithin } from "../../outside-kill.ts";
import type { CommandResult } from "../../process-tree.ts";
import { installReporter } from "./node-test-reporter.ts";
import { plainOutput } from "./plain-output.ts";
import { installCommand, type TestCommand, testCommand } from "./test-command.ts";
import { readReporterLines, readSummary, reporterLine } from "./test-summary.ts";

/** A type, not an interface: it travels as JSON. */
export type TestRun = {
  ok: boolean;
  exitCode: number;
  /** Whether the output says how many tests there were; else the numbers are 0. */
  countable: boolean;
  passed: number;
  failed: number;
  failing: { name: string; message: string }[];
  /** Names of the tests that passed, where the runner tells them. */
  passing: string[];
  /** The end of what was printed, without what differs from run to run. */
  output: string;
};

export interface TestSettings {
  /** Command line; "" for none, null or undefined to detect. */
  install?: string | null | undefined;
  test?: string | null | undefined;
}

const OUTPUT_LIMIT = 8 * 1024;
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const TEST_TIMEOUT_MS = 10 * 60_000;

/**
 * Errors: Terminal `no-test-command`, Retryable `killed-from-outside`: no verdict on a change. A failed install and a run that had to be ended are red runs, since a change may
 * have caused them. `installed` remembers what needs no second install in this worktree.
 */
export async function runTests(
  context: HandContext,
  tree: string,
  settings: TestSettings,
  installed = new Set<string>(),
): Promise<TestRun> {
  const command = testCommand(tree, settings.test, installReporter(context.workshop.dir));
  const install = installCommand(tree, settings.install);
  if (install && !installed.has(install.fingerprint)) {
    const env = { npm_config_cache: `${context.workshop.dir}/cache/npm` };
    const result = await context.run({ argv: install.argv, cwd: tree, env, timeoutMs: INSTALL_TIMEOUT_MS });
    mustNotBeKilledWithin(result, "the install");
    if (result.exitCode !== 0 || result.timedOut) return brokenRun(context, tree, result, "the install");
    installed.add(install.fingerprint);
  }
  const result = await context.run({
    argv: command.argv,
    cwd: tree,
    env: command.env,
    timeoutMs: TEST_TIMEOUT_MS,
    outputBytes: 2 * 1024 * 1024,
    shownAs: reporterLine,
  });
  mustNotBeKilledWithin(result, "the test run");
  if (result.timedOut) return brokenRun(context, tree, result, "the test run");
  return read(context, tree, result, command.kind);
}

function read(context: HandContext, tree: string, result: CommandResult, kind: TestCommand["kind"]): TestRun {
  const roots = rootsOf(context, tree);
  const plain = (text: string) => plainOutput(text, roots);
  const reported = readReporterLines(result.stdout);
  const all = plain(`${reported?.rest ?? result.stdout}\n${result.stderr}`);
  const outcome = reported?.outcome ?? readSummary(`${result.stdout}\n${result.stderr}`);
  const failing = outcome.failing.map(({ name, message }) => ({ name: plain(name), message: plain(message) }));
  const ok = result.exitCode === 0 && outcome.failed === 0;
  return {
    ok,
    exitCode: result.exitCode,
    // Where node:test ran nothing our reporter prints nothing: that is a number, too.
    countable: outcome.countable || (kind === "node-test" && result.exitCode === 0 && result.stdout.trim() === ""),
    passed: outcome.passed,
    failed: outcome.failed,
    failing,
    passing: outcome.passing.map(plain),
    output: tail(all),
  };
}

function brokenRun(context: HandContext, tree: string, result: CommandResult, what: string): TestRun {
  const output = tail(plainOutput(`${result.stdout}\n${result.stderr}`, rootsOf(context, tree)));
  const message = result.timedOut ? `${what} did not end in time` : `${what} ended with exit code ${result.exitCode}`;
  return {
    ok: false,
    exitCode: result.exitCode || 1,
    countable: false,
    passed: 0,
    failed: 1,
    failing: [{ name: what, message }],
    passing: [],
    output,
  };
}

function rootsOf(context: HandContext, tree: string): string[] {
  return [tree, context.workDir, realpathSync(context.workDir)];
}

function tail(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= OUTPUT_LIMIT) return text;
  const kept = bytes
    .subarray(bytes.length - OUTPUT_LIMIT)
    .toString("utf8")
    .replace(/^\uFFFD+/, "");
  return capText(`... the beginning is left out ...\n${kept}`, OUTPUT_LIMIT * 2).text;
}
