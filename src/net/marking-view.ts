/** A marking as people look at it: how many tokens lie where, and what is under way. */
import { isoTime } from "../contract/clock.ts";
import type { FiringView, MarkingView, PlaceView } from "../contract/marking.ts";
import type { NetState, OpenFiring } from "./state.ts";

interface PlaceWords {
  title?: string | undefined;
  capacity?: number | null | undefined;
  open?: boolean | undefined;
}

/** `names`: places to show though nothing lies in them. */
export function markingView(state: NetState, names: Iterable<string>, about: (place: string) => PlaceWords): MarkingView {
  const places = [...new Set([...names, ...state.places.keys()])].sort();
  return {
    net: state.net,
    seq: state.seq,
    state: state.killed ? "stopped" : state.paused ? "paused" : "running",
    version: state.definition,
    places: places.map((place) => placeView(state, place, about(place))),
    firings: [...state.firings.values()].map(firingView),
  };
}

function placeView(state: NetState, place: string, { title, capacity, open }: PlaceWords): PlaceView {
  let [reserved, waiting] = [0, 0];
  let oldest: string | null = null;
  for (const { token, reservedBy } of state.places.get(place)?.values() ?? []) {
    if (reservedBy === null) waiting += 1;
    else reserved += 1;
    if (oldest === null || token.at < oldest) oldest = token.at;
  }
  return { place, title: title ?? place, waiting, reserved, oldestAt: oldest, capacity: capacity ?? null, open: open ?? false };
}

function firingView(firing: OpenFiring): FiringView {
  return {
    firing: firing.firing,
    transition: firing.transition,
    persona: firing.persona,
    attempt: firing.attempt,
    executor: firing.claim?.executor ?? null,
    instance: firing.instance,
    correlation: firing.correlation,
    since: isoTime(firing.gate ? firing.openedAt : firing.startedAt),
    notBefore: firing.notBefore === null ? null : isoTime(firing.notBefore),
    gate: firing.gate?.name ?? null,
    consumed: firing.consumed,
    read: firing.read,
  };
}
