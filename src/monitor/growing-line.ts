/**
 * What is new in a line of events since the last look: it grows at its end, is paged back to at its beginning, and is cut there when it
 * becomes too long. With 100,000 events at hand, whoever went over all of them for each change would hold the page up.
 */
import type { NetEvent } from "../contract/event.ts";

export interface News {
  /** Older than what was known, ascending. */
  before: readonly NetEvent[];
  after: readonly NetEvent[];
  /** The number of the first event that is still there; null: none of those known is. */
  from: number | null;
}

export class GrowingLine {
  #known: { first: number; last: number } | null = null;

  news(events: readonly NetEvent[]): News {
    const known = this.#known;
    const [first, last] = [events[0]?.seq, events.at(-1)?.seq];
    this.#known = first === undefined || last === undefined ? null : { first, last };
    if (known === null || first === undefined) return { before: [], after: events, from: null };
    const start = firstFrom(events, known.first);
    const end = firstFrom(events, known.last + 1);
    // An event of before is where it was: the line goes on from what is known, at both ends or cut at one.
    if (end <= start || events[end - 1]?.seq !== known.last) return { before: [], after: events, from: null };
    return { before: events.slice(0, start), after: events.slice(end), from: events[start]?.seq ?? 0 };
  }
}

/** Where the first event with this number or a greater one stands. */
export function firstFrom(events: readonly { seq: number }[], seq: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
