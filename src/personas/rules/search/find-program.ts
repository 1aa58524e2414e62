/**
 * The search: a program that gives what the examples say. One expression where there is one; else a program that is right for
 * some examples is repaired by conditions, one branch after the other.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Bank, type Expr, enumerate } from "./enumerate.ts";
import { type Value, type Wanted, written } from "./examples.ts";
import type { Slot } from "./op.ts";
import { BOTH } from "./ops/conditions.ts";

/** `if (when) return give`, in this order; the last has no condition. */
export interface Branch {
  when: Expr | null;
  give: Expr;
}
/** A program that is right for some of the examples, by their numbers. */
interface Attempted {
  expr: Expr;
  right: Set<number>;
}
export type Found = { found: true; branches: Branch[]; tried: number } | { found: false; tried: number; best: number };

const EVERY_KIND: readonly Slot[] = ["num", "str", "bool", "nums", "strs", "cnum", "cstr"];
const MOST_TESTS = 3000;
const MOST_PAIRED = 120;
const TESTS_BETWEEN_TURNS = 200;
const BETWEEN_TURNS = 2000;
const MOST_CONDITIONS = 3;
/** So many examples a branch, on average: with fewer it would be a list of the examples, and no function. */
const PER_BRANCH = 2;

/**
 * First with the kinds of inputs and output alone, then with the whole grammar, each with half of the limit `most`. `best`: how
 * many examples the best program gave right. Ends early when `signal` is aborted.
 */
export async function findProgram(wanted: Wanted, most: number, signal: AbortSignal): Promise<Found> {
  const own = new Set<Slot>([...wanted.takes, wanted.gives, "num", "bool", "cnum", "cstr"]);
  const narrow = await search(wanted, own, Math.floor(most / 2), signal);
  if (narrow.found) return narrow;
  const wide = await search(wanted, new Set(EVERY_KIND), most - narrow.tried, signal);
  return wide.found
    ? { ...wide, tried: narrow.tried + wide.tried }
    : { ...wide, tried: narrow.tried + wide.tried, best: Math.max(narrow.best, wide.best) };
}

async function search(wanted: Wanted, kinds: ReadonlySet<Slot>, most: number, signal: AbortSignal): Promise<Found> {
  const bank = new Bank();
  const goal = wanted.examples.map(({ out }) => written(out));
  const partial: Attempted[] = [];
  let steps = 0;
  for (const expr of enumerate(wanted, bank, kinds, most)) {
    if (++steps % BETWEEN_TURNS === 0) {
      await nextTurn();
      signal.throwIfAborted();
    }
    if (expr.gives !== wanted.gives) continue;
    const right = rightOn(expr.values, goal);
    if (right.size === goal.length) return { found: true, branches: [{ when: null, give: expr }], tried: bank.tried };
    if (right.size > 0 && partial.length < 4000) partial.push({ expr, right });
  }
  const branches = await repaired(partial, bank.all("bool"), goal.length, signal);
  if (branches) return { found: true, branches, tried: bank.tried };
  return { found: false, tried: bank.tried, best: Math.max(0, ...partial.map(({ right }) => right.size)) };
}

function rightOn(values: readonly (Value | undefined)[], goal: readonly string[]): Set<number> {
  const right = new Set<number>();
  for (const [at, value] of values.entries()) if (value !== undefined && written(value) === goal[at]) right.add(at);
  return right;
}

/** Takes away, branch by branch, the examples that a condition picks and an expression gets right, the most at once. */
async function repaired(
  partial: readonly Attempted[],
  conditions: readonly Expr[],
  count: number,
  signal: AbortSignal,
): Promise<Branch[] | null> {
  const branches: Branch[] = [];
  let left = Array.from({ length: count }, (_, at) => at);
  const sets = distinct(partial);
  const sound = conditions.filter(({ values }) => !values.includes(undefined));
  const tests = [...sound.slice(0, MOST_TESTS), ...pairs(sound.slice(0, MOST_PAIRED))];
  while (branches.length <= MOST_CONDITIONS) {
    const rest = sets.find(({ right }) => left.every((at) => right.has(at)));
    if (rest) {
      branches.push({ when: null, give: rest.expr });
      return branches.length * PER_BRANCH <= count ? branches : null;
    }
    const next = await bestBranch(sets, tests, left, signal);
    if (!next) return null;
    branches.push(next);
    left = left.filter((at) => next.when?.values[at] !== true);
  }
  return null;
}

/** Both of two small conditions: the search by size comes to them late. */
function pairs(conditions: readonly Expr[]): Expr[] {
  return conditions.flatMap((a, at) =>
    conditions.slice(at + 1).map(
      (b): Expr => ({
        ...{ gives: "bool", size: a.size + b.size + 1, text: null, op: BOTH, args: [a, b], constant: false },
        values: a.values.map((value, each) => value === true && b.values[each] === true),
      }),
    ),
  );
}

async function bestBranch(
  sets: readonly Attempted[],
  tests: readonly Expr[],
  left: readonly number[],
  signal: AbortSignal,
): Promise<Branch | null> {
  let best: { branch: Branch; score: number } | null = null;
  for (const [at, when] of tests.entries()) {
    if (at % TESTS_BETWEEN_TURNS === 0) {
      await nextTurn();
      signal.throwIfAborted();
    }
    const picked = left.filter((each) => when.values[each] === true);
    if (picked.length === 0 || picked.length === left.length) continue;
    const give = sets.find(({ right }) => picked.every((each) => right.has(each)));
    if (!give) continue;
    // The rest must be possible too, and what is simple is right more often.
    const rest = left.filter((each) => when.values[each] !== true);
    const ends = sets.some(({ right }) => rest.every((each) => right.has(each)));
    const score = picked.length * 10 + (ends ? 1000 : 0) - when.size * 3 - give.expr.size * 3;
    if (!best || score > best.score) best = { branch: { when, give: give.expr }, score };
  }
  return best?.branch ?? null;
}

/** Of those that are right for the same examples the smallest stands for all; the small ones first. */
function distinct(partial: readonly Attempted[]): Attempted[] {
  const seen = new Set<string>();
  return partial.filter(({ right }) => {
    const key = [...right].join(",");
    return !seen.has(key) && seen.add(key);
  });
}
