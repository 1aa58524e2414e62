/**
 * Waits for something to become true, asking often; fails with the reason when it does not. Only the time counts in which this process
 * ran: while the machine stands still nothing can happen, and what was due meanwhile happens a moment after.
 */
import { PetrelError } from "../../src/contract/errors.ts";

const LOOK_MS = 10;
const LIMIT_MS = 60_000;
/** How often the own time is counted, and the most that counts at once: what is over stood still. */
const COUNT_MS = 50;
const MOST_MS = 500;

/** Settles when the predicate holds. What it throws ends the waiting, but for errors that say that asking again may help. */
export async function waitUntil(reason: string, predicate: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  await until(reason, predicate, limitMs);
}

/** The first value that is neither false, null, undefined, 0 nor empty. */
export async function until<T>(reason: string, look: () => T | Promise<T>, limitMs = LIMIT_MS): Promise<NonNullable<T>> {
  const ran = ownTime();
  let missed = "";
  const looked = async () => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof PetrelError && error.outlook === "retryable")) throw error;
      missed = `; ${error.message}`;
      return null;
    }
  };
  try {
    for (;;) {
      // Before the look: who was held up looks once more before it gives up.
      const late = ran.ms() > limitMs;
      const value = await looked();
      if (value) return value as NonNullable<T>;
      if (late) throw new Error(`waited ${limitMs} ms in vain: ${reason}${missed}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    ran.stop();
  }
}

/** Milliseconds for which this process has run since the call. */
function ownTime(): { ms(): number; stop(): void } {
  let counted = 0;
  let last = performance.now();
  const count = () => {
    const now = performance.now();
    counted += Math.min(now - last, MOST_MS);
    last = now;
  };
  const timer = setInterval(count, COUNT_MS);
  const ms = () => {
    count();
    return counted;
  };
  return { ms, stop: () => clearInterval(timer) };
}
