/**
 * A text with the words of two answers speaks for neither, and which of them a tree or a list looks for first is chance. A branch that was
 * found by what stands in a text leaves to the model what another branch, with another answer or with none, is found by as well, unless its
 * own examples had both and agreed.
 */
import { canonicalJson } from "../contract/json.ts";
import type { Answer } from "../net/rule/answer.ts";
import { evaluateAnswer } from "../net/rule/answer.ts";
import { type Condition, holds } from "../net/rule/condition.ts";
import { partsOf } from "../net/rule/reads.ts";
import { makesSame, type Task } from "./task.ts";

/** Of the branch's own examples with such a word, so many have its answer, and so many more than have another. */
const AGREED = 2;
/** In one condition. */
const MOST_WORDS = 150;
const CONTESTED: Answer = { kind: "decline", reason: "words that speak for more than one answer" };
const NONE = "none";

/** Something in a text, and which answers it leads to, for each place where it is looked for, or where it has to be missing. */
interface Sign {
  condition: Condition;
  leadsTo: ReadonlySet<string>[];
  leavesTo: ReadonlySet<string>[];
}
interface Setting {
  task: Task;
  texts: ReadonlySet<string>;
  signs: ReadonlyMap<string, Sign>;
  /** Which examples have it. */
  columns: ReadonlyMap<string, Uint8Array>;
}

/** What the tests on the way to a branch have said of texts: `met` is there or surely not, `asked` whether anything was looked for. */
interface Way {
  rows: number[];
  met: ReadonlySet<string>;
  asked: boolean;
}

export function withoutContested(answer: Answer, task: Task, texts: ReadonlySet<string>): Answer {
  const signs = new Map<string, Sign>();
  gather(answer, texts, signs);
  if (signs.size === 0) return answer;
  const columns = new Map(task.columns.tests.map(({ condition, holds: has }) => [canonicalJson(condition), has]));
  return walk(answer, { rows: Array.from(task.inputs.keys()), met: new Set(), asked: false }, { task, texts, signs, columns });
}

/** What a condition looks for in texts, and whether it wants it to be missing. */
function soughtIn(condition: Condition, texts: ReadonlySet<string>): { condition: Condition; key: string; negated: boolean }[] {
  if (condition.test === "not") return soughtIn(condition.condition, texts).map((one) => ({ ...one, negated: !one.negated }));
  if (condition.test === "any") return condition.conditions.flatMap((one) => soughtIn(one, texts));
  const path = lookedFor(condition);
  return path === null || !texts.has(path) ? [] : [{ condition, key: canonicalJson(condition), negated: false }];
}

/** The text in which a condition looks for something. */
export function lookedFor(condition: Condition): string | null {
  if (condition.test === "equal") return condition.of === undefined || condition.of === "length" ? null : condition.path;
  return ["word", "contains", "starts", "ends"].includes(condition.test) && "path" in condition ? condition.path : null;
}

function gather(answer: Answer, texts: ReadonlySet<string>, signs: Map<string, Sign>): void {
  const note = (condition: Condition, there: readonly Answer[], missing: readonly Answer[]) => {
    for (const { condition: sought, key, negated } of soughtIn(condition, texts)) {
      const sign = signs.get(key) ?? { condition: sought, leadsTo: [], leavesTo: [] };
      signs.set(key, sign);
      if (negated) sign.leavesTo.push(answersOf(missing));
      else sign.leadsTo.push(answersOf(there));
    }
  };
  if (answer.kind === "split") note(answer.if, [answer.yes], [answer.no]);
  if (answer.kind === "cases")
    for (const [at, one] of answer.cases.entries()) {
      const later = [...answer.cases.slice(at + 1).map(({ give }) => give), ...(answer.else ? [answer.else] : [])];
      for (const condition of one.if) note(condition, [one.give], later);
    }
  for (const part of partsOf(answer)) gather(part, texts, signs);
}

const answersOf = (answers: readonly Answer[]): Set<string> => new Set(answers.flatMap((answer) => [...answersIn(answer)]));

