/** The net of one case in the world: tokens come from outside at any time, and arrays in the data have any length. */
import type { OneCase } from "./from-definition.ts";
import { boundsOf, invariantsOf } from "./invariants.ts";
import { effectOf, type PetriArc, type PetriNet, type PetriTransition, transition, weights } from "./petri-net.ts";

export interface World {
  net: PetriNet;
  /** Places that hold as many tokens as anybody wants. */
  endless: number[];
}

/** Without a limit from `capacityOf` a place that tokens come to from outside holds as many as anybody wants. */
export function worldOf(one: OneCase, capacityOf: (place: number) => number | undefined): World {
  const places = one.net.places.map(({ capacity: _, ...place }, at) => {
    const capacity = capacityOf(at);
    return capacity === undefined ? place : { ...place, capacity: Math.max(capacity, place.initial) };
  });
  const arriving = [...one.arrivals];
  const endless = arriving.flatMap(([at, arcs]) => (capacityOf(at) === undefined ? arcs.map(({ place }) => place) : []));
  const more = arriving.flatMap(([at, produce]) =>
    capacityOf(at) === undefined ? [] : [transition(`arrival--${at}`, { hidden: true, produce })],
  );
  return { net: { ...one.net, places, transitions: [...more, ...one.net.transitions, ...fanned(one)] }, endless };
}

/** The same with a few tokens from outside, one after the other, and every arc and capacity as it stands. */
export function withArrivals(one: OneCase): PetriNet {
  const { net } = one;
  const places = [...net.places];
  const coming = [...one.arrivals].map(([at, produce]) => {
    const wanted = net.transitions.flatMap(({ consume, read }) => [...consume, ...read].map(({ weight }) => weight));
    places.push({
      id: `coming--${at}`,
      name: "coming",
      initial: 1 + Math.max(1, ...wanted.filter((weight) => weight <= 10)),
      hidden: true,
    });
    return transition(`arrival--${at}`, { hidden: true, consume: [{ place: places.length - 1, weight: 1 }], produce });
  });
  return { ...net, places, transitions: [...net.transitions, ...coming] };
}

/** Of a transition that fans out: one element more. */
function fanned({ net, fans }: OneCase): PetriTransition[] {
  return net.transitions.flatMap((each, at) =>
    (fans.get(each.of ?? "") ?? []).map((arcs, index) => {
      const { consume, read, inhibit } = each;
      return transition(`element--${at}-${index}`, { hidden: true, consume, read, inhibit, produce: [...consume, ...arcs] });
    }),
  );
}

/** The capacities that nothing ever goes beyond: no array, no failure, no deadline and no heavy arc fills the place. */
export function hardCapacities({ net, fans }: OneCase): Map<number, number> {
  const soft = new Set([...fans.values()].flatMap((arcs) => arcs.flatMap((group) => group.map(({ place }) => place))));
  for (const { how, hidden, produce } of net.transitions) {
    for (const [place, weight] of weights(produce)) {
      if ((how !== "done" && !hidden) || weight > (net.places[place]?.capacity ?? weight)) soft.add(place);
    }
  }
  return new Map(net.places.flatMap(({ capacity }, at) => (capacity === undefined || soft.has(at) ? [] : [[at, capacity]])));
}

/** Capacities that are just large enough for each arc by itself. */
export function leastCapacities(net: PetriNet): Map<number, number> {
  const least = new Map<number, number>();
  for (const one of net.transitions) {
    for (const arcs of [one.consume, one.read, one.produce]) {
      for (const [place, weight] of weights(arcs)) least.set(place, Math.max(least.get(place) ?? 1, weight));
    }
  }
  return least;
}

/** What happens in the places that have a bound, whatever lies in the others. */
export function boundedPart({ net, endless }: World, dead: ReadonlyMap<string, unknown>): PetriNet {
  const alive = net.transitions.filter(({ of }) => of === undefined || !dead.has(of));
  const sources = endless.map((place) => transition(`source--${place}`, { produce: [{ place, weight: 1 }] }));
  const proven = boundsOf(net, invariantsOf({ ...net, transitions: [...alive, ...sources] }).places);
  const grows = new Set([...endless, ...alive.flatMap((one) => [...increases(one)])]);
  const isKept = (at: number) => !endless.includes(at) && (net.places[at]?.capacity !== undefined || proven[at] !== null || !grows.has(at));
  const arcs = (all: readonly PetriArc[]) => all.filter(({ place }) => isKept(place));
  return {
    ...net,
    places: net.places.map((place, at) => (isKept(at) ? place : { ...place, initial: 0 })),
    transitions: alive.map((one) => ({
      ...one,
      ...{ consume: arcs(one.consume), read: arcs(one.read), inhibit: arcs(one.inhibit), produce: arcs(one.produce) },
      reset: one.reset.filter(isKept),
    })),
  };
}

function increases(one: PetriTransition): number[] {
  return [...effectOf(one)].flatMap(([place, change]) => (change > 0 ? [place] : []));
}

/** The transitions of the net file of which an outcome fired that is more than the end of a wait. */
export function firedNames(net: PetriNet, fired: readonly boolean[]): Set<string> {
  return new Set(net.transitions.flatMap(({ of, how }, at) => (of !== undefined && how !== "late" && fired[at] ? [of] : [])));
}
