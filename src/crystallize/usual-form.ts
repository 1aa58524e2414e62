/**
 * Free text of which only a judge can say whether two mean the same. The model words an answer now this way and now that, so no learner fits
 * most of the answers, and none has to: what is proposed is the form that comes most often where an input lies (a constant, a copy, a text with
 * slots, a row of a table), and the judge of the proof says whether the others mean the same.
 */
import type { Equality } from "../net/rule/agree.ts";
import type { Answer } from "../net/rule/answer.ts";
import { formLabels, formsOf } from "./choices.ts";
import type { Contestant } from "./contest.ts";
import { answerOf } from "./decisions.ts";
import { evidenced } from "./evidence.ts";
import { usualTables } from "./tables.ts";
import { type Candidate, firstOf, fitOf, sizeOf, type Task } from "./task.ts";
import { growTree } from "./tree.ts";

/** The form that is proposed is the model's own wording at least so often: a rule that words like nobody is none. */
const LEAST_SHARE = 0.15;
/** A winner by content that answers fewer of the later examples may be beaten by a form that answers more. */
const ANSWERS_MOST = 0.5;
const MOST_FORMS = 40;
const FITTED = 0.7;
/** What one more part of an answer has to bring, as a share of the examples. */
const PART = 0.0005;

export const canOnlyBeJudged = (equality: Equality): boolean =>
  equality === "judge" || (typeof equality === "object" && "judge" in equality);

export function answersMost(won: { contestants: Contestant[] } | null, { inputs }: Task): boolean {
  const fit = won?.contestants[0]?.fit;
  if (!fit) return false;
  return fit.agreed + fit.wrong >= ANSWERS_MOST * (inputs.length - Math.floor(inputs.length * FITTED));
}

interface Usual extends Candidate {
  told: { learner: string; score: number };
}

/** Null: no wording comes often enough. */
export function usualForm(task: Task): Usual | null {
  const size = Math.floor(task.inputs.length * FITTED);
  const rest = task.inputs.length - size;
  const scored = candidatesOf(firstOf(task, size)).map((candidate) => {
    const { agreed } = fitOf(candidate.answer, task, size);
    return { ...candidate, share: agreed / Math.max(1, rest), score: agreed / Math.max(1, rest) - PART * sizeOf(candidate.answer) };
  });
  const best = scored.filter(({ share }) => share >= LEAST_SHARE).sort((one, other) => other.score - one.score)[0];
  if (!best) return null;
  const again = candidatesOf(task).find(({ learner }) => learner === best.learner) ?? best;
  return { learner: best.learner, answer: again.answer, told: { learner: best.learner, score: best.score } };
}

function candidatesOf(task: Task): Candidate[] {
  return [...usualForms(task), ...usualTables(task)];
}

/** One form for all, and a tree that tells which form is usual where. */
function usualForms(task: Task): Candidate[] {
  const forms = formsOf(task, MOST_FORMS);
  const [first] = forms;
  if (!first) return [];
  const single: Candidate = { learner: "usual form", answer: first.made };
  const labels = formLabels(forms, task.targets.length);
  const tree = growTree(task.columns, labels, forms.length + 1, { leafError: 1 - LEAST_SHARE });
  if (tree.leaf) return [single];
  const gives = forms.map(({ made }): Answer => made);
  return [single, { learner: "tree of usual forms", answer: evidenced(answerOf(tree, gives), task) }];
}
