/**
 * An answer that is given because a text has none of the words that would lead elsewhere rests on nothing that is there. Where the examples of
 * such a branch have words of their own, one of these has to be there as well; without any the model is asked. A branch whose examples have
 * none, "everything else", stays what it is. A text with the words of two answers has none either.
 */
import type { Answer } from "../net/rule/answer.ts";
import { type Condition, holds } from "../net/rule/condition.ts";
import { lookedFor, withoutContested } from "./contested.ts";
import { isCategory } from "./fields.ts";
import { fisherAtLeast } from "./statistics.ts";
import type { Task } from "./task.ts";

const SIGNIFICANCE = 0.01;
/** Of the branch's examples, so many have one of its words. */
const COVERED = 0.95;
/** Fewer examples tell no words. */
const LEAST = 20;
const MOST_WORDS = 150;

/** What the tests on the way have said of texts. */
interface Way {
  rows: number[];
  /** Paths of texts in which something was looked for and not found; and found. */
  missed: ReadonlySet<string>;
  found: ReadonlySet<string>;
}

export function evidenced(answer: Answer, task: Task): Answer {
  const texts = new Set(task.columns.fields.filter((field) => field.types.has("text") && !isCategory(field)).map(({ path }) => path));
  if (texts.size === 0) return answer;
  const grounded = walk(answer, { rows: Array.from(task.inputs.keys()), missed: new Set(), found: new Set() }, task, texts);
  return withoutContested(grounded, task, texts);
}

function walk(answer: Answer, way: Way, task: Task, texts: ReadonlySet<string>): Answer {
  if (answer.kind === "split") {
    const [yes, no] = parted(way.rows, [answer.if], task);
    return {
      ...answer,
      yes: walk(answer.yes, step(way, yes, [answer.if], true, texts), task, texts),
      no: walk(answer.no, step(way, no, [answer.if], false, texts), task, texts),
    };
  }
  if (answer.kind === "cases") {
    let left = way;
    const cases = answer.cases.map((one) => {
      const [met, rest] = parted(left.rows, one.if, task);
      const give = walk(one.give, step(left, met, one.if, true, texts), task, texts);
      left = step(left, rest, one.if, false, texts);
      return { ...one, give };
    });
    return { ...answer, cases, ...(answer.else ? { else: walk(answer.else, left, task, texts) } : {}) };
  }
  if (answer.kind === "decline") return answer;
  const path = [...way.missed].find((one) => !way.found.has(one));
  const words = path === undefined ? null : wordsFor(path, way.rows, task);
  if (path === undefined || words === null) return answer;
  const conditions = words.map((word): Condition => ({ test: "word", path, word }));
  return {
    kind: "split",
    if: { test: "any", conditions },
    yes: answer,
    no: { kind: "decline", reason: "no word that speaks for an answer" },
  };
}

function parted(rows: number[], conditions: readonly Condition[], { inputs }: Task): [number[], number[]] {
  const meets = (row: number) => conditions.every((condition) => holds(condition, inputs[row] ?? {}));
  const met = rows.filter(meets);
  const kept = new Set(met);
  return [met, rows.filter((row) => !kept.has(row))];
}

function step(way: Way, rows: number[], conditions: readonly Condition[], met: boolean, texts: ReadonlySet<string>): Way {
  const [missed, found] = [new Set(way.missed), new Set(way.found)];
  for (const condition of conditions) {
    const negated = condition.test === "not";
    const inner = negated ? condition.condition : condition;
    const path = lookedFor(inner);
    if (path === null || !texts.has(path)) continue;
    if (met !== negated) found.add(path);
    // Of several conditions that were not met together, each may be the one.
    else missed.add(path);
  }
  return { rows, missed, found };
}

/** Words of the branch that are rarer elsewhere, as few as its examples need; null where they do not have such. */
function wordsFor(path: string, rows: number[], { columns }: Task): string[] | null {
  if (rows.length < LEAST) return null;
  const tests = columns.tests.flatMap(({ condition, holds: has }) =>
    condition.test === "word" && condition.path === path ? [{ word: condition.word, has }] : [],
  );
  const own = tests.flatMap(({ word, has }) => {
    const there = rows.filter((row) => has[row] === 1);
    const all = has.reduce((sum, one) => sum + one, 0);
    const chance = there.length * columns.size <= all * rows.length ? 1 : fisherAtLeast(there.length, all, rows.length, columns.size);
    return chance * tests.length > SIGNIFICANCE ? [] : [{ word, there, chance }];
  });
  own.sort((one, other) => one.chance - other.chance || other.there.length - one.there.length || (one.word < other.word ? -1 : 1));
  const open = new Set(rows);
  const words: string[] = [];
  for (const { word, there } of own) {
    if (words.length === MOST_WORDS || !there.some((row) => open.has(row))) continue;
    words.push(word);
    for (const row of there) open.delete(row);
  }
  return words.length > 0 && open.size <= (1 - COVERED) * rows.length ? words : null;
}
