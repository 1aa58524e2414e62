/**
 * One build, from the request to its result, through the port.
 * F1 A later attempt follows what an earlier one has asked for, where the system can tell.
 * F2 What this attempt follows is ended with it when somebody calls the work off; an executor that stops, or loses its lease, leaves it
 *    to the next attempt.
 */
import { Cancelled, PetrelError, Retryable } from "../../../contract/errors.ts";
import type { BuildRef, BuildState, CiSystem, QueueRef } from "./port.ts";

/** Reasons after which another attempt follows the same build. */
const GOES_ON_ELSEWHERE = new Set(["lease-out", "attempt-gone", "executor-stopping"]);
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 5000;
const GONE_LOOKS = 5;

export interface Followed {
  build: BuildRef;
  state: BuildState;
  /** Whether this attempt asked for it, or found it. */
  found: boolean;
  queuedMs: number;
}

export interface FollowParts {
  system: CiSystem;
  parameters: Readonly<Record<string, string>>;
  key: string;
  signal: AbortSignal;
  now(): number;
  pause(ms: number): Promise<void>;
  /** Asked just before a build is triggered. */
  confirm(): Promise<void>;
  /** Gets the console log in pieces, as it comes. */
  onLog(bytes: Uint8Array): void;
  /** A system with a signal of its own, to end the build after ours was aborted. */
  afterwards(): CiSystem;
  /** Hears why a build could not be ended there. */
  onLeft(error: unknown): void;
}

/** Throws what the port throws; Cancelled `ci-queue-cancelled` when somebody took it out of the queue there. */
export async function followBuild(parts: FollowParts): Promise<Followed> {
  let at: { queued: QueueRef } | { build: BuildRef } | null = null;
  let asking = false;
  const began = parts.now();
  try {
    const earlier = await parts.system.find(parts.key); // F1
    if (earlier) at = earlier;
    else {
      await parts.confirm();
      asking = true;
      at = { queued: await parts.system.trigger(parts.parameters, parts.key) };
    }
    const build: BuildRef = "build" in at ? at.build : await awaitStart(parts, at.queued);
    at = { build };
    const queuedMs = parts.now() - began;
    return { build, state: await awaitEnd(parts, build), found: earlier !== null, queuedMs };
  } catch (error) {
    if (parts.signal.aborted && !goesOn(parts.signal.reason)) await endThere(parts, at, asking); // F2
    throw error;
  }
}

async function endThere(parts: FollowParts, at: { queued: QueueRef } | { build: BuildRef } | null, asking: boolean): Promise<void> {
  const system = parts.afterwards();
  try {
    // Called off before the answer came: it may have been taken all the same.
    const what = at ?? (asking ? await system.find(parts.key) : null);
    if (what) await system.abort(what);
  } catch (error) {
    parts.onLeft(error);
  }
}

function goesOn(reason: unknown): boolean {
  return reason instanceof PetrelError && GOES_ON_ELSEWHERE.has(reason.code);
}

async function awaitStart({ system, pause }: FollowParts, queued: QueueRef): Promise<BuildRef> {
  let gone = 0;
  for (let look = FIRST_LOOK_MS; ; look = Math.min(LONGEST_LOOK_MS, look * 1.5)) {
    const now = await system.queued(queued);
    if (now.state === "started") return now.build;
    if (now.state === "cancelled")
      throw new Cancelled({ code: "ci-queue-cancelled", message: "somebody took the build out of the queue before it began" });
    if (now.state === "gone") {
      // The queue forgets an entry some minutes after its build began.
      const build = await system.buildOf(queued);
      if (build) return build;
      gone += 1;
      if (gone >= GONE_LOOKS)
        throw new Retryable({ code: "ci-queue-gone", message: `the entry ${queued.id} has left the queue, and no build came of it` });
    }
    await pause(look);
  }
}

async function awaitEnd({ system, pause, onLog }: FollowParts, build: BuildRef): Promise<BuildState> {
  let from = 0;
  for (let look = FIRST_LOOK_MS; ; look = Math.min(LONGEST_LOOK_MS, look * 1.3)) {
    // Asked before the log: what is written up to the end is then in the log that is read after it.
    const state = await system.build(build);
    for (;;) {
      const part = await system.log(build, from);
      if (part.bytes.length > 0) onLog(part.bytes);
      const stands = part.next === from;
      from = part.next;
      if (state.running || !part.more || stands) break;
    }
    if (!state.running) return state;
    await pause(look);
  }
}
