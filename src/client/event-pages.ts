/** Pages of a net's event line, newest last, found from the log's end or from a number on. */
import { windowsBack } from "../actors/log-backwards.ts";
import type { Broker, LogEntry } from "../contract/broker.ts";
import type { NetEvent } from "../contract/event.ts";
import { entryAfter } from "./log-positions.ts";

export interface EventFilter {
  /** Words that stand in the summary, the ids or the names, in any case. */
  q?: string | undefined;
  types?: readonly string[] | undefined;
  statuses?: readonly string[] | undefined;
  persona?: string | undefined;
  transition?: string | undefined;
  correlation?: string | undefined;
}
export interface EventPage {
  /** Ascending. */
  events: NetEvent[];
  /** Ask with `before` this for what lies further back; null at the beginning of the log. */
  nextBeforeSeq: number | null;
  /** Ask with `after` this for what comes next; null in an empty log. */
  nextAfterSeq: number | null;
}
export interface PageRequest {
  filter: EventFilter;
  limit: number;
  /** Only events with a smaller number. */
  before?: number | undefined;
  /** Only events with a greater number, from there on forward. */
  after?: number | undefined;
}

/** Entries read at once, and how many events a page looks through: a filter that fits nothing must not read a log of millions. */
const WINDOW = 64;
const FIRST_WINDOW = 4;
const MOST_SEEN = 100_000;

/** Entries in which pages began lately: whoever goes on back finds the next one without a search. */
const MOST_BEGUN = 1000;
const beganAt = {
  books: new WeakMap<Broker, Map<string, number>>(),
  of(broker: Broker): Map<string, number> {
    const book = this.books.get(broker) ?? new Map<string, number>();
    this.books.set(broker, book);
    return book;
  },
  note(broker: Broker, key: string, sequence: number): void {
    const book = this.of(broker);
    book.set(key, sequence);
    for (const oldest of book.keys()) {
      if (book.size <= MOST_BEGUN) break;
      book.delete(oldest);
    }
  },
};

export function fits(event: NetEvent, filter: EventFilter): boolean {
  const { q, types, statuses, persona, transition, correlation } = filter;
  if (types && !types.includes(event.type)) return false;
  if (statuses && !statuses.includes(event.status)) return false;
  if (persona !== undefined && event.persona !== persona) return false;
  if (transition !== undefined && event.transition !== transition) return false;
  if (correlation !== undefined && !correlationsOf(event).has(correlation)) return false;
  return q === undefined || q.trim() === "" || holds(event, q);
}

export async function pageOfEvents(broker: Broker, net: string, request: PageRequest): Promise<EventPage> {
  return request.after === undefined ? backward(broker, net, request) : forward(broker, net, request, request.after);
}

async function forward(broker: Broker, net: string, { filter, limit, before }: PageRequest, after: number): Promise<EventPage> {
  const { first, last } = await broker.log(net).bounds();
  const events: NetEvent[] = [];
  let reached = after;
  let oldest: number | null = null;
  let from = await entryAfter(broker, net, after);
  const began = reached;
  while (from <= last && events.length < limit && reached - began < MOST_SEEN) {
    const upTo = Math.min(last, from + WINDOW - 1);
    for (const event of await eventsOf(broker, net, from, upTo)) {
      if (event.seq <= after || events.length >= limit || (before !== undefined && event.seq >= before)) continue;
      reached = event.seq;
      oldest ??= event.seq;
      if (fits(event, filter)) events.push(event);
    }
    from = upTo + 1;
  }
  // Whoever asks behind the end, as after a log that began anew, is told where it ends.
  if (reached === after && last > 0)
    reached = Math.min(after, (await backFrom(broker, net, { filter: {}, limit: 1 }, {}))?.events[0]?.seq ?? 0);
  const start = events[0]?.seq ?? oldest ?? reached + 1;
  return { events, nextBeforeSeq: start > 1 && first <= last ? start : null, nextAfterSeq: last === 0 ? null : reached };
}

async function backward(broker: Broker, net: string, request: PageRequest): Promise<EventPage> {
  const { before } = request;
  if (before === undefined) return (await backFrom(broker, net, request, {})) as EventPage;
  const begun = beganAt.of(broker).get(`${net} ${before}`);
  const page = begun === undefined ? null : await backFrom(broker, net, request, { upTo: begun, isGuess: true });
  return page ?? ((await backFrom(broker, net, request, { upTo: await entryAfter(broker, net, before - 1) })) as EventPage);
}

interface Start {
  /** Entry to begin with; default: the last. */
  upTo?: number;
  /** It must hold the event `before`: null where it does not. */
  isGuess?: boolean;
}

async function backFrom(broker: Broker, net: string, { filter, limit, before }: PageRequest, start: Start): Promise<EventPage | null> {
  const { upTo, isGuess = false } = start;
  const pages: NetEvent[][] = [];
  let [found, seen] = [0, 0];
  let oldest: number | null = null;
  let newest: number | null = null;
  let isWhole = true;
  let last: readonly LogEntry[] | null = null;
  const windows = windowsBack(broker.log(net), { window: WINDOW, first: FIRST_WINDOW, ...(upTo === undefined ? {} : { upTo }) });
  for await (const { entries, events, isFirst } of windows) {
    if (isGuess && last === null && !events.some(({ seq }) => seq === before)) return null;
    const window = events.filter(({ seq }) => before === undefined || seq < before);
    const fitting = window.filter((event) => fits(event, filter)).slice(-(limit - found));
    newest ??= window.at(-1)?.seq ?? null;
    seen += window.length;
    found += fitting.length;
    pages.unshift(fitting);
    last = entries;
    // A page that is full begins with an event of this window; one that is not has seen all of it.
    oldest = (found >= limit ? fitting[0]?.seq : window[0]?.seq) ?? oldest;
    isWhole = isFirst;
    if (found >= limit || seen >= MOST_SEEN) break;
  }
  const more = oldest !== null && oldest > 1 && (!isWhole || found >= limit);
  const entry = more ? last?.find(({ events }) => events.some(({ seq }) => seq === oldest)) : undefined;
  if (entry) beganAt.note(broker, `${net} ${oldest}`, entry.sequence);
  return { events: pages.flat(), nextBeforeSeq: more ? oldest : null, nextAfterSeq: newest ?? (before === undefined ? null : before - 1) };
}

async function eventsOf(broker: Broker, net: string, from: number, upTo: number): Promise<NetEvent[]> {
  const events: NetEvent[] = [];
  await broker.log(net).read(from - 1, (entry) => void events.push(...entry.events), { upTo });
  return events;
}

/** Of the firing and of each token that it made: a story's step may make tokens of several stories. */
function correlationsOf(event: NetEvent): Set<string | undefined> {
  return new Set([event.correlation, ...(event.produced ?? []).map(({ token }) => token.correlation)]);
}

function holds(event: NetEvent, q: string): boolean {
  const text = [
    event.summary,
    event.type,
    event.transition,
    event.persona,
    event.firing,
    event.correlation,
    JSON.stringify(event.produced ?? []),
  ]
    .join(" ")
    .toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => text.includes(word));
}
