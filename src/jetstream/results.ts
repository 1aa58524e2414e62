/**
 * Results of executors, in DONE_<net>. A result is removed when its handler has settled: its outcome is in the log then.
 * What comes twice is the owner's to ignore; what is no result, or speaks for another executor, is removed unheard.
 * D1 No executor can fill the disk with them: one of each attempt is kept, and where there are `MOST_RESULTS` the next is refused. Its
 *    executor keeps it then, and brings it again; what lies there goes as fast as the owner can read, and while it is away there is not
 *    more of honest ones than their slots.
 */

import type { WorkResult } from "../contract/envelope.ts";
import type { Serving } from "../contract/serving.ts";
import { streams, subjects } from "../contract/subjects.ts";
import { unpackResult } from "./envelope-bytes.ts";
import { type Keeping, onOneServer } from "./keeping.ts";
import type { Link } from "./link.ts";
import { declareRebuildable } from "./rebuild.ts";
import { backoffMs, pause, persist } from "./retry.ts";
import type { StoredMessage } from "./stored-message.ts";
import { removeMessage, streamInfo } from "./streams.ts";
import { readBatch, tail } from "./tail.ts";

type Take = (result: WorkResult) => Promise<void>;
const HANDLERS_AT_ONCE = 64;
/**
 * D1. At most a gigabyte, since a message is 1 MiB or less by default. A bound in bytes would be reserved for each net: a thousand of them
 * would find no room where nothing lies.
 */
export const MOST_RESULTS = 1000;

/** On one server, since executors write here: a header of theirs must not reach what is replicated. True when it was made anew. */
export async function declareResults(link: Link, keeping: Keeping, net: string): Promise<boolean> {
  const { rebuilt } = await declareRebuildable(link, keeping, {
    name: streams.done(net),
    subjects: [subjects.doneAll(net)],
    retention: "limits",
    ...onOneServer(keeping),
    ...{ max_msgs_per_subject: 1, max_msgs: MOST_RESULTS, discard: "new" as const },
    allow_direct: true,
    description: `Results of executors for net ${net}; each leaves when the log has it.`,
    metadata: { net, role: "done" },
  });
  return rebuilt;
}

/** Hands over what lies there and what comes, each until its handler has succeeded or the serving is stopped. */
export async function takeResults(link: Link, keeping: Keeping, net: string, take: Take): Promise<Serving> {
  const closing = new AbortController();
  const flying = new Set<Promise<void>>();
  const away = keeping.num_replicas === 1 ? undefined : () => declareResults(link, keeping, net);
  const reading = (async () => {
    for await (const message of tail(link, streams.done(net), 0, subjects.doneAll(net), closing.signal, away)) {
      const work = settle(link, net, message, take, closing.signal).finally(() => flying.delete(work));
      flying.add(work);
      if (flying.size >= HANDLERS_AT_ONCE) await Promise.race(flying);
    }
  })();
  return {
    stop: async () => {
      closing.abort();
      await reading;
      await Promise.allSettled(flying);
    },
  };
}

async function settle(link: Link, net: string, message: StoredMessage, take: Take, signal: AbortSignal): Promise<void> {
  const result = unpackResult(message.subject, message.data);
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      if (result) await take(result);
      break;
    } catch {
      // The owner says why in its own log; here it only means "not taken in yet".
      await pause(link.clock, Math.max(250, backoffMs(failures)), signal);
    }
  }
  // A removal that fails leaves the result for the next term, whose owner ignores it.
  if (!signal.aborted) await persist(link, 3, () => removeMessage(link, streams.done(net), message.seq)).catch(() => undefined);
}

/** All results that lie there now, in order. Throws what the handler throws. */
export async function drainResults(link: Link, net: string, take: Take): Promise<void> {
  const stream = streams.done(net);
  const info = await persist(link, 5, () => streamInfo(link, stream));
  if (info === null || info.state.messages === 0) return;
  for (let next = info.state.first_seq; next <= info.state.last_seq; ) {
    const from = next;
    const batch = await persist(link, 5, () => readBatch(link, stream, from));
    if (batch.length === 0) return;
    for (const message of batch) {
      next = message.seq + 1;
      if (message.seq > info.state.last_seq) return;
      const result = unpackResult(message.subject, message.data);
      if (result) await take(result);
      await persist(link, 3, () => removeMessage(link, stream, message.seq));
    }
  }
}
