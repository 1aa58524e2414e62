/**
 * Server-sent events over fetch, since EventSource cannot carry a token. Comes back by itself, with the last id that it has; out of sight
 * the stream is let go, and what was missed comes when the page is seen again.
 */
import { onOutOfSight, seen } from "./in-sight.ts";
import { openStream } from "./session.ts";

export interface Frame {
  id: string | null;
  event: string;
  data: string;
}
export type StreamState = "open" | "lost";
const PAUSES_MS = [300, 1000, 2000, 5000];

export async function follow(
  address: (lastId: string | null) => string,
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
      const response = await openStream(address(last), last, AbortSignal.any([signal, unseen.signal]));
      onState("open");
      failures = 0;
      for await (const frame of framesOf(response.body as ReadableStream<Uint8Array>)) {
        if (frame.id !== null) last = frame.id;
        take(frame);
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

export async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const frame = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (frame) yield frame;
    }
  }
}

function parse(block: string): Frame | null {
  const frame: Frame = { id: null, event: "message", data: "" };
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) frame.id = line.slice(4);
    else if (line.startsWith("event: ")) frame.event = line.slice(7);
    else if (line.startsWith("data: ")) frame.data += line.slice(6);
  }
  return frame.data === "" ? null : frame;
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
