/** Copies of input places, as they are or through a short chain of small functions. */
import type { Json } from "../contract/json.ts";
import type { Equality } from "../net/rule/agree.ts";
import type { Slot } from "../net/rule/answer.ts";
import { applyChanges, type Change } from "../net/rule/change.ts";
import { chainsFor } from "./chains.ts";
import { type Candidate, makesSame, type Task } from "./task.ts";

/** Rows that chains are looked for in; a chain has to explain one in ten of them to be tried on all. */
const SAMPLE = 24;
const MOST_COPIES = 6;

export interface Explained<T> {
  made: T;
  rows: Uint8Array;
  count: number;
}

export function learnCopies(task: Task): Candidate[] {
  return copiesOf(task)
    .slice(0, 2)
    .map(({ made }) => ({ learner: (made.change ?? []).length === 0 ? "copy" : "format", answer: { kind: "copy", ...made } }));
}

/** Copies that explain most targets, best first; of equals, the one with the shorter chain. */
export function copiesOf(task: Task): Explained<Slot>[] {
  const sample = sampleOf(task);
  const found: Explained<Slot>[] = [];
  for (const { path, values } of task.columns.fields) {
    for (const change of chainsIn(sample, values, task)) {
      const rows = Uint8Array.from(task.targets, (target, row) => Number(isMade(values[row], change, target, task.equality)));
      const slot: Slot = change.length === 0 ? { path } : { path, change };
      found.push({ made: slot, rows, count: rows.reduce((sum, one) => sum + one, 0) });
    }
  }
  found.sort((one, other) => other.count - one.count || lengthOf(one.made) - lengthOf(other.made));
  return withoutTwins(found).slice(0, MOST_COPIES);
}

const lengthOf = ({ change }: Slot): number => change?.length ?? 0;

/** Spread over the whole past, so that no stretch of it decides alone. */
function sampleOf({ targets }: Task): number[] {
  const step = Math.max(1, Math.floor(targets.length / SAMPLE));
  return targets.flatMap((target, row) => (row % step === 0 && target !== undefined && target !== null ? [row] : [])).slice(0, SAMPLE);
}

function chainsIn(sample: number[], values: (Json | undefined)[], { targets, equality }: Task): Change[][] {
  const hits = new Map<string, { change: Change[]; count: number }>();
  for (const row of sample) {
    const value = values[row];
    const target = targets[row];
    if (value === undefined || value === null || target === undefined) continue;
    for (const { change, made } of chainsFor(value)) {
      if (typeof made !== typeof target || !makesSame(equality, made, target)) continue;
      const key = JSON.stringify(change);
      const known = hits.get(key);
      if (known) known.count += 1;
      else hits.set(key, { change, count: 1 });
    }
  }
  return [...hits.values()].filter(({ count }) => count >= Math.max(2, sample.length * 0.1)).map(({ change }) => change);
}

function isMade(value: Json | undefined, change: Change[], target: Json | undefined, equality: Equality): boolean {
  return makesSame(equality, applyChanges(value, change), target);
}

/** Of those that explain the same rows, the first: the shortest. */
export function withoutTwins<T>(found: Explained<T>[]): Explained<T>[] {
  const seen = new Set<string>();
  return found.filter(({ rows }) => {
    const key = Buffer.from(rows).toString("latin1");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
