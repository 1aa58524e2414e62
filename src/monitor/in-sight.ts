/**
 * A stream costs the gateway and the browser as long as it lives. So a tab that nobody looks at gives its streams back, and takes them up
 * where they were when somebody does.
 */

/** Somebody who only glances at another tab has the streams open still. */
const OUT_OF_SIGHT_MS = 5000;

export const inSight = (): boolean => document.visibilityState !== "hidden";

/** Settles when the page is in sight, or the signal is aborted. */
export function seen(signal: AbortSignal): Promise<void> {
  if (inSight() || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!inSight() && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
  });
}

/** Calls when the page has been out of sight for a while; what it returns ends the watch. */
export function onOutOfSight(call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const look = () => {
    if (timer) clearTimeout(timer);
    timer = inSight() ? null : setTimeout(call, OUT_OF_SIGHT_MS);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    if (timer) clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
