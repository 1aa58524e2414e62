/** The past of a net: its log, read up to a moment and folded as the engine folds it (E1). */
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import { applyEvent } from "../../net/fold.ts";
import { emptyState, type NetState, type Placed } from "../../net/state.ts";
import { liesAfter, type Moment } from "./moment.ts";

export interface Past {
  state: NetState;
  /** The event that led there; null before the first. */
  last: NetEvent | null;
}

/** Takes the events of a net's log up to a moment. Returns the last. Errors: Terminal `no-such-moment`, when the log ends before. */
export async function readUntil(broker: Broker, net: string, until: Moment, take: (event: NetEvent) => void): Promise<NetEvent | null> {
  let last: NetEvent | null = null;
  const reached = new Error("the moment is reached");
  try {
    await broker.log(net).read(0, (entry) => {
      for (const event of entry.events) {
        // The rest of a long log is not read.
        if (liesAfter(event, until)) throw reached;
        take(event);
        last = event;
      }
    });
  } catch (error) {
    if (error !== reached) throw error;
    return last;
  }
  if (until.kind === "event") atLeast(net, until.seq, last);
  return last;
}

function atLeast(net: string, seq: number, last: NetEvent | null): void {
  if ((last?.seq ?? 0) >= seq) return;
  throw new Terminal({
    code: "no-such-moment",
    message:
      last === null ? `the log of ${net} is empty` : `the log of ${net} ends with event ${last.seq} of ${last.ts}: there is no ${seq}`,
    hint: `petrel events ${net} --limit 20`,
  });
}

export async function pastOf(broker: Broker, net: string, at: Moment): Promise<Past> {
  const state = emptyState(net);
  const last = await readUntil(broker, net, at, (event) => applyEvent(state, event));
  return { state, last };
}

/** The tokens of a place then. Errors: Terminal `no-such-place`, when neither the definition of that time nor the log knows it. */
export async function tokensThen(broker: Broker, { state, last }: Past, place: string): Promise<Placed[]> {
  const tokens = state.places.get(place);
  if (tokens) return [...tokens.values()];
  const known = await placesThen(broker, state);
  if (known.includes(place)) return [];
  const when = last === null ? "before its first event" : `at event ${last.seq}`;
  throw new Terminal({
    code: "no-such-place",
    message: `the net ${state.net} had no place ${place} ${when}`,
    hint: nearestHint(place, known, "places"),
  });
}

async function placesThen(broker: Broker, state: NetState): Promise<string[]> {
  const definition = state.definition === null ? null : await broker.netVersions.get(state.net, state.definition);
  const declared = (definition as { places?: object } | null)?.places ?? {};
  return [...new Set([...Object.keys(declared), ...state.places.keys(), "rejected"])].sort();
}
