/** Waiting and asking again. */
import type { Clock } from "../contract/clock.ts";
import { delay } from "../contract/clock.ts";
import { PetrelError } from "../contract/errors.ts";
import type { Link } from "./link.ts";
import { abortedError } from "./link.ts";

/** Waits, or less when the signal is aborted; never throws. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  await delay(clock, ms, signal).catch(() => undefined);
}

/** Doubling waits from 20 ms to 1 s. */
export function backoffMs(attempt: number): number {
  return Math.min(1000, 20 * 2 ** Math.min(attempt, 10));
}

/** The call's outcome, or Cancelled as soon as the signal is aborted: what was asked may still happen. */
export function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

export function isRetryable(error: unknown): boolean {
  return error instanceof PetrelError && error.outlook === "retryable";
}

/** Asks again after each retryable error, at most `attempts` times; waits for the wire in between. */
export async function persist<T>(link: Link, attempts: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error) || attempt + 1 >= attempts) throw error;
      await pause(link.clock, backoffMs(attempt));
    }
  }
}
