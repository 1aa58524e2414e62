/**
 * Small decision trees over typed features (Quinlan, "Induction of Decision Trees", 1986; C4.5, 1993), with three cautions, since
 * a wrong answer costs more here than a question to the model:
 *
 * - a split must be significant after correction for all the splits that were tried (Bonferroni), so that noise makes none;
 * - a leaf whose error may be high, by an upper confidence bound as in C4.5's pruning, is left to the model;
 * - between the last number seen on one side of a threshold and the first on the other, nobody knows: the model is asked.
 */
import type { Condition } from "../net/rule/condition.ts";
import type { Columns, NumberColumn } from "./columns.ts";
import { chiSquaredAtLeast, upperBound } from "./statistics.ts";

export type TreeNode =
  | { leaf: true; label: number; seen: number; missed: number }
  | { leaf: true; label: null; seen: number; missed: number; reason: string }
  | { leaf: false; yes: Condition; no: Condition | null; left: TreeNode; right: TreeNode };

export interface TreeOptions {
  /** Chance of one split by noise alone in a node. */
  significance?: number;
  depth?: number;
  /** Highest upper bound on a leaf's error. */
  leafError?: number;
}

interface Grower {
  columns: Columns;
  labels: Int32Array;
  classes: number;
  significance: number;
  leafError: number;
}

export function growTree(columns: Columns, labels: Int32Array, classes: number, options: TreeOptions = {}): TreeNode {
  const { significance = 0.01, depth = 24, leafError = 0.2 } = options;
  const rows = Array.from({ length: columns.size }, (_, row) => row);
  return merged(grow({ columns, labels, classes, significance, leafError }, rows, depth));
}

function grow(grower: Grower, rows: number[], depth: number): TreeNode {
  const counts = countLabels(grower, rows);
  const best = depth === 0 || counts.filter((count) => count > 0).length < 2 ? null : bestSplit(grower, rows, counts);
  if (!best) return leafOf(grower, counts, rows.length);
  return {
    leaf: false,
    yes: best.yes,
    no: best.no,
    left: grow(grower, best.left, depth - 1),
    right: grow(grower, best.right, depth - 1),
  };
}

/** A part of the examples in which three quarters of a bound on the error are too many is left to the model. */
const LEAF_CONFIDENCE = 0.75;

function leafOf({ leafError }: Grower, counts: number[], seen: number): TreeNode {
  const label = counts.indexOf(Math.max(...counts));
  const missed = seen - (counts[label] ?? 0);
  if (upperBound(missed, seen, LEAF_CONFIDENCE) <= leafError) return { leaf: true, label, seen, missed };
  const reason = missed === 0 ? `only ${seen} like it were seen` : `of ${seen} like it, ${missed} were answered otherwise`;
  return { leaf: true, label: null, seen, missed, reason };
}

/** Two leaves with the same answer are one. */
function merged(node: TreeNode): TreeNode {
  if (node.leaf) return node;
  const left = merged(node.left);
  const right = merged(node.right);
  if (node.no === null && left.leaf && right.leaf && left.label !== null && left.label === right.label)
    return { leaf: true, label: left.label, seen: left.seen + right.seen, missed: left.missed + right.missed };
  return { ...node, left, right };
}

interface Split {
  yes: Condition;
  /** What the other side must meet; null: whatever is left. Between the two of a threshold lies what nobody knows. */
  no: Condition | null;
  left: number[];
  right: number[];
}
interface Scored {
  gain: number;
  ratio: number;
  make(): Split;
}

