/** Where an event stands in its log: entries hold several events, so a search by halves finds the entry of a number. */
import type { Broker, LogEntry } from "../contract/broker.ts";

/** The entry at a sequence, or the next one behind it; null behind the last. */
export async function entryFrom(broker: Broker, net: string, sequence: number, last: number): Promise<LogEntry | null> {
  let from = Math.max(1, sequence);
  // Mostly it is there; a void entry is passed over, and more than one in a row is rare.
  for (let width = 1; from <= last; from += width, width = 32) {
    const found: LogEntry[] = [];
    await broker.log(net).read(from - 1, (entry) => void found.push(entry), { upTo: Math.min(last, from + width - 1), epoch: 0 });
    if (found[0]) return found[0];
  }
  return null;
}

/** Sequence of the first entry that holds an event after `seq`; `last + 1` where there is none. `seq` 0: the first that is kept. */
export async function entryAfter(broker: Broker, net: string, seq: number): Promise<number> {
  const { first, last } = await broker.log(net).bounds();
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = await entryFrom(broker, net, middle, last);
    const newest = entry?.events.at(-1)?.seq;
    if (entry === null || newest === undefined || newest > seq) high = middle;
    else low = entry.sequence + 1;
  }
  return low;
}
