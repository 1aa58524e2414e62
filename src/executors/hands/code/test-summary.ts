/** What a test run said, in one form whatever ran it. Pure: text in, counts and names out. */

export interface TestOutcome {
  /** Whether the output says how many tests there were. */
  countable: boolean;
  passed: number;
  failed: number;
  failing: { name: string; message: string }[];
  /** Names of the tests that passed, where the runner tells them. */
  passing: string[];
}

const MESSAGE_LIMIT = 600;

/** Lines of our own node:test reporter. */
export function readReporterLines(text: string): { outcome: TestOutcome; rest: string } | null {
  const outcome: TestOutcome = { countable: true, passed: 0, failed: 0, failing: [], passing: [] };
  const rest: string[] = [];
  let seen = false;
  for (const line of text.split("\n")) {
    if (!line.startsWith("@petrel ")) {
      rest.push(line);
      continue;
    }
    seen = true;
    const test = readLine(line);
    if (!test) continue;
    const name = `${test.file}: ${test.name}`;
    rest.push(reporterLine(line));
    if (test.state === "ok") outcome.passing.push(name);
    if (test.state === "not ok") outcome.failing.push({ name, message: test.message.slice(0, MESSAGE_LIMIT) });
  }
  if (!seen) return null;
  outcome.passed = outcome.passing.length;
  outcome.failed = outcome.failing.length;
  return { outcome, rest: rest.join("\n") };
}

/** A line of our reporter as people read it; any other as it is. */
export function reporterLine(line: string): string {
  const test = line.startsWith("@petrel ") ? readLine(line) : null;
  return test ? `${test.state} ${test.file}: ${test.name}${test.message ? `\n    ${test.message}` : ""}` : line;
}

function readLine(line: string): { state: string; name: string; message: string; file: string } | null {
  try {
    return JSON.parse(line.slice("@petrel ".length)) as { state: string; name: string; message: string; file: string };
  } catch {
    // A line that an output limit cut in two.
    return null;
  }
}

/** Summaries of other runners, as far as their last lines and marks go. */
export function readSummary(text: string): TestOutcome {
  const failing = [...failures(text)];
  const passing = [...names(text, [/^\s*ok \d+ - (.+?)(?: # .*)?$/gm, /^PASSED (\S+)/gm, /^\s*--- PASS: (\S+)/gm])];
  const counted = counts(text);
  return {
    countable: counted !== null || passing.length + failing.length > 0,
    passed: counted?.passed ?? passing.length,
    failed: counted?.failed ?? failing.length,
    failing: failing.slice(0, 50),
    passing,
  };
}

function* failures(text: string): Generator<{ name: string; message: string }> {
  const marks = [
    /^\s*not ok \d+ - (.+?)(?: # .*)?$/gm,
    /^(?:FAILED|ERROR) (\S+)(?: - (.*))?$/gm,
    /^\s*--- FAIL: (\S+)/gm,
    /^\s*● (.+ › .+)$/gm,
    /^\s*(?:FAIL|×)\s+(\S.* > .+?)(?:\s+\d+ms)?$/gm,
    /^test (\S+) \.\.\. FAILED$/gm,
  ];
  const seen = new Set<string>();
  for (const mark of marks) {
    for (const [, name = "", message = ""] of text.matchAll(mark)) {
      if (seen.has(name)) continue;
      seen.add(name);
      yield { name, message: message.slice(0, MESSAGE_LIMIT) };
    }
  }
}

function* names(text: string, marks: RegExp[]): Generator<string> {
  for (const mark of marks) for (const [, name = ""] of text.matchAll(mark)) yield name;
}

function counts(text: string): { passed: number; failed: number } | null {
  const last = (mark: RegExp): string | undefined => [...text.matchAll(mark)].at(-1)?.[1];
  const tap = last(/^# pass (\d+)$/gm) ?? last(/^ℹ pass (\d+)$/gm);
  if (tap !== undefined) return { passed: Number(tap), failed: Number(last(/^[#ℹ] fail (\d+)$/gm) ?? 0) };
  // vitest: "Tests  1 failed | 4 passed (5)"; jest: "Tests:  1 failed, 4 passed, 5 total"; pytest: "1 failed, 4 passed in 0.1s".
  const line = last(/^\s*(Tests:?\s.*\d+ (?:passed|failed).*)$/gm) ?? last(/^=*\s*(\d+ (?:passed|failed|error).* in [\d.]+s.*)$/gm);
  if (line !== undefined) {
    const failed = Number(/(\d+) failed/.exec(line)?.[1] ?? 0) + Number(/(\d+) errors?/.exec(line)?.[1] ?? 0);
    return { passed: Number(/(\d+) passed/.exec(line)?.[1] ?? 0), failed };
  }
  const mocha = last(/^\s*(\d+) passing/gm);
  if (mocha !== undefined) return { passed: Number(mocha), failed: Number(last(/^\s*(\d+) failing/gm) ?? 0) };
  const cargo = [...text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  if (cargo.length > 0) {
    return {
      passed: cargo.reduce((sum, found) => sum + Number(found[1]), 0),
      failed: cargo.reduce((sum, found) => sum + Number(found[2]), 0),
    };
  }
  return null;
}
