/** A log read from its end: what is asked of an event line is mostly about its newest part, and a log may be years long. */
import type { EventLog, LogEntry } from "../contract/broker.ts";
import { PetrelError } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";

export interface BackwardOptions {
  /** Sequence of the last entry that is looked at; default: the log's last. */
  upTo?: number;
  /** Entries read at once. */
  window?: number;
  /** Entries read at first; each further window has twice as many, up to `window`. Under load an entry holds hundreds of events. */
  first?: number;
  /** Only entries that hold this text, as in `EventLog.read`. */
  holding?: string;
}
/** So many entries at a time, in the order of the log. */
export interface LogWindow {
  entries: LogEntry[];
  events: NetEvent[];
  /** Nothing that is kept lies before it. */
  isFirst: boolean;
}

const WINDOW = 64;

/** The newest window first. A beginning that is cleared away meanwhile is no longer there, and no error. */
export async function* windowsBack(log: EventLog, options: BackwardOptions = {}): AsyncGenerator<LogWindow> {
  const { window = WINDOW, holding } = options;
  let width = Math.min(window, options.first ?? window);
  const { first, last } = await log.bounds();
  for (let upTo = Math.min(last, options.upTo ?? last); upTo >= first; upTo -= width, width = Math.min(window, width * 2)) {
    const from = Math.max(first, upTo - width + 1);
    const entries: LogEntry[] = [];
    try {
      await log.read(from - 1, (entry) => void entries.push(entry), { upTo, ...(holding === undefined ? {} : { holding }) });
    } catch (error) {
      if (error instanceof PetrelError && error.code === "log-purged") return;
      throw error;
    }
    yield { entries, events: entries.flatMap(({ events }) => events), isFirst: from === first };
  }
}
