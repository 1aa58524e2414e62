/** Which checkpoints go when a new one comes: the last two stay, and of older ones fewer the older they are. */
import type { CheckpointInfo } from "../contract/broker.ts";

/** So that a damaged one costs a longer replay and nothing else. */
const NEWEST = 2;
/** For looking back: at most so many more. */
const OLDER = 6;

/** `all` newest first. One for each doubling of the distance from the newest is left, so looking back is never far from one. */
export function thinnedOut(all: CheckpointInfo[]): number[] {
  const [newest, ...others] = all.filter(({ kept }) => !kept);
  if (!newest) return [];
  const gone: number[] = [];
  let left = 0;
  let last = Number.NaN;
  for (const { sequence } of others.slice(NEWEST - 1)) {
    const doublings = Math.floor(Math.log2(Math.max(1, newest.sequence - sequence)));
    if (doublings === last || left >= OLDER) gone.push(sequence);
    else left += 1;
    last = doublings;
  }
  return gone;
}
