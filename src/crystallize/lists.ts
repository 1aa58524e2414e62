/**
 * Decision lists (Rivest, "Learning Decision Lists", 1987), learned by separate and conquer as in CN2 (Clark and Niblett 1989): the
 * best short conjunction for one answer, then the best for what it leaves. Where a tree has to repeat itself, a list can be short.
 */
import type { Answer } from "../net/rule/answer.ts";
import type { Condition } from "../net/rule/condition.ts";
import { type Bits, bitsOf, countBits, withBoth, without } from "./bits.ts";
import type { Columns } from "./columns.ts";
import { fisherAtLeast, lowerBound, upperBound } from "./statistics.ts";
import { type Candidate, constantly, labelsOf, type Task } from "./task.ts";

const MOST_CASES = 24;
const MOST_CONDITIONS = 4;
const MOST_CLASSES = 20;
const CUTS = 8;
const SIGNIFICANCE = 0.01;

interface Literal {
  condition: Condition;
  rows: Bits;
}
interface Case {
  conditions: Condition[];
  label: number;
  rows: Bits;
  seen: number;
  quality: number;
}

export function learnLists(task: Task): Candidate[] {
  const { labels, values, counts } = labelsOf(task.targets);
  const usual = counts.filter((count) => count >= 3).length;
  if (usual < 2 || usual > MOST_CLASSES) return [];
  const literals = literalsOf(task.columns, labels, usual);
  const classes = values.slice(0, usual).map((_, label) => bitsOf(labels.length, (row) => labels[row] === label));
  let left = bitsOf(labels.length, () => true);
  const cases: Case[] = [];
  while (cases.length < MOST_CASES && countBits(left) > 0) {
    const best = bestCase(literals, classes, left);
    if (!best) break;
    cases.push(best);
    left = without(left, best.rows);
  }
  if (cases.length === 0) return [];
  const rest = restOf(classes, left);
  const answer: Answer = {
    kind: "cases",
    cases: cases.map(({ conditions, label, seen }) => ({ if: conditions, give: constantly(values[label]), seen })),
    ...(rest === null ? {} : { else: constantly(values[rest]) }),
  };
  return [{ learner: "decision list", answer }];
}

/** Tests, their opposites, and thresholds at the places where the answers change most. */
function literalsOf(columns: Columns, labels: Int32Array, usual: number): Literal[] {
  const literals: Literal[] = [];
  for (const { condition, holds } of columns.tests) {
    literals.push({ condition, rows: bitsOf(columns.size, (row) => holds[row] === 1) });
    literals.push({ condition: { test: "not", condition }, rows: bitsOf(columns.size, (row) => holds[row] === 0) });
  }
  for (const { term, values } of columns.numbers) {
    for (const [low, high] of cutsOf(values, labels, usual)) {
      literals.push({
        condition: { test: "range", ...term, atMost: low },
        rows: bitsOf(columns.size, (row) => (values[row] ?? Number.NaN) <= low),
      });
      literals.push({
        condition: { test: "range", ...term, atLeast: high },
        rows: bitsOf(columns.size, (row) => (values[row] ?? Number.NaN) >= high),
      });
    }
  }
  return literals;
}

/** Neighbouring numbers between which one class begins or ends most clearly. */
function cutsOf(values: Float64Array, labels: Int32Array, usual: number): [number, number][] {
  const rows = Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]));
  rows.sort((one, other) => (values[one] ?? 0) - (values[other] ?? 0) || one - other);
  const totals = new Array<number>(usual).fill(0);
  for (const row of rows) if ((labels[row] ?? 0) < usual) totals[labels[row] ?? 0] = (totals[labels[row] ?? 0] ?? 0) + 1;
  const below = new Array<number>(usual).fill(0);
  const cuts: { between: [number, number]; score: number }[] = [];
  for (let at = 1; at < rows.length; at++) {
    const label = labels[rows[at - 1] ?? 0] ?? 0;
    if (label < usual) below[label] = (below[label] ?? 0) + 1;
    const between: [number, number] = [values[rows[at - 1] ?? 0] ?? 0, values[rows[at] ?? 0] ?? 0];
    if (between[0] === between[1]) continue;
    const share = at / rows.length;
    const score = Math.max(...below.map((count, one) => Math.abs(count - share * (totals[one] ?? 0))));
    cuts.push({ between, score });
  }
  return cuts
    .sort((one, other) => other.score - one.score)
    .slice(0, CUTS)
    .map(({ between }) => between);
}

function bestCase(literals: Literal[], classes: Bits[], left: Bits): Case | null {
  let best: Case | null = null;
  for (const [label, members] of classes.entries()) {
    const grown = growCase(literals, withBoth(members, left), left, label);
    if (grown && (!best || grown.quality > best.quality)) best = grown;
  }
  return best;
}

/** Adds the condition that gains most (FOIL's gain, Quinlan 1990) while it is significant. */
function growCase(literals: Literal[], members: Bits, left: Bits, label: number): Case | null {
  let rows = left;
  const conditions: Condition[] = [];
  let [all, hits] = [countBits(left), countBits(members)];
  if (hits < 3) return null;
  while (conditions.length < MOST_CONDITIONS && hits < all) {
    const before = Math.log2(hits / all);
    let best: { literal: Literal; gain: number; rows: Bits; all: number; hits: number } | null = null;
    for (const literal of literals) {
      const kept = withBoth(rows, literal.rows);
      const seen = countBits(kept);
      if (seen < 3 || seen === all) continue;
      const good = countBits(withBoth(kept, members));
      if (good === 0) continue;
      const gain = good * (Math.log2(good / seen) - before);
      if (gain > 0 && (!best || gain > best.gain + 1e-9)) best = { literal, gain, rows: kept, all: seen, hits: good };
    }
    if (!best || literals.length * fisherAtLeast(best.hits, best.all, hits, all) > SIGNIFICANCE) break;
    conditions.push(best.literal.condition);
    [rows, all, hits] = [best.rows, best.all, best.hits];
  }
  if (conditions.length === 0 || upperBound(all - hits, all, 0.75) > 0.2) return null;
  return { conditions, label, rows, seen: all, quality: lowerBound(hits, all, 0.9) * Math.log2(1 + all) };
}

/** The usual answer of what no case takes, where it is usual enough. */
function restOf(classes: Bits[], left: Bits): number | null {
  const all = countBits(left);
  const counts = classes.map((members) => countBits(withBoth(members, left)));
  const most = Math.max(...counts);
  return all > 0 && upperBound(all - most, all, 0.75) <= 0.2 ? counts.indexOf(most) : null;
}
