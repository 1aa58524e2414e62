/** The time of this machine. */
import type { Clock } from "../../src/contract/clock.ts";

export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
