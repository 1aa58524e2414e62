/** The in-memory event log, with the same answers to the same troubles as the real one (E2). */
import type { AppendOutcome, EventLog, LogEntry, NewEntry, ReadOptions } from "../../contract/broker.ts";
import type { ErrorData } from "../../contract/errors.ts";
import { Terminal } from "../../contract/errors.ts";
import { entryHash } from "../../contract/hash.ts";
import { entryOf } from "../log-entry.ts";
import type { MemoryHub, StoredEntry } from "./hub.ts";
import type { MemoryStream } from "./stream.ts";
import type { MemoryWire } from "./wire.ts";
import { aborted } from "./wire.ts";

const ENTRY_LIMIT = 512 * 1024;

/** What the next appends of one client meet. */
export interface AppendFaults {
  /** So many appends are stored and their answers lost. */
  dropAnswers: number;
  /** While set, nothing is stored and this is the reason. */
  rejectAppends: ErrorData | null;
  /** So many appends find that a rival has taken their slot a moment before. */
  stealSlot: number;
}

export class MemoryLog implements EventLog {
  readonly #hub: MemoryHub;
  readonly #net: string;
  readonly #wire: MemoryWire;
  readonly #faults: AppendFaults;
  #appending = false;

  constructor(hub: MemoryHub, net: string, wire: MemoryWire, faults: AppendFaults) {
    this.#hub = hub;
    this.#net = net;
    this.#wire = wire;
    this.#faults = faults;
  }

  async append(expected: number, entry: NewEntry, signal?: AbortSignal): Promise<AppendOutcome> {
    if (this.#appending) throw new Terminal({ code: "append-in-flight", message: `net ${this.#net}: an append is under way already` });
    if (JSON.stringify(entry.events).length >= ENTRY_LIMIT) {
      throw new Terminal({ code: "entry-too-large", message: `net ${this.#net}: an entry is over the limit of ${ENTRY_LIMIT} bytes` });
    }
    this.#appending = true;
    try {
      for (;;) {
        if (signal?.aborted) throw aborted(signal);
        await this.#wire.whenUp(signal);
        const outcome = this.#try(expected, structuredClone({ ...entry, body: undefined }));
        if (this.#faults.dropAnswers > 0 && outcome.kind === "committed") this.#faults.dropAnswers--;
        else return outcome;
        // The answer is lost: the same bytes go out again, find the slot taken, and find their own id there.
        await Promise.resolve();
      }
    } finally {
      this.#appending = false;
    }
  }

  #try(expected: number, entry: StoredEntry): AppendOutcome {
    if (this.#faults.rejectAppends) return { kind: "rejected", error: this.#faults.rejectAppends };
    const log = this.#existing();
    if (!log) return { kind: "rejected", error: { outlook: "terminal", code: "log-missing", message: `net ${this.#net} has no log` } };
    if (this.#faults.stealSlot > 0) {
      this.#faults.stealSlot--;
      const prev = entry.prev === undefined ? {} : { prev: entry.prev };
      log.add(this.#net, { id: `rival-${log.last + 1}`, epoch: entry.epoch, events: [], ...prev });
    }
    const hash = entry.prev === undefined ? {} : { hash: hashOf(entry) };
    if (log.last === expected) return { kind: "committed", sequence: log.add(this.#net, entry), ...hash };
    const sequence = expected + 1;
    const found = log.get(sequence);
    if (found?.value.id === entry.id) return { kind: "committed", sequence, ...hash };
    return { kind: "conflict", message: found ? `sequence ${sequence} holds entry ${found.value.id}` : `the log ends before ${expected}` };
  }

  async read(after: number, take: (entry: LogEntry) => void, options: ReadOptions = {}): Promise<number> {
    this.#wire.check();
    const log = this.#existing();
    if (!log) throw new Terminal({ code: "log-missing", message: `net ${this.#net} has no log on this broker` });
    if (log.last < after)
      throw new Terminal({ code: "log-shorter", message: `net ${this.#net}: the log ends at ${log.last}, ${after} was known` });
    const last = Math.min(log.last, options.upTo ?? log.last);
    if (last > after && log.first > after + 1)
      throw new Terminal({
        code: "log-purged",
        message: `net ${this.#net}: the log begins at ${log.first}, entries from ${after + 1} are needed`,
      });
    const admit = this.#filter(after, options.epoch);
    for (let seq = after + 1; seq <= last; seq++) {
      const entry = admit(seq);
      if (entry) take(entry);
    }
    return last;
  }

  async bounds(): Promise<{ first: number; last: number }> {
    this.#wire.check();
    const log = this.#existing();
    return { first: log?.first ?? 1, last: log?.last ?? 0 };
  }

  async purge(upTo: number): Promise<void> {
    this.#wire.check();
    this.#existing()?.removeWhere(({ seq }) => seq <= upTo);
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<LogEntry> {
    const admit = this.#filter(after);
    for await (const message of this.#hub.log(this.#net).tail(after, this.#wire, signal)) {
      const entry = admit(message.seq);
      if (entry) yield entry;
    }
  }

  #existing(): MemoryStream<StoredEntry> | undefined {
    return this.#hub.logs.get(this.#net);
  }

  /** Voids entries of an epoch older than the newest seen before them. */
  #filter(after: number, epoch?: number): (seq: number) => LogEntry | null {
    let newest = epoch ?? this.#existing()?.get(after)?.value.epoch ?? 0;
    return (seq) => {
      const stored = this.#existing()?.get(seq)?.value;
      if (!stored || stored.epoch < newest) return null;
      if (stored.events.some((event) => event.type === "epoch")) newest = stored.epoch;
      const { id, epoch, prev, events } = structuredClone(stored);
      return entryOf({ sequence: seq, id, epoch, events, prev: prev ?? null }, () => hashOf(stored));
    };
  }
}

/** Over the text that the real log would hold. */
function hashOf({ id, epoch, prev, events }: StoredEntry): string {
  return entryHash({ prev: prev ?? null, epoch, id }, JSON.stringify(events));
}
