/**
 * Server-sent events over fetch, since EventSource cannot carry a token. Comes back by itself, with the last id that it has; out of sight
 * the stream is let go, and what was missed comes when the page is seen again.
 */
import { onOutOfSight, seen } from "./in-sight.ts";
import { openStream } from "./session.ts";
import type { Frame } from "./stream-frames.ts";

export type StreamState = "open" | "lost";
const PAUSES_MS = [300, 1000, 2000, 5000];

export async function follow(
  path: string,
  lastId: string | null,
  signal: AbortSignal,
  take: (frame: Frame) => void,
  onState: (state: StreamState) => void,
): Promise<void> {
  let last = lastId;
  for (let failures = 0; !signal.aborted; failures++) {
    await seen(signal);
    if (signal.aborted) return;
    const unseen = new AbortController();
    const unwatch = onOutOfSight(() => unseen.abort());
    try {
      const stop = AbortSignal.any([signal, unseen.signal]);
      const stream = await openStream(path, last, stop);
      onState("open");
      failures = 0;
      for await (const frames of stream) {
        if (stop.aborted) break;
        for (const frame of frames) {
          if (frame.id !== null) last = frame.id;
          take(frame);
        }
      }
    } catch {
      // Lost, or never there: told below, and tried again.
    } finally {
      unwatch();
    }
    if (signal.aborted) return;
    if (unseen.signal.aborted) {
      failures = -1;
      continue;
    }
    onState("lost");
    await pause(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 5000, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
