/** How far an exploration goes. It gives up aloud: with the reason, and with what it has seen so far. */
import type { Clock } from "../../contract/clock.ts";

export interface Limits {
  states: number;
  /** For the whole analysis. */
  seconds: number;
  clock: Pick<Clock, "now">;
}

/** Asks the clock now and then; says why to stop, or null. */
export type Watch = (states: number) => string | null;

/** The time counts from here; `share` is the part of it that may be used. */
export function watchOf({ states, seconds, clock }: Limits, share = 1): Watch {
  const end = clock.now() + seconds * 1000 * share;
  let calls = 0;
  return (seen) => {
    if (seen > states) return `more than ${states} states`;
    calls += 1;
    return calls % 256 === 0 && clock.now() > end ? `the ${seconds} seconds were up after ${seen} states` : null;
  };
}
