/**
 * Which start of an executor speaks under its name, as one master hears it. Two processes that were given the same credentials would
 * otherwise end one another's work for ever.
 *
 * T1 The start that was heard first has the name, until it leaves, falls silent for two heartbeats and a bit, or one comes that follows it
 *    in its own folder on its machine: there no two can be. A folder that was copied to another machine is none of its own.
 * T2 Another start that speaks while that one goes on speaking is one too many. The one that has the name keeps its work.
 *    While that one drains, the other waits for the name.
 * T3 Silence counts from when this master hears: not while its wire was down, nor while nobody at all was heard, as after it stood still.
 *    Each master judges by itself, and two may hear two new starts in another order. So only the one that speaks for all has a start end.
 */
import type { ExecutorPresence } from "../contract/envelope.ts";

const SILENT_MS = 5000;

interface Known {
  current: ExecutorPresence;
  at: number;
  /** When this start was first heard. */
  first: number;
  /** Null where it followed at once: then all that the one before had is free. */
  since: number | null;
  rival: { presence: ExecutorPresence; at: number; since: number } | null;
  doubledAt?: number;
}
export interface Doubled {
  kept: ExecutorPresence;
  surplus: ExecutorPresence & { start: string };
}

export class ExecutorStarts {
  readonly #known = new Map<string, Known>();
  #heardAt = Number.NEGATIVE_INFINITY;
  #hearsSince = Number.NEGATIVE_INFINITY;

  /** T3 */
  wireUp(now: number): void {
    this.#hearsSince = now;
  }

  /** What is one too many, or null. */
  heard(heard: ExecutorPresence | { name: string; gone: true }, now: number): Doubled | null {
    if ("gone" in heard) {
      this.#known.delete(heard.name);
      return null;
    }
    if (now - this.#heardAt > SILENT_MS) this.#hearsSince = now;
    this.#heardAt = now;
    const { name, start, after } = heard;
    if (start === undefined) return null; // of before there were starts
    const known = this.#known.get(name);
    if (!known || (known.current.start !== start && after === known.current.start && heard.host === known.current.host)) {
      this.#known.set(name, { current: heard, at: now, first: now, since: null, rival: null });
      return null;
    }
    if (known.current.start === start) {
      Object.assign(known, { current: heard, at: now });
      const { rival } = known;
      if (heard.leaving || rival === null || now - rival.at > SILENT_MS) return null;
      const surplus = rival.presence.start;
      known.doubledAt = now;
      return surplus === undefined ? null : { kept: heard, surplus: { ...rival.presence, start: surplus } }; // T2
    }
    const since = known.rival?.presence.start === start ? known.rival.since : now;
    if (now - Math.max(known.at, this.#hearsSince) > SILENT_MS)
      this.#known.set(name, { current: heard, at: now, first: since, since, rival: null });
    else known.rival = { presence: heard, at: now, since };
    return null;
  }

  /** Whether one too many was heard within so many milliseconds. */
  isDoubled(name: string, now: number, withinMs: number): boolean {
    const at = this.#known.get(name)?.doubledAt;
    return at !== undefined && now - at <= withinMs;
  }

  /** How long the start that has the name has been heard, ms; for executors that name none, as if for ever. */
  uptime(name: string, now: number): number {
    const known = this.#known.get(name);
    return known?.current.start === undefined ? Number.POSITIVE_INFINITY : now - known.first;
  }

  /** The start that has the name, and since when it was heard beside the one before it; undefined for executors that name none. */
  current(name: string): { start: string; since: number | null } | undefined {
    const known = this.#known.get(name);
    return known?.current.start === undefined ? undefined : { start: known.current.start, since: known.since };
  }
}
