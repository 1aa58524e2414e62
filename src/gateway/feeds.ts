/**
 * One follower a net, shared by all who listen: its newest events, and those that come.
 *
 * F1 A listener gets every event after the number that it names, once, in order: what the follower no longer keeps is read from the log.
 *    A listener that is too slow is let go rather than buffered for without end.
 * F2 A follower that nobody has needed for a while ends.
 */

import { pageOfEvents } from "../client/event-pages.ts";
import { entryAfter } from "../client/log-positions.ts";
import type { Broker } from "../contract/broker.ts";
import type { Clock, Timer } from "../contract/clock.ts";
import type { NetEvent } from "../contract/event.ts";

/** Events that a follower keeps, and how long it goes on with nobody listening. */
const KEPT = 5000;
const IDLE_MS = 60_000;
const PAGE = 500;
/** Entries that are read at once for who is far behind. */
const ENTRIES = 16;
/** How long a page waits for what the log has and the follower has not. */
const BEHIND_MS = 200;
/** Events that wait for one slow listener: past it the stream ends, and whoever comes back names the last event that he has. */
const MOST_WAITING = 5000;

export class Feeds {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #feeds = new Map<string, NetFeed>();

  constructor(broker: Broker, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  of(net: string): NetFeed {
    const found = this.#feeds.get(net) ?? new NetFeed(this.#broker, net, this.#clock, () => this.#feeds.delete(net));
    this.#feeds.set(net, found);
    return found;
  }

  /** Nets that are followed, for the metrics. */
  get size(): number {
    return this.#feeds.size;
  }

  close(): void {
    for (const feed of [...this.#feeds.values()]) feed.close();
  }
}

export class NetFeed {
  readonly #broker: Broker;
  readonly #net: string;
  readonly #clock: Clock;
  readonly #ended: () => void;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(event: NetEvent) => void>();
  #kept: NetEvent[] = [];
  #opening: Promise<void> | null = null;
  /** Sequence of the last log entry taken, and those who wait for one. */
  #reached = 0;
  readonly #waiting = new Set<() => void>();
  #idle: Timer | null = null;

  constructor(broker: Broker, net: string, clock: Clock, ended: () => void) {
    this.#broker = broker;
    this.#net = net;
    this.#clock = clock;
    this.#ended = ended;
  }

  /** The newest events, ascending. */
  async recent(): Promise<readonly NetEvent[]> {
    await this.#open();
    this.#rest();
    return this.#kept;
  }

  /**
   * The newest events that fit, ascending, if all that a page of so many needs is kept here; else null. As new as the log is now: what is
   * in it and not here yet is waited for.
   */
  async newest(wanted: (event: NetEvent) => boolean, limit: number): Promise<{ events: NetEvent[]; last: number } | null> {
    await this.#open();
    this.#rest();
    const { last } = await this.#broker.log(this.#net).bounds();
    if (last > this.#reached && !(await this.#reaches(last))) return null;
    const events: NetEvent[] = [];
    for (let at = this.#kept.length - 1; at >= 0 && events.length < limit; at--) {
      const event = this.#kept[at] as NetEvent;
      if (wanted(event)) events.push(event);
    }
    if (events.length < limit && this.#kept[0]?.seq !== 1) return null;
    return { events: events.reverse(), last: this.#kept.at(-1)?.seq ?? 0 };
  }

  /** Number of the log's last event. */
  async end(): Promise<number> {
    const page = (await this.newest(() => true, 1)) ?? (await pageOfEvents(this.#broker, this.#net, { filter: {}, limit: 1 }));
    return page.events.at(-1)?.seq ?? 0;
  }

  /** F1. `after` null: only what comes from now on. Ends when `signal` is aborted or the gateway stops. */
  async *from(after: number | null, signal: AbortSignal): AsyncGenerator<NetEvent> {
    await this.#open();
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const queue: NetEvent[] = [];
    let wake: (() => void) | null = null;
    const hear = (event: NetEvent) => {
      queue.push(event);
      wake?.();
    };
    stop.addEventListener("abort", () => wake?.(), { once: true });
    this.#listeners.add(hear);
    this.#idle?.cancel();
    try {
      let reached = after ?? this.#kept.at(-1)?.seq ?? 0;
      for await (const event of this.#past(reached, stop)) {
        reached = event.seq;
        yield event;
      }
      while (!stop.aborted && queue.length <= MOST_WAITING) {
        const next = queue.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (queue.length > 0 || stop.aborted) resolve();
          });
          wake = null;
        } else if (next.seq > reached) {
          reached = next.seq;
          yield next;
        }
      }
    } finally {
      this.#listeners.delete(hear);
      this.#rest();
    }
  }

  close(): void {
    this.#closing.abort();
    this.#idle?.cancel();
    this.#ended();
  }

  async *#past(after: number, stop: AbortSignal): AsyncGenerator<NetEvent> {
    let reached = after;
    while (!stop.aborted) {
      const oldest = this.#kept[0]?.seq ?? 1;
      if (reached >= oldest - 1) {
        for (const event of this.#kept.filter(({ seq }) => seq > reached)) yield event;
        return;
      }
      const before = reached;
      for await (const event of this.#logged(reached)) {
        if (stop.aborted) return;
        reached = event.seq;
        yield event;
      }
      if (reached === before) return;
    }
  }

  /** From the log, after one search for the place, until the follower has what comes next. */
  async *#logged(after: number): AsyncGenerator<NetEvent> {
    const log = this.#broker.log(this.#net);
    const { last } = await log.bounds();
    let reached = after;
    for (let from = await entryAfter(this.#broker, this.#net, after); from <= last; from += ENTRIES) {
      const events: NetEvent[] = [];
      await log.read(from - 1, (entry) => void events.push(...entry.events), { upTo: Math.min(last, from + ENTRIES - 1) });
      for (const event of events) {
        if (event.seq <= reached) continue;
        reached = event.seq;
        yield event;
      }
      if (reached >= (this.#kept[0]?.seq ?? 1) - 1) return;
    }
  }

  #open(): Promise<void> {
    this.#opening ??= this.#begin().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #begin(): Promise<void> {
    const { events } = await pageOfEvents(this.#broker, this.#net, { filter: {}, limit: PAGE });
    this.#kept = events;
    const { last } = await this.#broker.log(this.#net).bounds();
    void this.#follow(last);
  }

  /** Entries between the page and the bounds are in both: an event counts once. */
  async #follow(last: number): Promise<void> {
    const after = Math.max(0, last - PAGE);
    for await (const entry of this.#broker.log(this.#net).follow(after, this.#closing.signal)) {
      this.#reached = entry.sequence;
      for (const event of entry.events) {
        if (event.seq <= (this.#kept.at(-1)?.seq ?? 0)) continue;
        this.#kept.push(event);
        for (const hear of [...this.#listeners]) hear(event);
      }
      if (this.#kept.length > KEPT * 1.5) this.#kept = this.#kept.slice(-KEPT);
      for (const look of [...this.#waiting]) look();
    }
  }

  /** False when it takes too long: entries that are void are never seen. */
  #reaches(sequence: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (there: boolean) => {
        timer.cancel();
        this.#waiting.delete(look);
        resolve(there);
      };
      const look = () => this.#reached >= sequence && done(true);
      const timer = this.#clock.after(BEHIND_MS, () => done(false));
      this.#waiting.add(look);
      look();
    });
  }

  /** F2. */
  #rest(): void {
    this.#idle?.cancel();
    if (this.#listeners.size > 0) return;
    this.#idle = this.#clock.after(IDLE_MS, () => this.#listeners.size === 0 && this.close());
  }
}
