/**
 * Streams of one replica in a cluster: when their server is lost they are out of reach, and are made anew on another one.
 *
 * R1 Only what can be filled again is declared here: places follow the log, and executors keep their results until the log
 * has them. R2 Nothing is given up while the cluster itself does not answer: then nobody knows what is lost.
 */
import { PetrelError } from "../contract/errors.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import type { StreamConfig, StreamInfo } from "./streams.ts";
import { declareStream, deleteStream, streamNames } from "./streams.ts";

/** A server that only starts anew is often back within this time. */
const ANSWER_MS = 3000;
const SILENCES = 2;

/** `rebuilt`: the stream was out of reach and stands empty on another server now. */
export async function declareRebuildable(
  link: Link,
  keeping: Keeping,
  config: StreamConfig,
): Promise<{ info: StreamInfo; rebuilt: boolean }> {
  // On a single server there is nowhere else.
  if (keeping.num_replicas === 1) return { info: await declareStream(link, config), rebuilt: false };
  for (let silences = 0; ; ) {
    try {
      return { info: await declareStream(link, config, ANSWER_MS), rebuilt: silences >= SILENCES };
    } catch (error) {
      if (!isNoAnswer(error) || silences >= SILENCES) throw error;
      silences += 1;
      if (silences === SILENCES) await giveUp(link, config.name);
    }
  }
}

/** The deletion is decided by the cluster's leader; the answer would come from the server that is away. */
async function giveUp(link: Link, name: string): Promise<void> {
  await streamNames(link, ">");
  await deleteStream(link, name, ANSWER_MS).catch((error: unknown) => {
    if (!isNoAnswer(error)) throw error;
  });
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof PetrelError && error.code === "no-answer";
}
