/** A program of several branches: what is right for some of the examples is repaired by conditions for the others. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Attempted, Branch } from "./branch.ts";
import { written } from "./examples.ts";
import type { Expr } from "./expr.ts";
import { BOTH } from "./ops/conditions.ts";

const MOST_TESTS = 3000;
const MOST_PAIRED = 120;
const TESTS_BETWEEN_TURNS = 200;
const MOST_CONDITIONS = 3;
/** So many examples a branch, on average: with fewer it would be a list of the examples, and no function. */
const PER_BRANCH = 2;

export interface Conditions {
  ofGrammar: readonly Expr[];
  /** With numbers that the examples show. */
  ofExamples: readonly Expr[];
}

export class Repair {
  readonly #sets: readonly Attempted[];
  readonly #tests: readonly Expr[];
  readonly #goal: readonly string[];
  readonly #signal: AbortSignal;
  /** By the numbers of examples: the first that is right for all of them. */
  readonly #first = new Map<string, Attempted | undefined>();

  constructor(partial: readonly Attempted[], conditions: Conditions, goal: readonly string[], signal: AbortSignal) {
    const sound = conditions.ofGrammar.filter(({ values }) => !values.includes(undefined));
    this.#sets = distinct(partial);
    // What needs no number of the examples goes first: `a < b` before `a < 5`.
    this.#tests = [...sound.slice(0, MOST_TESTS), ...conditions.ofExamples, ...pairs(sound.slice(0, MOST_PAIRED))];
    this.#goal = goal;
    this.#signal = signal;
  }

  /** Takes away, branch by branch, the examples that a condition picks and an expression gets right, the most at once. */
  async program(shown: readonly number[], perBranch = PER_BRANCH): Promise<Branch[] | null> {
    const branches: Branch[] = [];
    let left = shown;
    while (branches.length <= MOST_CONDITIONS) {
      const rest = this.#rightFor(left);
      if (rest) {
        branches.push({ when: null, give: rest.expr });
        return branches.length * perBranch <= shown.length ? branches : null;
      }
      const next = await this.#bestBranch(left);
      if (!next) return null;
      branches.push(next);
      left = left.filter((at) => next.when?.values[at] !== true);
    }
    return null;
  }

  /** What is found from all other examples gives this one right too. */
  async givesUnseen(out: number): Promise<boolean> {
    const others = this.#goal.flatMap((_, at) => (at === out ? [] : [at]));
    const branches = await this.program(others, 1);
    const taken = branches?.find(({ when }) => when === null || when.values[out] === true);
    const given = taken?.give.values[out];
    return given !== undefined && written(given) === this.#goal[out];
  }

  #rightFor(numbers: readonly number[]): Attempted | undefined {
    const key = numbers.join();
    if (!this.#first.has(key))
      this.#first.set(
        key,
        this.#sets.find(({ right }) => numbers.every((at) => right.has(at))),
      );
    return this.#first.get(key);
  }

  async #bestBranch(left: readonly number[]): Promise<Branch | null> {
    let best: { branch: Branch; score: number } | null = null;
    for (const [at, when] of this.#tests.entries()) {
      if (at % TESTS_BETWEEN_TURNS === 0) {
        await nextTurn();
        this.#signal.throwIfAborted();
      }
      const picked = left.filter((each) => when.values[each] === true);
      if (picked.length === 0 || picked.length === left.length) continue;
      const give = this.#rightFor(picked);
      if (!give) continue;
      // The rest must be possible too, and what is simple is right more often.
      const ends = this.#rightFor(left.filter((each) => when.values[each] !== true)) !== undefined;
      const score = picked.length * 10 + (ends ? 1000 : 0) - when.size * 3 - give.expr.size * 3;
      if (!best || score > best.score) best = { branch: { when, give: give.expr }, score };
    }
    return best?.branch ?? null;
  }
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

/** Of those that are right for the same examples the smallest stands for all; the small ones first. */
function distinct(partial: readonly Attempted[]): Attempted[] {
  const seen = new Set<string>();
  return partial.filter(({ right }) => {
    const key = [...right].join(",");
    return !seen.has(key) && seen.add(key);
  });
}
