/**
 * QA from facts: a criterion that states an example is met when an added test states the same example. What only judgement could
 * decide is no pass: it goes back with a word that says so.
 */
import { objectIn, type RuleAnswer, type RuleFacts } from "../../models/providers/rules.ts";
import { diffLines, isTestFile } from "./diff-lines.ts";

const EXAMPLE = /^[a-z][A-Za-z0-9]*\(.*\) gives .+$/s;

export function qa({ data }: RuleFacts): RuleAnswer {
  const lines = diffLines(typeof data.diff === "string" ? data.diff : "");
  const inTests = lines.filter(({ file }) => isTestFile(file));
  const added = inTests.filter(({ sign }) => sign === "+").map(({ text }) => text.trim());
  const criteria = (Array.isArray(data.criteria) ? data.criteria : []).flatMap((each) => examplesOf(String(each), added));
  const findings = [
    ...inTests
      .filter(({ sign, text }) => sign === "-" && text.trim() !== "")
      .map(({ file }) => `${file}: a line of an existing test is gone.`),
    ...added
      .filter((text) => /\b(?:test|it|describe)\.(?:skip|only|todo)\b|\bskip:\s*true/.test(text))
      .map((text) => `A test is set aside: ${text.slice(0, 80)}`),
    ...(added.some((text) => /\bassert|\bexpect\(/.test(text)) ? [] : ["No assertion was added: nothing would fail without the change."]),
    ...criteria.filter((each) => EXAMPLE.test(each) && !isStated(each, added)).map((each) => `No added test states: ${each}`),
    ...criteria
      .filter((each) => !EXAMPLE.test(each))
      .map((each) => `No rule can judge this criterion, a person or a model has to: ${each}`),
  ];
  const task = objectIn(data, "task");
  if (findings.length > 0) return { answer: { verdict: "rework", findings: [...new Set(findings)].join("\n").slice(0, 2000) } };
  const stated = `${criteria.length} criteri${criteria.length === 1 ? "on" : "a"}`;
  return {
    answer: {
      verdict: "pass",
      findings: `“${String(task.title ?? "")}”: ${stated}, each stated by a test that was added; the tests are green and no old one was touched.`,
    },
  };
}

/** Several examples may stand in one criterion. What parts them may also stand in a text of an example: a part that is stated is whole. */
function examplesOf(criterion: string, added: readonly string[]): string[] {
  const parts = criterion.split(/; (?=[a-z]\w*\()/);
  const examples: string[] = [];
  let from = 0;
  for (let to = 1; to <= parts.length; to++) {
    const one = parts.slice(from, to).join("; ");
    if (!isStated(one, added)) continue;
    examples.push(one);
    from = to;
  }
  return from < parts.length ? [...examples, parts.slice(from).join("; ")] : examples;
}

/** "double(2) gives 4" is stated by a line that holds "double(2), 4", whatever asserts it. */
function isStated(criterion: string, added: readonly string[]): boolean {
  const word = " gives ";
  for (let at = criterion.indexOf(word); at >= 0; at = criterion.indexOf(word, at + 1)) {
    const stated = `${criterion.slice(0, at)}, ${criterion.slice(at + word.length)}`;
    if (added.some((text) => /\bassert|\bexpect\(/.test(text) && text.includes(stated))) return true;
  }
  return false;
}