function answersIn(answer: Answer): Set<string> {
  return answer.kind === "split" || answer.kind === "cases" ? answersOf(partsOf(answer)) : new Set([wordOf(answer)]);
}

const wordOf = (answer: Answer): string => (answer.kind === "decline" ? NONE : canonicalJson(answer));

function walk(answer: Answer, way: Way, setting: Setting): Answer {
  if (answer.kind === "split") {
    const [yes, no] = parted(way.rows, [answer.if], setting);
    return {
      ...answer,
      yes: walk(answer.yes, step(way, yes, [answer.if], true, setting), setting),
      no: walk(answer.no, step(way, no, [answer.if], false, setting), setting),
    };
  }
  if (answer.kind === "cases") {
    let left = way;
    const cases = answer.cases.map((one) => {
      const [met, rest] = parted(left.rows, one.if, setting);
      const give = walk(one.give, step(left, met, one.if, true, setting), setting);
      left = step(left, rest, one.if, false, setting);
      return { ...one, give };
    });
    return { ...answer, cases, ...(answer.else ? { else: walk(answer.else, left, setting) } : {}) };
  }
  return answer.kind === "decline" || !way.asked ? answer : guarded(answer, way, setting);
}

function parted(rows: number[], conditions: readonly Condition[], setting: Setting): [number[], number[]] {
  const tests = conditions.map((condition) => testOf(condition, setting));
  const [met, rest]: [number[], number[]] = [[], []];
  for (const row of rows) (tests.every((meets) => meets(row)) ? met : rest).push(row);
  return [met, rest];
}

function testOf(condition: Condition, { columns, task }: Setting): (row: number) => boolean {
  const column = columns.get(canonicalJson(condition));
  return column ? (row) => column[row] === 1 : (row) => holds(condition, task.inputs[row] ?? {});
}

function step(way: Way, rows: number[], conditions: readonly Condition[], met: boolean, { texts }: Setting): Way {
  const known = new Set(way.met);
  let { asked } = way;
  for (const condition of conditions) {
    const sought = soughtIn(condition, texts);
    if (sought.length > 0) asked = true;
    // Of several that were not met together each may still be there; of an `any` that was met, each is a sign of this branch.
    if (met || conditions.length === 1) for (const { key } of sought) known.add(key);
  }
  return { rows, met: known, asked };
}

function guarded(answer: Answer, way: Way, setting: Setting): Answer {
  const own = wordOf(answer);
  const other = [...setting.signs].filter(([key, sign]) => !way.met.has(key) && speaksAgainst(sign, own));
  const contested = other.map(([, { condition }]) => condition).filter((condition) => !agreedWith(condition, answer, way, setting));
  let made = answer;
  for (let at = 0; at < contested.length; at += MOST_WORDS)
    made = { kind: "split", if: { test: "any", conditions: contested.slice(at, at + MOST_WORDS) }, yes: CONTESTED, no: made };
  return made;
}

/** Where it leads to this answer or to the model, it speaks for this answer. That it has to be missing says less than where it is looked for. */
function speaksAgainst({ leadsTo, leavesTo }: Sign, own: string): boolean {
  const against = (answers: ReadonlySet<string>) => !answers.has(own) || [...answers].some((answer) => answer !== own && answer !== NONE);
  return (leadsTo.length > 0 ? leadsTo : leavesTo).some(against);
}

function agreedWith(condition: Condition, answer: Answer, { rows }: Way, setting: Setting): boolean {
  const { inputs, targets, equality } = setting.task;
  const both = rows.filter(testOf(condition, setting));
  const agreed = both.filter((row) => {
    const given = evaluateAnswer(answer, inputs[row] ?? {});
    if (!given.ok) return false;
    return given.value === undefined ? targets[row] === undefined : makesSame(equality, given.value, targets[row]);
  }).length;
  return agreed >= AGREED && agreed - (both.length - agreed) >= AGREED;
}
