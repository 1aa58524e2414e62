/**
 * Reading a stream in order without a consumer: batched direct gets from a sequence on, woken by core copies of what is published.
 * Nothing has to be kept alive on the server, so a restart, a frozen server or a lost wire only delays the next batch.
 */

import { PetrelError } from "../contract/errors.ts";
import type { Serving } from "../contract/serving.ts";
import type { Link } from "./link.ts";
import { pause } from "./retry.ts";
import type { StoredMessage } from "./stored-message.ts";
import { fromDirect } from "./stored-message.ts";

const BATCH = 512;
const BATCH_BYTES = 8 * 1024 * 1024;
/** A copy can arrive before the stream has stored the message: look again after these waits (ms), then only by the clock. */
const LOOK_AGAIN_MS = [1, 3, 8, 20, 50, 100, 250, 500];
const IDLE_LOOK_MS = 3000;
/** Looks in vain until a stream counts as away: longer than an election mostly takes. */
const MISSED = 10;

/** The messages from `from` on, at most one batch, or so many, ascending; empty when there are none. Purged ones are left out. */
export async function readBatch(link: Link, stream: string, from: number, most = BATCH): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  const query = { seq: from, batch: Math.min(BATCH, most), max_bytes: BATCH_BYTES };
  await link.collect(`${link.apiPrefix}.DIRECT.GET.${stream}`, JSON.stringify(query), (msg) => {
    // 204 ends a batch, 404 says that nothing is there; other status codes carry no Nats-Sequence and end it too.
    if (msg.headers === undefined || msg.headers.get("Nats-Sequence") === "") return "end";
    messages.push(fromDirect(msg));
    return "more";
  });
  return messages;
}

/**
 * All messages from `after` + 1 on, for ever; ends when `signal` is aborted. `wakeBy`: subjects of the stream. `away` is called
 * when the stream has been out of reach for some looks; true says that it was made anew, and is read from its beginning.
 */
export async function* tail(
  link: Link,
  stream: string,
  after: number,
  wakeBy: string,
  signal: AbortSignal,
  away?: () => Promise<boolean>,
): AsyncGenerator<StoredMessage> {
  let next = after + 1;
  let looks = 0;
  let missed = 0;
  const bell = new Bell();
  const serving: Serving[] = [
    link.subscribe(wakeBy, () => {
      looks = 0;
      bell.ring();
    }),
    link.onConnection((state) => state === "up" && bell.ring()),
  ];
  try {
    while (!signal.aborted) {
      const batch = await nextBatch(link, stream, next);
      missed = batch === null ? missed + 1 : 0;
      if (missed >= MISSED && link.up && (await away?.().catch(() => false))) next = 1;
      for (const message of batch ?? []) {
        if (signal.aborted) return;
        next = message.seq + 1;
        yield message;
      }
      if (batch && batch.length > 0) looks = 0;
      else await bell.wait(link, LOOK_AGAIN_MS[looks++] ?? IDLE_LOOK_MS, signal);
    }
  } finally {
    for (const each of serving) await each.stop();
  }
}

/** Null while the broker is away or the stream is out of reach or not made yet. */
async function nextBatch(link: Link, stream: string, next: number): Promise<StoredMessage[] | null> {
  try {
    return await readBatch(link, stream, next);
  } catch (error) {
    if (error instanceof PetrelError && error.outlook === "retryable") return null;
    throw error;
  }
}

/** A wait that can be cut short; a ring before the wait counts. */
class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(link: Link, ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      const early = new AbortController();
      this.#wake = () => early.abort();
      await pause(link.clock, ms, AbortSignal.any([signal, early.signal]));
      this.#wake = null;
    }
    this.#rung = false;
  }
}
