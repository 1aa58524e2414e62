/** One thing to be learned: a value for each input. An output that is an object makes a task of each of its fields. */
import { canonicalJson, type Json, type JsonObject } from "../contract/json.ts";
import { agreement, type Equality } from "../net/rule/agree.ts";
import type { Answer } from "../net/rule/answer.ts";
import { evaluateAnswer } from "../net/rule/answer.ts";
import { type Columns, firstRows } from "./columns.ts";

export interface Task {
  inputs: readonly JsonObject[];
  /** Undefined: the field is not there. */
  targets: readonly (Json | undefined)[];
  columns: Columns;
  equality: Equality;
  /** The targets, each written as the most frequent of those that count as the same: what learns classes of answers looks at these. */
  written?: readonly (Json | undefined)[] | undefined;
}

/** The targets of those who take equal ones for one class. */
export const writtenIn = ({ written, targets }: Pick<Task, "written" | "targets">): readonly (Json | undefined)[] => written ?? targets;

/** Whether a value that a learner has made counts as this target, without asking anybody. */
export function makesSame(equality: Equality, made: Json | undefined, target: Json | undefined): boolean {
  if (made === undefined || target === undefined) return false;
  return made === target || canonicalJson(made) === canonicalJson(target) || agreement(equality, made, target) === "yes";
}

/** What a learner offers: an answer, and a word for where it comes from. */
export interface Candidate {
  learner: string;
  answer: Answer;
}
export type Learner = (task: Task) => Candidate[];

export function firstOf({ inputs, targets, columns, equality, written }: Task, size: number): Task {
  const first = { inputs: inputs.slice(0, size), targets: targets.slice(0, size), columns: firstRows(columns, size), equality };
  return written === undefined ? first : { ...first, written: written.slice(0, size) };
}

export const keyOf = (value: Json | undefined): string => (value === undefined ? "absent" : canonicalJson(value));

/** The answer that is always this value. */
export const constantly = (value: Json | undefined): Answer => (value === undefined ? { kind: "absent" } : { kind: "constant", value });

export interface Labels {
  /** For each row, the number of its target among `values`. */
  labels: Int32Array;
  /** Most frequent first. */
  values: (Json | undefined)[];
  counts: number[];
}

export function labelsOf(targets: readonly (Json | undefined)[]): Labels {
  const seen = new Map<string, { value: Json | undefined; count: number }>();
  const keys = targets.map(keyOf);
  for (const [row, key] of keys.entries()) {
    const known = seen.get(key);
    if (known) known.count += 1;
    else seen.set(key, { value: targets[row], count: 1 });
  }
  const order = [...seen].sort(([one, few], [other, many]) => many.count - few.count || (one < other ? -1 : 1));
  const numbers = new Map(order.map(([key], at) => [key, at]));
  return {
    labels: Int32Array.from(keys, (key) => numbers.get(key) ?? 0),
    values: order.map(([, { value }]) => value),
    counts: order.map(([, { count }]) => count),
  };
}

export interface Fit {
  agreed: number;
  wrong: number;
  declined: number;
}

/** How an answer does on rows of a task. */
export function fitOf(answer: Answer, task: Task, from = 0, to = task.inputs.length): Fit {
  const fit = { agreed: 0, wrong: 0, declined: 0 };
  for (let row = from; row < to; row++) {
    const answered = evaluateAnswer(answer, task.inputs[row] ?? {});
    if (!answered.ok) fit.declined += 1;
    // What only a judge could accept is no success here: a learner must not live on that.
    else if (agreement(task.equality, answered.value, task.targets[row]) === "yes") fit.agreed += 1;
    else fit.wrong += 1;
  }
  return fit;
}

/** How many parts an answer has: of two that do the same, the one with fewer is the better guess (Rissanen 1978; Occam before him). */
export function sizeOf(answer: Answer): number {
  switch (answer.kind) {
    case "split":
      return 1 + sizeOf(answer.yes) + sizeOf(answer.no);
    case "cases":
      return answer.cases.reduce((sum, one) => sum + one.if.length + sizeOf(one.give), answer.else ? sizeOf(answer.else) : 0);
    case "table":
      return answer.keys.length + answer.rows.length / 2;
    case "object":
      return Object.values(answer.fields).reduce((sum, field) => sum + sizeOf(field), 1);
    case "list":
      return answer.items.reduce((sum, item) => sum + sizeOf(item), 1);
    case "text":
      return answer.parts.length;
    case "extract":
      return 1 + answer.patterns.length;
    case "copy":
      return 1 + (answer.change?.length ?? 0);
    default:
      return 1;
  }
}
