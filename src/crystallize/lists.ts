/**
 * Decision lists (Rivest, "Learning Decision Lists", 1987), learned by separate and conquer as in CN2 (Clark and Niblett 1989): the
 * best short conjunction for one answer, then the best for what it leaves. Where a tree has to repeat itself, a list can be short.
 *
 * Two cautions, since a wrong answer costs more here than a question to the model. What a case misses may be no noise but an exception: where
 * its misses gather, a case of their own stands before it (ripple-down rules, Compton and Jansen 1990; learned as by Gaines and Compton 1995),
 * or the model is asked. And between the last number seen on one side of a threshold and the first on the other, nobody knows.
 */
import type { Answer } from "../net/rule/answer.ts";
import type { Condition } from "../net/rule/condition.ts";
import { type Bits, bitsOf, countBits, hasBit, withBoth, without } from "./bits.ts";
import { evidenced } from "./evidence.ts";
import { gatheringOf } from "./gatherings.ts";
import { type Literal, literalsOf } from "./literals.ts";
import { fisherAtLeast, lowerBound, upperBound } from "./statistics.ts";
import { type Candidate, constantly, labelsOf, type Task, writtenIn } from "./task.ts";

const MOST_CASES = 24;
const MOST_GAPS = 60;
const MOST_CONDITIONS = 4;
const MOST_CLASSES = 20;
const SIGNIFICANCE = 0.01;

interface Case {
  literals: Literal[];
  /** Null: left to the model. */
  label: number | null;
  rows: Bits;
  seen: number;
  quality: number;
}

export function learnLists(task: Task): Candidate[] {
  const { labels, values, counts } = labelsOf(writtenIn(task));
  const usual = counts.filter((count) => count >= 3).length;
  if (usual < 2 || usual > MOST_CLASSES) return [];
  const literals = literalsOf(task.columns, labels, usual);
  const classes = values.slice(0, usual).map((_, label) => bitsOf(labels.length, (row) => labels[row] === label));
  let left = bitsOf(labels.length, () => true);
  const cases: Case[] = [];
  const between: Gap[] = [];
  const put = (one: Case): void => {
    cases.push(one);
    between.push(...gapsOf(one, left));
    left = without(left, one.rows);
  };
  while (cases.length < MOST_CASES && between.length < MOST_GAPS && countBits(left) > 0) {
    const best = bestCase(literals, classes, left);
    if (!best) break;
    for (const one of [...exceptionsOf(best, literals, classes), best]) put(one);
  }
  if (cases.length === 0) return [];
  const rest = restOf(classes, left);
  if (rest !== null) for (const one of exceptionsOf({ literals: [], label: rest, rows: left }, literals, classes)) put(one);
  const answer: Answer = {
    kind: "cases",
    cases: cases.flatMap((one) => [
      ...between.filter((gap) => gap.before === one).map(({ conditions }) => ({ if: conditions, give: UNKNOWN })),
      {
        if: one.literals.map(({ condition }) => condition),
        give: one.label === null ? EXCEPTIONS : constantly(values[one.label]),
        seen: one.seen,
      },
    ]),
    ...(rest === null ? {} : { else: constantly(values[rest]) }),
  };
  return [{ learner: "decision list", answer: evidenced(answer, task) }];
}

const UNKNOWN: Answer = { kind: "decline", reason: "between two numbers that were seen" };
const EXCEPTIONS: Answer = { kind: "decline", reason: "some like it were answered otherwise" };

interface Gap {
  before: Case;
  conditions: Condition[];
}

/** For each threshold of a case: from it to the next number on its other side among what else meets the case, nobody knows. */
function gapsOf(before: Case, left: Bits): Gap[] {
  return before.literals.flatMap((literal): Gap[] => {
    const { condition, numbers } = literal;
    if (!numbers || condition.test !== "range") return [];
    const others = before.literals.filter((one) => one !== literal);
    const context = without(
      others.reduce((rows, one) => withBoth(rows, one.rows), left),
      literal.rows,
    );
    const values = Array.from(numbers.values).filter((value, row) => !Number.isNaN(value) && hasBit(context, row));
    if (values.length === 0) return [];
    const range =
      condition.atMost === undefined
        ? { above: Math.max(...values), below: condition.atLeast }
        : { above: condition.atMost, below: Math.min(...values) };
    // Between two whole numbers there is none.
    if (Number(range.below) - Number(range.above) <= 1 && numbers.values.every((value) => Number.isNaN(value) || Number.isInteger(value)))
      return [];
    return [{ before, conditions: [...others.map((one) => one.condition), { test: "range", ...numbers.term, ...range }] }];
  });
}

/**
 * Where what a case misses gathers: with an answer of its own, if that is sure enough. One condition seldom shows it, so pairs are looked at
 * too, as CN2's beam would.
 */
function exceptionsOf(found: Pick<Case, "literals" | "label" | "rows">, literals: Literal[], classes: Bits[]): Case[] {
  const exceptions: Case[] = [];
  let { rows } = found;
  for (const [label, members] of classes.entries()) {
    const gathering = label === found.label ? null : gatheringOf(literals, withBoth(members, rows), rows);
    if (!gathering) continue;
    const own = { label: isSure(gathering) ? label : null, literals: [...found.literals, ...gathering.literals] };
    exceptions.push({ ...gathering, ...own, quality: 0 });
    rows = without(rows, gathering.rows);
  }
  return exceptions;
}

function bestCase(literals: Literal[], classes: Bits[], left: Bits): Case | null {
  let best: Case | null = null;
  for (const [label, members] of classes.entries()) {
    const grown = growCase(literals, withBoth(members, left), left, label);
    if (grown && (!best || grown.quality > best.quality)) best = grown;
  }
  return best;
}

function growCase(literals: Literal[], members: Bits, left: Bits, label: number): Case | null {
  const grown = grow(literals, members, left, label);
  return grown && isSure(grown) ? grown : null;
}

const isSure = ({ seen, hits }: { seen: number; hits: number }): boolean => upperBound(seen - hits, seen, 0.75) <= 0.2;

interface Grown extends Case {
  hits: number;
}

/** Adds the condition that gains most (FOIL's gain, Quinlan 1990) while it is significant. */
function grow(literals: Literal[], members: Bits, left: Bits, label: number): Grown | null {
  let rows = left;
  const chosen: Literal[] = [];
  let [all, hits] = [countBits(left), countBits(members)];
  if (hits < 3) return null;
  while (chosen.length < MOST_CONDITIONS && hits < all) {
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
    chosen.push(best.literal);
    [rows, all, hits] = [best.rows, best.all, best.hits];
  }
  if (chosen.length === 0) return null;
  return { literals: chosen, label, rows, seen: all, hits, quality: lowerBound(hits, all, 0.9) * Math.log2(1 + all) };
}

/** The usual answer of what no case takes, where it is usual enough. */
function restOf(classes: Bits[], left: Bits): number | null {
  const all = countBits(left);
  const counts = classes.map((members) => countBits(withBoth(members, left)));
  const most = Math.max(...counts);
  return all > 0 && upperBound(all - most, all, 0.75) <= 0.2 ? counts.indexOf(most) : null;
}
