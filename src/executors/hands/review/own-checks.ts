/** Checks of our own on the added lines: short and sure. What they miss is a model's or a person's to see. */
import { isTestFile } from "../../../personas/rules/diff-lines.ts";
import { REVIEW_CHECKS } from "../../../personas/rules/review-checks.ts";
import type { AddedLine } from "./added-lines.ts";
import type { Finding, Severity } from "./finding.ts";

interface LineCheck {
  rule: string;
  when: RegExp;
  files?: RegExp;
  severity: Severity;
  message: string;
  /** Tests are left out unless it is about them. */
  tests?: true;
}
const CODE = /\.[cm]?[jt]sx?$/;

const LEFTOVERS: LineCheck[] = [
  { rule: "petrel/conflict", when: /^(<{7}|>{7}) /, severity: "blocking", message: "a conflict of a merge was left in", tests: true },
  {
    rule: "petrel/debugger",
    // Behind a quote or a slash it may be a text or a comment.
    when: /^\s*debugger\s*;?\s*$|^[^"'`/]*[{;)]\s*debugger\s*[;}]/,
    files: CODE,
    severity: "major",
    message: "a debugger statement was left in",
    tests: true,
  },
  {
    rule: "petrel/only",
    when: /\b(?:test|it|describe|suite)\.only\s*\(|\bonly:\s*true\b/,
    files: CODE,
    severity: "blocking",
    message: "only this test runs: the others no longer say anything",
    tests: true,
  },
  {
    rule: "petrel/skip",
    when: /\b(?:test|it|describe|suite)\.skip\s*\(|\b(?:xit|xdescribe)\s*\(/,
    files: CODE,
    severity: "major",
    message: "a test is skipped and says nothing any more",
    tests: true,
  },
  { rule: "petrel/todo", when: /\b(?:TODO|FIXME|XXX)\b/, severity: "minor", message: "something is left to do" },
];

/** Named after whose look it is: `petrel/security` and so on. */
const LOOKS: LineCheck[] = [...REVIEW_CHECKS].flatMap(([look, checks]) =>
  checks.map(({ when, files, severity, note }) => ({
    rule: `petrel/${look}`,
    when,
    ...(files ? { files } : {}),
    severity,
    message: note,
  })),
);

export function ownFindings(lines: readonly AddedLine[]): Finding[] {
  const checks = [...LEFTOVERS, ...LOOKS];
  return lines.flatMap(({ file, line, text }) =>
    checks
      .filter(({ when, files, tests }) => (tests || !isTestFile(file)) && (files?.test(file) ?? true) && when.test(text))
      .map(({ rule, severity, message }) => ({ file, line, severity, rule, message: `${message}: ${shown(text)}`, added: true })),
  );
}

/** A finding about a key must not carry the key on. */
function shown(text: string): string {
  return text
    .trim()
    .slice(0, 120)
    .replace(/(["'`=:]\s*)([A-Za-z0-9_+/-]{4})[A-Za-z0-9_+/-]{12,}/g, "$1$2…");
}
