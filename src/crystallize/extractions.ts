/** Values that stand inside a text, found by anchored patterns; several patterns where the text comes in several forms. */
import type { Answer } from "../net/rule/answer.ts";
import { applyChanges, type Change } from "../net/rule/change.ts";
import { capture } from "../net/rule/pattern.ts";
import { occurrencesOf, type Proposed, patternsAt } from "./anchors.ts";
import type { Field } from "./fields.ts";
import { fewValuesForm, formOf, numeralForm } from "./forms.ts";
import { type Candidate, makesSame, type Task } from "./task.ts";

const SEEDS = 40;
const JUDGES = 200;
const MOST_TRIED = 160;
const MOST_PATTERNS = 8;
const LONGEST = 300;
/** Of two that do about the same, the one whose value has the more particular form: it takes in less that it has not seen. */
const BREADTH = 0.02;
/** A wrong capture weighs as much as so many right ones. */
const WRONG = 6;

interface Judged extends Proposed {
  change: Change[];
  /** For each judge: 1 right, -1 wrong or ambiguous, 0 no match. */
  verdicts: Int8Array;
}

export function learnExtractions(task: Task): Candidate[] {
  return task.columns.fields
    .filter(({ types, values }) => types.has("text") && values.some(isLong))
    .flatMap((field) => extractionFrom(field, task) ?? []);
}

/** A single word is copied, not searched. */
const isLong = (value: unknown): boolean => typeof value === "string" && /\s|[^\p{L}\p{N}]/u.test(value.trim());

function extractionFrom(field: Field, task: Task): Candidate | null {
  const rows = spread(
    task.targets.flatMap((target, row) => (typeof field.values[row] === "string" && target !== undefined && target !== null ? [row] : [])),
    JUDGES,
  );
  const proposals = proposalsOf(field, task, spread(rows, SEEDS));
  if (proposals.length === 0) return null;
  const judged = proposals.map((one) => ({ ...one, verdicts: judge(one.pattern, one.change, field, task, rows) }));
  const sets = [...new Set(judged.map(({ change }) => JSON.stringify(change)))].map((change) =>
    cover(judged.filter((one) => JSON.stringify(one.change) === change)),
  );
  const best = sets.sort((one, other) => other.right - one.right)[0];
  if (!best || best.chosen.length === 0) return null;
  const change = best.chosen[0]?.change ?? [];
  const patterns = best.chosen.map(({ pattern }) => pattern);
  const captured = capturedBy(patterns, field, rows);
  const form = change[0]?.do === "number" ? numeralForm(captured) : fewValuesForm(captured);
  const answer: Answer = { kind: "extract", path: field.path, patterns, ...formed(form ?? formOf(captured)) };
  return { learner: "extraction", answer: change.length === 0 ? answer : { ...answer, change } };
}

const formed = (form: string | null): { form?: string } => (form === null ? {} : { form });

/** What the first pattern that matches finds, as the answer will. */
function capturedBy(patterns: readonly string[], { values }: Field, rows: number[]): string[] {
  return rows.flatMap((row) => {
    for (const pattern of patterns) {
      const { found } = capture(pattern, String(values[row]));
      if (found !== null) return [found];
    }
    return [];
  });
}

function spread(rows: number[], most: number): number[] {
  const step = Math.max(1, rows.length / most);
  return Array.from({ length: Math.min(most, rows.length) }, (_, at) => rows[Math.floor(at * step)] ?? 0);
}

/** Those that most seeds propose come first: they are the ones that hold in general. */
function proposalsOf({ values }: Field, { targets }: Task, seeds: number[]): (Proposed & { change: Change[] })[] {
  const counts = new Map<string, Proposed & { change: Change[]; count: number }>();
  for (const row of seeds) {
    const text = values[row];
    const target = targets[row];
    if (typeof text !== "string" || target === undefined) continue;
    for (const occurrence of occurrencesOf(text, target)) {
      for (const proposed of patternsAt(text, occurrence)) {
        if (proposed.pattern.length > LONGEST) continue;
        const key = `${proposed.pattern}\n${JSON.stringify(occurrence.change)}`;
        const known = counts.get(key);
        if (known) known.count += 1;
        else counts.set(key, { ...proposed, change: occurrence.change, count: 1 });
      }
    }
  }
  const repeated = [...counts.values()].filter(({ count }) => count >= 2);
  return repeated.sort((one, other) => other.count - one.count || (one.pattern < other.pattern ? -1 : 1)).slice(0, MOST_TRIED);
}

function judge(pattern: string, change: Change[], { values }: Field, { targets, equality }: Task, rows: number[]): Int8Array {
  return Int8Array.from(rows, (row) => {
    const captured = capture(pattern, String(values[row]));
    if (captured.found === null) return captured.why === "ambiguous" ? -1 : 0;
    return makesSame(equality, applyChanges(captured.found, change), targets[row]) ? 1 : -1;
  });
}

/** Greedy set cover: each next pattern is judged by the texts that the ones before have left. */
function cover(judged: Judged[]): { chosen: Judged[]; right: number } {
  const size = judged[0]?.verdicts.length ?? 0;
  const open = new Uint8Array(size).fill(1);
  const chosen: Judged[] = [];
  let right = 0;
  while (chosen.length < MOST_PATTERNS) {
    let best: { one: Judged; score: number; gained: number } | null = null;
    for (const one of judged) {
      let [gained, lost] = [0, 0];
      for (let at = 0; at < size; at++) {
        if (open[at] === 0) continue;
        if (one.verdicts[at] === 1) gained += 1;
        else if (one.verdicts[at] === -1) lost += 1;
      }
      const score = (gained - WRONG * Math.max(0, lost - 0.08 * gained)) * (1 - BREADTH * one.breadth);
      if (!best || score > best.score || (score === best.score && one.pattern.length < best.one.pattern.length))
        best = { one, score, gained };
    }
    if (!best || best.score < Math.max(3, 0.01 * size)) break;
    chosen.push(best.one);
    right += best.gained;
    for (let at = 0; at < size; at++) if (best.one.verdicts[at] !== 0) open[at] = 0;
  }
  return { chosen, right };
}
