/** An answer for whole outputs: objects field by field, each field by the learner that wins there. */
import { isJsonObject, type Json } from "../contract/json.ts";
import { fieldEqualities } from "../net/rule/agree.ts";
import type { Answer } from "../net/rule/answer.ts";
import { winnerOf } from "./contest.ts";
import { represented } from "./represented.ts";
import { standIn } from "./stand-in.ts";
import { keyOf, labelsOf, type Task } from "./task.ts";
import { answersMost, canOnlyBeJudged, usualForm } from "./usual-form.ts";

export interface Learned {
  answer: Answer;
  /** The learners of all fields, each once. */
  learners: string[];
  /** By field, `""` for the whole: what took part, best first. */
  contests: { field: string; learner: string; score: number }[];
}

const MOST_FIELDS = 30;
const MOST_ITEMS = 20;
const DEEPEST = 3;

/** `unlearned` is given the fields of the answer for which nothing was found. */
export function learnAnswer(task: Task, field = "", depth = 0, unlearned?: Set<string>): Learned | null {
  const objects = task.targets.filter(isJsonObject);
  const there = task.targets.filter((target) => target !== undefined && target !== null);
  if (depth < DEEPEST && objects.length > 0 && objects.length >= 0.9 * there.length && new Set(objects.map(keyOf)).size > 1) {
    const composed = there.length < 0.9 * task.targets.length ? null : byField(task, objects, field, depth, unlearned);
    if (composed) return composed;
  }
  const won = winnerOf({ ...task, written: represented(task.targets, task.equality) });
  const usual = canOnlyBeJudged(task.equality) && !answersMost(won, task) ? usualForm(task) : null;
  if (usual) return { answer: usual.answer, learners: [usual.learner], contests: [{ field, ...usual.told }] };
  if (!won) return depth < DEEPEST ? byItem(task, field, depth) : null;
  const { best, contestants } = won;
  return {
    answer: best.answer,
    learners: [best.learner],
    contests: contestants.slice(0, 5).map(({ learner, score }) => ({ field, learner, score })),
  };
}

function byField(task: Task, objects: Record<string, Json>[], field: string, depth: number, unlearned?: Set<string>): Learned | null {
  const names = fieldNames(objects);
  if (names.length === 0 || names.length > MOST_FIELDS) return null;
  const equalities = fieldEqualities(task.equality, names);
  const fields: Record<string, Answer> = {};
  const learners = new Set<string>();
  const contests: Learned["contests"] = [];
  for (const name of names) {
    const equality = equalities.get(name) ?? null;
    const targets = task.targets.map((target) => (isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined));
    const learned = learnAnswer({ ...task, targets, equality: equality ?? "exact" }, field === "" ? name : `${field}.${name}`, depth + 1);
    if (!learned && equality !== null) {
      if (!unlearned) return null;
      // Whoever asks wants to know all of them.
      unlearned.add(name);
      continue;
    }
    if (!learned) {
      // What does not count may be left out where nothing says what it is; where the answer always has it, something stands in its place.
      const instead = standIn(targets);
      if (instead) fields[name] = instead;
      continue;
    }
    fields[name] = learned.answer;
    for (const one of learned.learners) learners.add(one);
    contests.push(...learned.contests);
  }
  if (learners.size === 0 || (unlearned?.size ?? 0) > 0) return null;
  return { answer: { kind: "object", fields }, learners: [...learners], contests };
}

/** Lists that nearly always have the same length: each position by itself. */
function byItem(task: Task, field: string, depth: number): Learned | null {
  const lists = task.targets.filter((target) => Array.isArray(target));
  const length = labelsOf(lists.map((list) => list.length)).values[0];
  if (typeof length !== "number" || length === 0 || length > MOST_ITEMS) return null;
  if (lists.filter((list) => list.length === length).length < 0.9 * task.targets.length) return null;
  const learned = Array.from({ length }, (_, at) => {
    const targets = task.targets.map((target) => (Array.isArray(target) && target.length === length ? target[at] : undefined));
    return learnAnswer({ ...task, targets, equality: "exact" }, `${field}[${at}]`, depth + 1);
  }).filter((item) => item !== null);
  if (learned.length < length) return null;
  return {
    answer: { kind: "list", items: learned.map(({ answer }) => answer) },
    learners: [...new Set(learned.flatMap(({ learners }) => learners))],
    contests: learned.flatMap(({ contests }) => contests),
  };
}

/** Fields that came at least twice and in one of a hundred: what an erring teacher made up once is none. In the order of their first coming. */
function fieldNames(objects: Record<string, Json>[]): string[] {
  const counts = new Map<string, number>();
  for (const one of objects) for (const name of Object.keys(one)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= Math.max(2, 0.01 * objects.length)).map(([name]) => name);
}
