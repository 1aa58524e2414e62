/** Clocks for tests of the models and personas: the machine's, and one that a test moves by hand. */
import type { Clock, Timer } from "../../src/contract/clock.ts";

export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export interface HandClock extends Clock {
  /** Moves time on and calls what is due, in order. */
  advance(ms: number): void;
  /** Timers that are set. */
  pending(): number;
}

export function handClock(start = 1_700_000_000_000): HandClock {
  let now = start;
  let waiting: { at: number; call: () => void }[] = [];
  return {
    now: () => now,
    after: (delayMs, call): Timer => {
      const entry = { at: now + delayMs, call };
      waiting.push(entry);
      const cancel = () => {
        waiting = waiting.filter((other) => other !== entry);
      };
      return { cancel };
    },
    advance: (ms) => {
      now += ms;
      const due = waiting.filter((entry) => entry.at <= now).sort((a, b) => a.at - b.at);
      waiting = waiting.filter((entry) => entry.at > now);
      for (const entry of due) entry.call();
    },
    pending: () => waiting.length,
  };
}
