/**
 * Offers that nobody has claimed yet, and which of them to make again.
 * O1 An offer leaves the queue when it is pulled. Who pulled it may have died, be stopped, or do nothing with it, and nobody says so.
 *    Offers of equal needs are taken in the order in which they were made: one that younger ones have overtaken, or that waits while
 *    somebody is free and nobody claims anything, is taken for lost.
 * O2 It is made again with growing pauses, for the same attempt. One too many does no harm: a claim is granted once.
 * O3 An offer that waits for its turn is not one that nobody takes: neither the time in which nobody was free counts, nor that in which
 *    others of its needs were claimed.
 */
import type { Needs } from "../../net/executor-match.ts";

/** So long an offer may be under way, ms; doubled with each that was lost. */
const UNDER_WAY_MS = 1500;
const MOST_DOUBLINGS = 5;
/** Who turned it down has pulled it a moment ago: another is given time to come to the queue. */
const TURNED_DOWN_MS = 250;

interface Made {
  needs: string;
  /** Of this attempt. */
  first: number;
  last: number;
  /** How often it was made again. */
  again: number;
  /** It is being made again, so `first` stays. */
  making: boolean;
  /** Pulled by somebody who may not have it. */
  turnedDown: boolean;
  /** When it was last seen that nobody who could do it was free. */
  nobodyFree: number;
}

export class OfferBook {
  readonly #made = new Map<string, Made>();
  /** By needs: when the youngest offer that was claimed had been made, and when the last claim was. */
  readonly #claimed = new Map<string, { made: number; at: number }>();

  made(firing: string, needs: Needs | null, now: number): void {
    const before = this.#made.get(firing);
    if (before?.making) Object.assign(before, { last: now, making: false });
    else this.#made.set(firing, { needs: keyOf(needs), first: now, last: now, again: 0, making: false, turnedDown: false, nobodyFree: 0 });
  }

  claimed(firing: string, now: number): void {
    const made = this.#made.get(firing);
    if (!made) return;
    this.#made.delete(firing);
    this.#claimed.set(made.needs, { made: Math.max(made.last, this.#claimed.get(made.needs)?.made ?? 0), at: now });
  }

  turnedDown(firing: string): void {
    const made = this.#made.get(firing);
    if (made) made.turnedDown = true;
  }

  nobodyIsFree(firing: string, now: number): void {
    const made = this.#made.get(firing);
    if (made) made.nobodyFree = now;
  }

  /** O3. Since when this attempt could have been claimed, and nothing of its needs was. */
  since(firing: string): number | undefined {
    const made = this.#made.get(firing);
    return made && Math.max(made.first, made.nobodyFree, this.#claimed.get(made.needs)?.at ?? 0);
  }

  /** O1. `reachable`: since when it could be claimed at all. Somebody who could do it must be free. */
  isLost(firing: string, reachable: number, now: number): boolean {
    const made = this.#made.get(firing);
    if (!made || made.making) return false;
    const last = Math.max(made.last, reachable);
    if (made.turnedDown) return now - last > TURNED_DOWN_MS * 2 ** Math.min(made.again, MOST_DOUBLINGS);
    const patience = UNDER_WAY_MS * 2 ** Math.min(made.again, MOST_DOUBLINGS);
    const moved = this.#claimed.get(made.needs) ?? { made: 0, at: 0 };
    return now - Math.max(last, moved.at) > patience || moved.made - last > patience;
  }

  /** How often it was made again. */
  timesAgain(firing: string): number {
    return this.#made.get(firing)?.again ?? 0;
  }

  /** O2. To be followed by `made`. */
  again(firing: string): void {
    const made = this.#made.get(firing);
    if (made) Object.assign(made, { making: true, turnedDown: false, again: made.again + 1 });
  }

  forgetAllBut(open: { has(firing: string): boolean }): void {
    for (const id of this.#made.keys()) if (!open.has(id)) this.#made.delete(id);
  }
}

function keyOf(needs: Needs | null): string {
  return JSON.stringify(needs && [needs.pool, needs.hand, [...needs.labels].sort()]);
}
