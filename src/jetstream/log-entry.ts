/** From a stored message to a log entry, or to nothing: what a stale or foreign writer put there does not count (E2). */
import type { LogEntry } from "../contract/broker.ts";
import type { NetEvent } from "../contract/event.ts";
import { headerNames } from "../contract/subjects.ts";
import type { StoredMessage } from "./stored-message.ts";

/** Voids entries of an epoch older than the newest that was seen before them, in the order of the log. */
export class EpochFilter {
  #newest: number;

  constructor(newest: number) {
    this.#newest = newest;
  }

  /** Null for a void entry. */
  admit(message: StoredMessage): LogEntry | null {
    const entry = parseEntry(message);
    if (entry === null || entry.epoch < this.#newest) return null;
    if (entry.events.some((event) => event.type === "epoch")) this.#newest = entry.epoch;
    return entry;
  }
}

/** Null for what no owner wrote: a message without our headers or with another body. */
function parseEntry(message: StoredMessage): LogEntry | null {
  const id = message.header(headerNames.entry);
  const epoch = Number(message.header(headerNames.epoch));
  if (id === "" || !Number.isInteger(epoch) || epoch < 0) return null;
  try {
    const events: unknown = JSON.parse(new TextDecoder().decode(message.data));
    return Array.isArray(events) ? { sequence: message.seq, epoch, id, events: events as NetEvent[] } : null;
  } catch {
    return null;
  }
}
