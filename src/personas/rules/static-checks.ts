/** What reviewers see without a model: patterns in the added lines, each with what it means. They say what they looked for. */
import { objectIn, type Rule, type RuleFacts } from "../../models/providers/rules.ts";
import { type DiffLine, diffLines, isTestFile } from "./diff-lines.ts";

export type Severity = "none" | "minor" | "major" | "blocking";
export interface Check {
  /** On an added line; `files` limits it to some. */
  when: RegExp;
  files?: RegExp;
  severity: Exclude<Severity, "none">;
  note: string;
}
const WEIGHT: Record<Severity, number> = { none: 0, minor: 1, major: 2, blocking: 3 };
const NOTES_LENGTH = 1200;

/** `looksFor`: in words, what the checks cover; a change without a finding is called clean of that and no more. */
export function reviewer(looksFor: string, checks: readonly Check[]): Rule {
  return ({ data }: RuleFacts) => {
    const added = diffLines(String(objectIn(data, "change").diff ?? "")).filter(({ sign, file }) => sign === "+" && !isTestFile(file));
    const found = checks.flatMap((check) => hits(check, added));
    const severity = found.reduce<Severity>(
      (worst, { check }) => (WEIGHT[check.severity] > WEIGHT[worst] ? check.severity : worst),
      "none",
    );
    const notes = found.map(({ check, line }) => `${line.file}: ${check.note} (${line.text.trim().slice(0, 80)})`);
    const told = notes.length > 0 ? notes.join("\n") : `Checked by rules, no model: nothing found of ${looksFor}.`;
    return { answer: { severity, notes: told.slice(0, NOTES_LENGTH) } };
  };
}

/** Each check is told once a file. */
function hits(check: Check, added: readonly DiffLine[]): { check: Check; line: DiffLine }[] {
  const seen = new Set<string>();
  return added.flatMap((line) => {
    if (check.files && !check.files.test(line.file)) return [];
    if (!check.when.test(line.text) || seen.has(line.file)) return [];
    seen.add(line.file);
    return [{ check, line }];
  });
}
