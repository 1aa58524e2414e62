/** What a rule looks at, and what is wrong with one that its schema lets pass. */
import type { Answer, Slot } from "./answer.ts";
import type { Condition } from "./condition.ts";
import { partsOfProgram } from "./program.ts";
import { programProblems } from "./program-problems.ts";
import type { Rule } from "./rule.ts";

/** Places of the input that the rule reads, as JSON Pointers, each once, sorted. */
export function ruleReads({ guard, answer, program }: Rule): string[] {
  const paths = new Set<string>();
  for (const condition of guard) readsOfCondition(condition, paths);
  readsOfAnswer(answer, paths);
  if (program) {
    const { answers, conditions } = partsOfProgram(program);
    for (const condition of conditions) readsOfCondition(condition, paths);
    for (const one of answers) readsOfAnswer(one, paths);
  }
  // Answers of calls are no inputs.
  return [...paths].filter((path) => !path.startsWith("/$")).sort();
}

export function readsOfCondition(condition: Condition, paths: Set<string>): void {
  if (condition.test === "not") {
    readsOfCondition(condition.condition, paths);
  } else if (condition.test === "any") {
    for (const one of condition.conditions) readsOfCondition(one, paths);
  } else {
    paths.add(condition.path);
    if (condition.test === "same" || condition.test === "less") paths.add(condition.than);
  }
}

export function readsOfAnswer(answer: Answer, paths: Set<string>): void {
  for (const condition of conditionsOf(answer)) readsOfCondition(condition, paths);
  if (answer.kind === "copy" || answer.kind === "extract") paths.add(answer.path);
  if (answer.kind === "table") for (const key of answer.keys) paths.add(key.path);
  if (answer.kind === "text") for (const part of answer.parts) if (isSlot(part)) paths.add(part.path);
  for (const part of partsOf(answer)) readsOfAnswer(part, paths);
}

/** Places whose text the answer takes the digits of, wherever they stand in it. */
export function digitsIn(answer: Answer): Set<string> {
  const slots = answer.kind === "copy" ? [answer] : answer.kind === "text" ? answer.parts.filter(isSlot) : [];
  const paths = slots.filter(({ change }) => change?.some((one) => one.do === "digits")).map(({ path }) => path);
  return new Set([...paths, ...partsOf(answer).flatMap((part) => [...digitsIn(part)])]);
}

/** Places whose length decides which answer is given. */
export function lengthsIn(answer: Answer): Set<string> {
  const own = conditionsOf(answer).flatMap(lengthsOf);
  return new Set([...own, ...partsOf(answer).flatMap((part) => [...lengthsIn(part)])]);
}

function lengthsOf(condition: Condition): string[] {
  if (condition.test === "not") return lengthsOf(condition.condition);
  if (condition.test === "any") return condition.conditions.flatMap(lengthsOf);
  return "of" in condition && condition.of === "length" ? [condition.path] : [];
}

const isSlot = (part: string | Slot | Answer): part is Slot => typeof part !== "string" && !("kind" in part);

function conditionsOf(answer: Answer): Condition[] {
  if (answer.kind === "split") return [answer.if];
  return answer.kind === "cases" ? answer.cases.flatMap((one) => one.if) : [];
}

/** The answers that this one is made of. */
export function partsOf(answer: Answer): Answer[] {
  switch (answer.kind) {
    case "split":
      return [answer.yes, answer.no];
    case "cases":
      return [...answer.cases.map(({ give }) => give), ...(answer.else ? [answer.else] : [])];
    case "object":
      return Object.values(answer.fields);
    case "list":
      return answer.items;
    case "text":
      return answer.parts.filter((part): part is Answer => typeof part !== "string" && "kind" in part);
    default:
      return [];
  }
}

export interface RuleProblem {
  /** Members and elements from the rule to what is wrong. */
  path: (string | number)[];
  message: string;
  hint?: string;
}

/** What can be read but cannot be meant. */
export function ruleProblems({ guard, answer, program }: Rule): RuleProblem[] {
  const problems = guard.flatMap((condition, at) =>
    problemsOf(condition).map((text): RuleProblem => ({ path: ["guard", at], message: text })),
  );
  const visit = (part: Answer, path: (string | number)[]): void => {
    for (const text of conditionsOf(part).flatMap(problemsOf)) problems.push({ path, message: text });
    if (part.kind === "table") problems.push(...tableProblems(part, path));
    if (part.kind === "split") for (const side of ["yes", "no"] as const) visit(part[side], [...path, side]);
    if (part.kind === "cases") {
      for (const [at, one] of part.cases.entries()) visit(one.give, [...path, "cases", at, "give"]);
      if (part.else) visit(part.else, [...path, "else"]);
    }
    if (part.kind === "object") for (const [name, field] of Object.entries(part.fields)) visit(field, [...path, "fields", name]);
    if (part.kind === "list") for (const [at, item] of part.items.entries()) visit(item, [...path, "items", at]);
  };
  visit(answer, ["answer"]);
  if (program) {
    problems.push(...programProblems(program));
    for (const one of partsOfProgram(program).answers) visit(one, ["program"]);
  }
  return problems;
}

function problemsOf(condition: Condition): string[] {
  if (condition.test === "not") return problemsOf(condition.condition);
  if (condition.test === "any" || condition.test === "each") return condition.conditions.flatMap(problemsOf);
  if (condition.test !== "range") return [];
  const { atLeast, atMost, above, below } = condition;
  if (atLeast === undefined && atMost === undefined && above === undefined && below === undefined) return ["a range has at least one end"];
  const least = atLeast ?? above ?? Number.NEGATIVE_INFINITY;
  return least > (atMost ?? below ?? Number.POSITIVE_INFINITY) ? ["a range that no number is in"] : [];
}

function tableProblems({ keys, rows }: Answer & { kind: "table" }, path: (string | number)[]): RuleProblem[] {
  const seen = new Map<string, number>();
  const problems: RuleProblem[] = [];
  for (const [at, { when }] of rows.entries()) {
    const row = [...path, "rows", at];
    if (when.length !== keys.length)
      problems.push({
        path: row,
        message: `a row for ${when.length} keys in a table with ${keys.length}`,
        hint: "write one value for each key, in their order",
      });
    const text = JSON.stringify(when);
    const first = seen.get(text);
    if (first !== undefined) problems.push({ path: row, message: `the same keys as row ${first}`, hint: "leave one of the two" });
    seen.set(text, at);
  }
  return problems;
}
