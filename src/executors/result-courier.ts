/**
 * Brings results to the owner.
 * C1 A result leaves the disk only when the owner says that it is in the log, or that its attempt is closed.
 * C2 Delivered again after a while without that answer, and after a restart; the owner takes it once.
 * C3 What no message can carry is a failure that says so: to bring it again would change nothing.
 */

import type { ExecutorLine } from "../contract/broker.ts";
import { type Clock, delay } from "../contract/clock.ts";
import type { ClaimAnswer, WorkResult } from "../contract/envelope.ts";
import { errorData, Terminal } from "../contract/errors.ts";
import type { Logger } from "../contract/logger.ts";
import type { Shelves } from "./result-shelf.ts";

export interface Courier {
  /** Starts to deliver a result that lies on the shelf; returns at once. */
  send(result: WorkResult, onDelivered?: () => void): void;
  /** Settles when nothing is under way any more. */
  idle(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const ASKS_PER_DELIVERY = 8;

export function startCourier(parts: {
  line: ExecutorLine;
  name: string;
  shelves: Shelves;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): Courier {
  const under = new Set<Promise<void>>();
  const send = (result: WorkResult, onDelivered?: () => void) => {
    const way = bring(parts, result, onDelivered)
      .catch((error: unknown) => {
        if (!parts.signal.aborted) parts.logger.error({ error: errorData(error), firing: result.firing }, "a result stays on the shelf");
      })
      .finally(() => under.delete(way));
    under.add(way);
  };
  return {
    send,
    idle: async () => {
      while (under.size > 0) await Promise.all(under);
    },
  };
}

async function bring(parts: Parameters<typeof startCourier>[0], given: WorkResult, onDelivered?: () => void): Promise<void> {
  const { line, clock, logger, shelves, signal } = parts;
  let result = given;
  const about = { net: result.net, firing: result.firing, attempt: result.attempt };
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      await line.deliver(result);
      onDelivered?.();
      const answer = await askSettled(parts, result);
      if (answer !== "again") {
        shelves.results.remove(result);
        logger.debug({ ...about, answer }, "result settled");
        return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Terminal && error.code === "message-too-large") result = { ...given, outcome: tooLarge(given, error) }; // C3
      logger.warn({ ...about, error: errorData(error) }, "result could not be delivered yet");
    }
    await delay(clock, pause, signal);
  }
}

/** `closed`: the owner has decided this attempt otherwise, and our result lies in DONE for it to ignore. */
async function askSettled(parts: Parameters<typeof startCourier>[0], result: WorkResult): Promise<"settled" | "closed" | "again"> {
  let pause = FIRST_PAUSE_MS;
  for (let ask = 0; ask < ASKS_PER_DELIVERY; ask += 1) {
    const answer: ClaimAnswer = await parts.line.claim(result.net, result.firing, result.attempt, {
      verb: "settled",
      executor: parts.name,
    });
    if (answer.ok) return "settled";
    // `unknown` may be an owner in trouble: only a plain no ends it.
    if (answer.code === "not-open" || answer.code === "taken") return "closed";
    await delay(parts.clock, pause, parts.signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  return "again";
}

function tooLarge({ net, transition }: WorkResult, cause: Terminal): WorkResult["outcome"] {
  const message = `the result of ${net}/${transition} is too large to be brought: ${cause.message}`;
  const hint = "let the hand give less, or put what is large into an artefact";
  return { ok: false, error: errorData(new Terminal({ code: "result-too-large", message, hint, cause })) };
}
