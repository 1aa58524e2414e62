/** From a stored message to a log entry, or to nothing: what a stale or foreign writer put there does not count (E2). */
import type { LogEntry } from "../contract/broker.ts";
import type { NetEvent } from "../contract/event.ts";
import { entryHash } from "../contract/hash.ts";
import { headerNames } from "../contract/subjects.ts";
import type { StoredMessage } from "./stored-message.ts";

/** Voids entries of an epoch older than the newest that was seen before them, in the order of the log. */
export class EpochFilter {
  #newest: number;
  readonly #holding: string | null;

  /** With `holding`, entries without this text are left out too. */
  constructor(newest: number, holding: string | null = null) {
    this.#newest = newest;
    this.#holding = holding;
  }

  /** Null for a void entry. */
  admit(message: StoredMessage): LogEntry | null {
    // To look for a text costs a hundredth of parsing. A new epoch is read in any case.
    if (this.#holding !== null && !(Number(message.header(headerNames.epoch)) > this.#newest) && !holds(message.data, this.#holding))
      return null;
    const entry = parseEntry(message);
    if (entry === null || entry.epoch < this.#newest) return null;
    if (entry.events.some((event) => event.type === "epoch")) this.#newest = entry.epoch;
    return entry;
  }
}

function holds(data: Uint8Array, text: string): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(text, 0, "latin1");
}

/** Hashing is left until somebody asks: most readers do not. */
export function entryOf(parts: Omit<LogEntry, "hash">, hash: () => string): LogEntry {
  let known: string | null = null;
  return {
    ...parts,
    get hash() {
      known ??= hash();
      return known;
    },
  };
}

/** Null for what no owner wrote: a message without our headers or with another body. */
function parseEntry(message: StoredMessage): LogEntry | null {
  const id = message.header(headerNames.entry);
  const epoch = Number(message.header(headerNames.epoch));
  if (id === "" || !Number.isInteger(epoch) || epoch < 0) return null;
  try {
    const events: unknown = JSON.parse(new TextDecoder().decode(message.data));
    if (!Array.isArray(events)) return null;
    const prev = message.header(headerNames.prev) || null;
    const hash = () => entryHash({ prev, epoch, id }, message.data);
    return entryOf({ sequence: message.seq, epoch, id, events: events as NetEvent[], prev }, hash);
  } catch {
    return null;
  }
}
