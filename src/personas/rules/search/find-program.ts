/**
 * The search: a program that gives what the examples say. One expression where there is one; else a program that is right for
 * some examples is repaired by conditions, one branch after the other. What only says its examples by heart is not found.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Attempted, Branch } from "./branch.ts";
import { Bank, enumerate } from "./enumerate.ts";
import { type Value, type Wanted, written } from "./examples.ts";
import { type Held, heldByRepair, heldBySmallest, isMoreThanAList } from "./held-out.ts";
import type { Slot } from "./op.ts";
import { Repair } from "./repair.ts";
import { thresholds } from "./thresholds.ts";

export interface Program {
  found: true;
  branches: Branch[];
  tried: number;
  held: Held;
}
export interface NoProgram {
  found: false;
  tried: number;
  /** So many examples the best one gave right. */
  best: number;
  /** There was one for all examples, which holds too few that it was not shown. */
  byHeart: Held | null;
}
export type Found = Program | NoProgram;

const EVERY_KIND: readonly Slot[] = ["num", "str", "bool", "nums", "strs", "cnum", "cstr"];
const MOST_PARTIAL = 4000;
const BETWEEN_TURNS = 2000;

/**
 * First with the kinds of inputs and output alone, then with the whole grammar, each with half of the limit `most`. Ends early when
 * `signal` is aborted.
 */
export async function findProgram(wanted: Wanted, most: number, signal: AbortSignal): Promise<Found> {
  const own = new Set<Slot>([...wanted.takes, wanted.gives, "num", "bool", "cnum", "cstr"]);
  const narrow = await search(wanted, own, Math.floor(most / 2), signal);
  if (narrow.found) return narrow;
  const wide = await search(wanted, new Set(EVERY_KIND), most - narrow.tried, signal);
  const tried = narrow.tried + wide.tried;
  if (wide.found) return { ...wide, tried };
  return { found: false, tried, best: Math.max(narrow.best, wide.best), byHeart: wide.byHeart ?? narrow.byHeart };
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
    if (right.size > 0 && (partial.length < MOST_PARTIAL || right.size === goal.length)) partial.push({ expr, right });
    if (right.size === goal.length)
      return judged([{ when: null, give: expr }], heldBySmallest(partial, goal.length), goal.length, bank.tried);
  }
  const repair = new Repair(partial, { ofGrammar: bank.all("bool"), ofExamples: thresholds(bank) }, goal, signal);
  const all = goal.map((_, at) => at);
  const branches = await repair.program(all);
  if (!branches) return { found: false, tried: bank.tried, best: Math.max(0, ...partial.map(({ right }) => right.size)), byHeart: null };
  return judged(branches, await heldByRepair(repair, goal.length), goal.length, bank.tried);
}

function judged(branches: Branch[], held: Held, count: number, tried: number): Found {
  if (isMoreThanAList(branches.length, held, count)) return { found: true, branches, tried, held };
  return { found: false, tried, best: count, byHeart: held };
}

function rightOn(values: readonly (Value | undefined)[], goal: readonly string[]): Set<number> {
  const right = new Set<number>();
  for (const [at, value] of values.entries()) if (value !== undefined && written(value) === goal[at]) right.add(at);
  return right;
}
