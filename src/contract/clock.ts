/** Time as an input. Nobody but the composition root and tests makes a clock. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back once, at or after `delayMs` milliseconds from now. */
  after(delayMs: number, call: () => void): Timer;
}

/** ISO 8601 time in UTC with milliseconds, as tokens and events carry it. */
export function isoTime(ms: number): string {
  if (ms !== known.ms) known = { ms, text: new Date(ms).toISOString() };
  return known.text;
}
/** Thousands of events share a millisecond. */
let known = { ms: 0, text: new Date(0).toISOString() };

/** Waits `ms` on the given clock; rejects with the signal's reason if it is aborted first. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
