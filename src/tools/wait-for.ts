/** Waiting for something that a listener hears, for a time at most. */
import type { Clock } from "../contract/clock.ts";

/** `settled` gives null when the time is over, and rejects with the signal's reason. */
export function waitFor<T>(
  clock: Clock,
  signal: AbortSignal,
  seconds: number,
  listen: (done: (value: T) => void) => () => void,
): { settled: Promise<T | null>; stop(): void } {
  let stop = () => {};
  const settled = new Promise<T | null>((resolve, reject) => {
    const end = listen(resolve);
    const timer = clock.after(seconds * 1000, () => resolve(null));
    const aborted = () => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    stop = () => {
      end();
      timer.cancel();
      signal.removeEventListener("abort", aborted);
    };
  });
  // Whoever stops waiting early is not told of a later abort.
  settled.catch(() => {});
  return { settled, stop: () => stop() };
}
