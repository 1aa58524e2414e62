/**
 * Answers of several forms: first a few constants, copies, texts and extractions that together explain the examples, then a tree that
 * tells which of them applies where ("explain, then separate", as in Gulwani 2011 and Alur et al., "Scaling enumerative program
 * synthesis via divide and conquer", TACAS 2017).
 */
import type { Answer } from "../net/rule/answer.ts";
import { evaluateAnswer } from "../net/rule/answer.ts";
import { copiesOf, type Explained } from "./copies.ts";
import { answerOf } from "./decisions.ts";
import { evidenced } from "./evidence.ts";
import { learnExtractions } from "./extractions.ts";
import { type Candidate, constantly, keyOf, labelsOf, makesSame, type Task, writtenIn } from "./task.ts";
import { textsOf } from "./texts.ts";
import { growTree } from "./tree.ts";

const MOST_FORMS = 12;

export function learnChoices(task: Task): Candidate[] {
  const forms = formsOf(task, MOST_FORMS);
  if (forms.length < 2 || forms.every(({ made }) => made.kind === "constant")) return [];
  const labels = formLabels(forms, task.targets.length);
  const tree = growTree(task.columns, labels, forms.length + 1);
  if (tree.leaf) return [];
  return [
    {
      learner: "tree of forms",
      answer: evidenced(
        answerOf(
          tree,
          forms.map(({ made }) => made),
        ),
        task,
      ),
    },
  ];
}

/** Forms that together explain the examples, that of most first. */
export function formsOf(task: Task, most: number): Explained<Answer>[] {
  return coverOf(poolOf(task), task.targets.length, most);
}

/** For each row the first form that explains it; the number of forms where none does. */
export function formLabels(forms: readonly Explained<Answer>[], size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, row) => {
    const at = forms.findIndex(({ rows }) => rows[row] === 1);
    return at === -1 ? forms.length : at;
  });
}

function poolOf(task: Task): Explained<Answer>[] {
  const pool: Explained<Answer>[] = [];
  const { values, counts } = labelsOf(writtenIn(task));
  const keys = writtenIn(task).map(keyOf);
  for (const [at, value] of values.slice(0, 40).entries()) {
    if ((counts[at] ?? 0) < 3) break;
    const key = keyOf(value);
    pool.push({ made: constantly(value), rows: Uint8Array.from(keys, (one) => Number(one === key)), count: counts[at] ?? 0 });
  }
  for (const { made, rows, count } of copiesOf(task)) pool.push({ made: { kind: "copy", ...made }, rows, count });
  pool.push(...textsOf(task));
  for (const { answer } of learnExtractions(task)) pool.push(explained(answer, task));
  return pool;
}

function explained(made: Answer, { inputs, targets, equality }: Task): Explained<Answer> {
  const rows = Uint8Array.from(inputs, (input, row) => {
    const answered = evaluateAnswer(made, input);
    return Number(answered.ok && makesSame(equality, answered.value, targets[row]));
  });
  return { made, rows, count: rows.reduce((sum, one) => sum + one, 0) };
}

/** Greedy: the form that explains most of what is left, until none explains enough. */
function coverOf(pool: Explained<Answer>[], size: number, most: number): Explained<Answer>[] {
  const left = new Uint8Array(size).fill(1);
  const chosen: Explained<Answer>[] = [];
  while (chosen.length < most) {
    let best: { form: Explained<Answer>; gain: number } | null = null;
    for (const form of pool) {
      let gain = 0;
      for (let row = 0; row < size; row++) gain += (form.rows[row] ?? 0) & (left[row] ?? 0);
      if (!best || gain > best.gain) best = { form, gain };
    }
    if (!best || best.gain < Math.max(4, 0.01 * size)) break;
    chosen.push(best.form);
    for (let row = 0; row < size; row++) if (best.form.rows[row] === 1) left[row] = 0;
  }
  return chosen;
}
