/** The event line of one net as tools read it: from its log, the newest first, no further back than is needed. */
import type { EventLog } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { EventFilter, EventHands } from "../../tools/hands.ts";

/** Entries read at once, and at most: a question must not read a log of years. */
const WINDOW = 500;
const MOST_ENTRIES = 20_000;

export function eventHands(log: EventLog): EventHands {
  return {
    async newest(filter, limit) {
      const { first, last } = await log.bounds();
      const matches = matcher(filter);
      let found: NetEvent[] = [];
      let before = last;
      while (before >= first && found.length < limit && last - before < MOST_ENTRIES) {
        const after = Math.max(first - 1, before - WINDOW);
        const part: NetEvent[] = [];
        await log.read(after, (entry) => part.push(...entry.events.filter(matches)), { upTo: before });
        found = [...part, ...found];
        before = after;
      }
      return { events: found.slice(-limit), whole: before < first };
    },
  };
}

function matcher({ types, status, transition, persona, firing, correlation, text }: EventFilter): (event: NetEvent) => boolean {
  const words = text?.toLowerCase();
  return (event) =>
    (types === undefined || types.includes(event.type)) &&
    (status === undefined || event.status === status) &&
    (transition === undefined || event.transition === transition) &&
    (persona === undefined || event.persona === persona) &&
    (firing === undefined || event.firing === firing) &&
    (correlation === undefined || event.correlation === correlation) &&
    (words === undefined || event.summary.toLowerCase().includes(words));
}
