/** A moment in a net's history: after an event, at a time, or now. */
import type { NetEvent } from "../contract/event.ts";

export type Moment = { kind: "event"; seq: number } | { kind: "time"; ms: number } | { kind: "now" };

/** A log is a sequence: the first event later than the time ends it, whatever the clocks of later masters said. */
export function liesAfter(event: NetEvent, moment: Moment): boolean {
  if (moment.kind === "now") return false;
  return moment.kind === "event" ? event.seq > moment.seq : Date.parse(event.ts) > moment.ms;
}
