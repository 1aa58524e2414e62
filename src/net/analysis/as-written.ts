/**
 * The analysed net in the words of its net file, for others to read: a transition with one outcome is called as the file calls it, names
 * are the titles, and places that every net has are there only where something leads to them or lies in them. The behaviour is the same.
 */
import { BUILT_IN_PLACES } from "../built-in-places.ts";
import type { NetDefinition } from "../definition.ts";
import type { PetriArc, PetriNet, PetriTransition } from "./petri-net.ts";

export function asWritten(net: PetriNet, { places, transitions }: NetDefinition): PetriNet {
  const used = new Set(net.transitions.flatMap((one) => [...placesOf(one)]));
  const kept = net.places.flatMap(({ id, initial }, at) => (initial > 0 || used.has(at) || !BUILT_IN_PLACES.includes(id) ? [at] : []));
  const moved = new Map(kept.map((at, to) => [at, to]));
  const to = (at: number) => moved.get(at) ?? at;
  const arcs = (all: readonly PetriArc[]) => all.map((arc) => ({ ...arc, place: to(arc.place) }));
  const outcomes = new Map<string, number>();
  for (const { of } of net.transitions) if (of !== undefined) outcomes.set(of, (outcomes.get(of) ?? 0) + 1);
  const taken = new Set(net.places.map(({ id }) => id));
  return {
    ...net,
    places: kept.flatMap((at) => {
      const place = net.places[at];
      return place ? [{ ...place, name: places[place.id]?.title ?? place.name }] : [];
    }),
    transitions: net.transitions.map((one) => ({
      ...one,
      ...(one.of !== undefined && outcomes.get(one.of) === 1 && !taken.has(one.of)
        ? { id: one.of, name: transitions[one.of]?.title ?? one.of }
        : {}),
      ...{
        consume: arcs(one.consume),
        read: arcs(one.read),
        inhibit: arcs(one.inhibit),
        reset: one.reset.map(to),
        produce: arcs(one.produce),
      },
    })),
  };
}

function* placesOf({ consume, read, inhibit, reset, produce }: PetriTransition): Generator<number> {
  for (const { place } of [...consume, ...read, ...inhibit, ...produce]) yield place;
  yield* reset;
}
