/** Several learners in competition for one value: judged on later examples than they learned from, then learned again from all. */
import type { Answer } from "../net/rule/answer.ts";
import { learnChoices } from "./choices.ts";
import { learnCopies } from "./copies.ts";
import { learnTree } from "./decisions.ts";
import { learnExtractions } from "./extractions.ts";
import { learnLists } from "./lists.ts";
import { learnTables } from "./tables.ts";
import { type Candidate, constantly, type Fit, firstOf, fitOf, type Learner, labelsOf, sizeOf, type Task, writtenIn } from "./task.ts";
import { learnTexts } from "./texts.ts";

export interface Contestant extends Candidate {
  fit: Fit;
  score: number;
}

const learnConstant: Learner = (task) => [{ learner: "constant", answer: constantly(labelsOf(writtenIn(task)).values[0]) }];
/** Simplest first: of equals the first wins. */
const LEARNERS: Learner[] = [learnConstant, learnCopies, learnTables, learnTexts, learnExtractions, learnTree, learnLists, learnChoices];

/** The later part of what is learned from decides between the learners. */
const FITTED = 0.7;
/** A wrong answer costs as much as so many questions to the model. */
const WRONG = 8;
/** What one more part of an answer has to bring, as a share of the examples. */
const PART = 0.0005;

/** Best first; those that would do more harm than good are not there. */
export function contest(task: Task): Contestant[] {
  const size = Math.floor(task.inputs.length * FITTED);
  const fitted = firstOf(task, size);
  const rest = task.inputs.length - size;
  const entered = LEARNERS.flatMap((learner) => learner(fitted)).map((candidate): Contestant => {
    const fit = fitOf(candidate.answer, task, size);
    return { ...candidate, fit, score: scoreOf(fit, rest, candidate.answer) };
  });
  return entered.filter(({ score }) => score > 0).sort((one, other) => other.score - one.score);
}

function scoreOf({ agreed, wrong }: Fit, size: number, answer: Answer): number {
  return (agreed - WRONG * wrong) / Math.max(1, size) - PART * sizeOf(answer);
}

/** The winner of the contest, learned again from all examples. Null: none is worth it. */
export function winnerOf(task: Task): { best: Candidate; contestants: Contestant[] } | null {
  const contestants = contest(task);
  for (const { learner, answer, score } of contestants) {
    if (score <= 0) break;
    const again = LEARNERS.flatMap((learn) => learn(task))
      .filter((candidate) => candidate.learner === learner)
      .map((candidate) => ({ ...candidate, score: scoreOf(fitOf(candidate.answer, task), task.inputs.length, candidate.answer) }))
      .sort((one, other) => other.score - one.score)[0];
    return { best: again && again.score > 0 ? { learner, answer: again.answer } : { learner, answer }, contestants };
  }
  return null;
}
