/** The hash of a running net's state, made from a copy and in slices: the net goes on meanwhile. */
import { createHash } from "node:crypto";
import { type Clock, delay } from "../../contract/clock.ts";
import { type FrozenState, freeze } from "../../net/frozen-state.ts";
import { stateText } from "../../net/state-text.ts";
import type { Term } from "./term.ts";

/** Letters hashed before others get a turn. */
const SLICE = 512 * 1024;

export interface StateDigest {
  /** The event after which the state was looked at. */
  seq: number;
  hash: string;
  /** The last entry of the log that this owner knows to be in it, not older than that event. */
  tip: { sequence: number; chain: string };
}

/** Settles when the event is in the log; rejects with Cancelled `term-over` when it never will be. */
export async function stateDigest(term: Term): Promise<StateDigest> {
  const { seq } = term.state;
  const snapshot = freeze(term.state);
  await term.loop.caughtUp();
  const tip = { sequence: term.state.sequence, chain: term.state.chain };
  return { seq, hash: await slicedHash(snapshot, term.ports.clock), tip };
}

/** As `stateHash`, with turns for others in between. */
export async function slicedHash(state: FrozenState, clock: Clock): Promise<string> {
  const hash = createHash("sha256");
  let slice = "";
  for (const piece of stateText(state)) {
    slice += piece;
    if (slice.length < SLICE) continue;
    hash.update(slice);
    slice = "";
    await delay(clock, 0);
  }
  return hash.update(slice).digest("hex");
}
