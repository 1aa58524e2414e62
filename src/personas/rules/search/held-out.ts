/**
 * Whether a program says more than the examples that it was made of: each of them is left out in turn, the search is made again with the
 * others, and what it finds then is tried on the one that it was not shown.
 * - H1 A program of several branches holds more than half of them. Else its branches are a list of the examples.
 * - H2 One expression holds at least one of them where there are four and more; of three, no two say enough.
 */
import type { Attempted } from "./branch.ts";
import type { Repair } from "./repair.ts";

/** Of the examples that were left out, so many are given right unseen. */
export interface Held {
  right: number;
  of: number;
}

const ENOUGH_TO_LEAVE_OUT = 4;
/** Each is a search of its own; of many examples these are spread over all. */
const MOST_LEFT_OUT = 12;

export function isMoreThanAList(branches: number, { right, of }: Held, count: number): boolean {
  if (branches > 1) return right * 2 > of; // H1
  return count < ENOUGH_TO_LEAVE_OUT || right > 0; // H2
}

/** For one expression. `attempted` in the order of the search, the last one right for all. */
export function heldBySmallest(attempted: readonly Attempted[], count: number): Held {
  let held = 0;
  for (let out = 0; out < count; out++) {
    const first = attempted.find(({ right }) => right.size === count || (right.size === count - 1 && !right.has(out)));
    if (first?.right.has(out)) held++;
  }
  return { right: held, of: count };
}

export async function heldByRepair(repair: Repair, count: number): Promise<Held> {
  const of = Math.min(count, MOST_LEFT_OUT);
  let right = 0;
  for (let each = 0; each < of; each++) if (await repair.givesUnseen(Math.floor((each * count) / of))) right++;
  return { right, of };
}
