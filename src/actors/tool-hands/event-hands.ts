/** The event line of one net as tools read it: from its log, the newest first, no further back than is needed. */
import type { EventLog } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { EventFilter, EventHands } from "../../tools/hands.ts";
import { windowsBack } from "../log-backwards.ts";

/** Entries read at once, and at most: a question must not read a log of years. */
const WINDOW = 500;
const MOST_ENTRIES = 20_000;

export function eventHands(log: EventLog): EventHands {
  return {
    async newest(filter, limit) {
      const matches = matcher(filter);
      let found: NetEvent[] = [];
      let read = 0;
      for await (const { events, isFirst } of windowsBack(log, { window: WINDOW })) {
        found = [...events.filter(matches), ...found];
        read += WINDOW;
        if (isFirst) return { events: found.slice(-limit), whole: true };
        if (found.length >= limit || read >= MOST_ENTRIES) return { events: found.slice(-limit), whole: false };
      }
      return { events: found.slice(-limit), whole: true };
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