function bestSplit(grower: Grower, rows: number[], counts: number[]): Split | null {
  const before = entropy(counts, rows.length);
  const found: Scored[] = [];
  let tried = 0;
  for (const column of grower.columns.tests) {
    const left = new Array<number>(grower.classes).fill(0);
    let size = 0;
    for (const row of rows) {
      if (column.holds[row] === 0) continue;
      size += 1;
      const label = grower.labels[row] ?? 0;
      left[label] = (left[label] ?? 0) + 1;
    }
    if (size === 0 || size === rows.length) continue;
    tried += 1;
    const { gain, ratio } = gainOf(counts, left, size, rows.length, before);
    found.push({ gain, ratio, make: () => testSplit(column.condition, column.holds, rows) });
  }
  for (const column of grower.columns.numbers) {
    const cut = bestCut(grower, column, rows, counts, before);
    if (!cut) continue;
    tried += cut.tried;
    found.push({ ...cut, make: () => cutSplit(grower, column, cut.sorted, cut.at) });
  }
  // As in C4.5: the best ratio among those whose gain is at least the average, so that no tiny side wins by its ratio alone.
  const freedom = counts.filter((count) => count > 0).length - 1;
  const significant = found.filter(
    ({ gain }) => tried * chiSquaredAtLeast(2 * rows.length * gain * Math.LN2, freedom) < grower.significance,
  );
  const average = significant.reduce((sum, { gain }) => sum + gain, 0) / Math.max(1, significant.length);
  let best: Scored | null = null;
  for (const one of significant) if (one.gain >= average - 1e-12 && (!best || one.ratio > best.ratio + 1e-12)) best = one;
  return best?.make() ?? null;
}

function testSplit(condition: Condition, column: Uint8Array, rows: number[]): Split {
  return { yes: condition, no: null, left: rows.filter((row) => column[row] === 1), right: rows.filter((row) => column[row] === 0) };
}

interface Cut {
  gain: number;
  ratio: number;
  tried: number;
  sorted: number[];
  /** How many of `sorted` are below. */
  at: number;
}

function bestCut(grower: Grower, { values }: NumberColumn, rows: number[], counts: number[], before: number): Cut | null {
  const there = rows.filter((row) => !Number.isNaN(values[row]));
  // Where some have no number, a threshold would also say who has one: presence is a test of its own.
  if (there.length < rows.length) return null;
  const sorted = there.sort((one, other) => (values[one] ?? 0) - (values[other] ?? 0) || one - other);
  const below = new Array<number>(grower.classes).fill(0);
  let best: Cut | null = null;
  let tried = 0;
  for (let at = 1; at < sorted.length; at++) {
    const label = grower.labels[sorted[at - 1] ?? 0] ?? 0;
    below[label] = (below[label] ?? 0) + 1;
    if (values[sorted[at - 1] ?? 0] === values[sorted[at] ?? 0]) continue;
    tried += 1;
    const { gain, ratio } = gainOf(counts, below, at, sorted.length, before);
    if (!best || gain > best.gain) best = { gain, ratio, tried, sorted, at };
  }
  return best && { ...best, tried };
}

/** So many examples of a side's own answer in a row say that the side has begun. */
const SURE = 2;

function cutSplit({ labels }: Grower, { term, values }: NumberColumn, sorted: number[], at: number): Split {
  const left = sorted.slice(0, at);
  const right = sorted.slice(at);
  const low = edgeOf([...left].reverse(), labels);
  const high = edgeOf(right, labels);
  const [below, above] = [values[low] ?? 0, values[high] ?? 0];
  return { yes: { test: "range", ...term, atMost: below }, no: { test: "range", ...term, atLeast: above }, left, right };
}

/** Walking away from the cut, the first example of a run that all have the answer usual next to the cut. */
function edgeOf(away: number[], labels: Int32Array): number {
  const near = away.slice(0, 20);
  const counts = new Map<number, number>();
  for (const row of near) counts.set(labels[row] ?? 0, (counts.get(labels[row] ?? 0) ?? 0) + 1);
  const usual = [...counts].sort(([, few], [, many]) => many - few)[0]?.[0];
  for (let at = 0; at + SURE <= near.length; at++) {
    if (near.slice(at, at + SURE).every((row) => labels[row] === usual)) return near[at] ?? 0;
  }
  return away[0] ?? 0;
}

function countLabels({ labels, classes }: Grower, rows: number[]): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const row of rows) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1;
  return counts;
}

function entropy(counts: readonly number[], size: number): number {
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / size) * Math.log2(count / size);
  return bits;
}

function gainOf(counts: number[], left: number[], size: number, all: number, before: number): { gain: number; ratio: number } {
  const right = counts.map((count, label) => count - (left[label] ?? 0));
  const gain = before - (size / all) * entropy(left, size) - ((all - size) / all) * entropy(right, all - size);
  const split = entropy([size, all - size], all);
  return { gain, ratio: split > 0 ? gain / split : 0 };
}
