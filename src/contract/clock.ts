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
  const at = Math.abs(Math.floor(ms)) % KNOWN_TIMES;
  const hit = known[at];
  if (hit?.ms === ms) return hit.text;
  const text = new Date(ms).toISOString();
  known[at] = { ms, text };
  return text;
}
/** Many events share a millisecond, and some are told of a few milliseconds before. */
const KNOWN_TIMES = 16;
const known: ({ ms: number; text: string } | undefined)[] = new Array(KNOWN_TIMES).fill(undefined);

/** Milliseconds since the Unix epoch of an ISO time; the same time is mostly asked for many times over. */
export function timeOf(iso: string): number {
  if (iso !== parsed.iso) parsed = { iso, ms: Date.parse(iso) };
  return parsed.ms;
}
let parsed = { iso: "", ms: Number.NaN };

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
