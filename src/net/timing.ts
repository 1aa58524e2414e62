/**
 * What time alone brings about for tokens at rest: transitions that a delay, a batch or a schedule sets free, and tokens that
 * have waited in their place for too long. Pure; everything follows from when tokens came and what the log says (E1).
 */
import { isoTime } from "../contract/clock.ts";
import { CATEGORY_OF, type EventDraft } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import type { Token } from "../contract/token.ts";
import type { CompiledNet, CompiledTransition } from "./compiled-net.ts";
import { type NetState, waitingSince } from "./state.ts";

/** When a transition may be enabled by time, after this moment, or a token has waited too long: ms since the epoch, or infinity. */
export function nextTiming(state: NetState, net: CompiledNet, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const transition of net.timed) next = Math.min(next, nextEnabling(state, transition, now));
  if (!state.paused)
    for (const { place, after } of net.deadlines) next = Math.min(next, firstAfter(state, place, after, Number.NEGATIVE_INFINITY));
  return next;
}

/** The first moment after `now`; what was due then waits for something else than time. */
function nextEnabling(state: NetState, { id, schedule, delay, inputs }: CompiledTransition, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  const last = state.schedules.get(id)?.last;
  const scheduled = last === undefined ? null : (schedule?.next(last) ?? null);
  if (scheduled !== null && scheduled > now) next = scheduled;
  for (const { arc, batch } of inputs) {
    if (delay > 0) next = Math.min(next, firstAfter(state, arc.place, delay, now));
    if (batch) next = Math.min(next, firstAfter(state, arc.place, batch.within, now));
  }
  return next;
}

/** When the first free token of the place has lain there for so long, of those for whom that is after `now`. */
function firstAfter(state: NetState, place: string, wait: number, now: number): number {
  for (const placed of state.places.get(place)?.values() ?? []) {
    const due = waitingSince(placed) + wait;
    // They lie in the order in which they came: the first is the earliest.
    if (placed.reservedBy === null && due > now) return due;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * The tokens that have waited too long for a firing, each as the event that takes it to where its place's deadline says. None
 * while people have paused the net: nothing could have taken them. At most `most`.
 */
export function deadlineDrafts(state: NetState, net: CompiledNet, now: number, most: number): EventDraft[] {
  const drafts: EventDraft[] = [];
  if (state.paused || state.killed) return drafts;
  for (const { place, after, to } of net.deadlines) {
    for (const placed of state.places.get(place)?.values() ?? []) {
      if (drafts.length >= most) return drafts;
      const waited = now - waitingSince(placed);
      if (placed.reservedBy !== null || waited < after) continue;
      drafts.push(deadlineDraft(state.net, placed.token, { place, to, waited }, now));
    }
  }
  return drafts;
}

function deadlineDraft(
  net: string,
  token: Token,
  { place, to, waited }: { place: string; to: string; waited: number },
  now: number,
): EventDraft {
  const firing = derivedId("f-", net, "deadline", place, token.id);
  // Whatever else it carries, like the instance that it belongs to, stays.
  const moved: Token = {
    ...token,
    id: derivedId("t-", firing),
    at: isoTime(now),
    from: { net, transition: "deadline", firing, tokens: [token.id] },
  };
  return {
    category: CATEGORY_OF.expired,
    type: "expired",
    status: "error",
    firing,
    correlation: token.correlation,
    summary: `A token waited too long in ${place} and went to ${to}.`,
    consumed: [{ place, id: token.id }],
    produced: [{ place: to, token: moved }],
    attributes: { deadline: place, waitedMs: waited },
  };
}
