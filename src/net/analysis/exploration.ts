/** The steps that any P/T net goes through: invariants, boundedness, then every state, as far as the limits go. */
import { type Coverability, coverability } from "./coverability.ts";
import { boundsOf, type Invariant, type Invariants, invariantsOf, sumOf } from "./invariants.ts";
import { type Limits, watchOf } from "./limits.ts";
import { isOrdinary, type PetriNet, withRoomPlaces } from "./petri-net.ts";
import { type StateSpace, stateSpace } from "./state-space.ts";

export interface Exploration {
  invariants: Invariants;
  space: StateSpace;
  /** The most tokens in each place; null: no bound is known, or there is none. */
  bounds: (number | null)[];
  unbounded: Coverability["unbounded"];
  /** Whether each transition can ever fire; null: not decided. */
  fired: boolean[] | null;
  /** Why the state space is not whole. */
  gaveUp: string | null;
}

/** States that are looked at of a net that has no end of them. */
const GLANCE = 10_000;

export function explore(net: PetriNet, limits: Limits): Exploration {
  const invariants = invariantsOf(net, watchOf(limits, 0.1));
  const proven = boundsOf(net, invariants.places);
  const open = proven.some((bound, at) => bound === null && net.places[at]?.capacity === undefined);
  // What the invariants bound needs no tree, which would be larger than the state space.
  const cover = open && isOrdinary(net) ? coverability(withRoomPlaces(net), watchOf(limits, 0.2)) : null;
  const unbounded = cover?.unbounded ?? [];
  const endless = unbounded.length > 0;
  const space = stateSpace(net, watchOf(endless ? { ...limits, states: Math.min(limits.states, GLANCE) } : limits, 0.5));
  const growing = new Set(unbounded.map(({ place }) => place));
  const bounds = net.places.map((_, at) => (growing.has(at) ? null : space.complete ? (space.most[at] ?? 0) : (proven[at] ?? null)));
  const gaveUp = endless ? "a place fills without end, so there is no end of states" : whyNot(net, space);
  const fired = space.complete ? space.fired : cover && cover.gaveUp === undefined ? cover.fired : null;
  return { invariants: exact(net, invariants), space, bounds, unbounded, fired, gaveUp };
}

function whyNot(net: PetriNet, { gaveUp }: StateSpace): string | null {
  if (gaveUp === undefined) return null;
  return isOrdinary(net) ? gaveUp : `${gaveUp}; with inhibitor and reset arcs nothing but the states can say whether a place stays bounded`;
}

/** A sum that a reset takes from is none that stays, though it still bounds; a round that resets need not lead back. */
function exact(net: PetriNet, { places, transitions, complete }: Invariants): Invariants {
  const swept = new Set(net.transitions.flatMap(({ reset }) => reset));
  return {
    places: places.filter((weights) => ![...weights.keys()].some((at) => swept.has(at))),
    transitions: transitions.filter((weights) => ![...weights.keys()].some((at) => net.transitions[at]?.reset.length)),
    complete,
  };
}

export interface NamedInvariants {
  /** Place invariants: the weighted sum of tokens is always `sum`. */
  places: { weights: Record<string, number>; sum: number }[];
  /** Transition invariants: firing each so often leads back to the same marking. */
  transitions: { weights: Record<string, number> }[];
}

/** Those that speak of visible places and transitions only; the outcomes of one transition of a net file count as it. */
export function namedInvariants(net: PetriNet, { places, transitions }: Invariants): NamedInvariants {
  const isShown = (of: readonly { hidden?: true }[], weights: Invariant) => [...weights.keys()].every((at) => !of[at]?.hidden);
  const rounds = transitions.filter((weights) => isShown(net.transitions, weights)).map((weights) => byName(net, weights));
  return {
    places: places
      .filter((weights) => isShown(net.places, weights))
      .map((weights) => ({
        weights: Object.fromEntries([...weights].map(([at, weight]) => [net.places[at]?.id ?? "", weight])),
        sum: sumOf(net, weights),
      })),
    transitions: [...new Map(rounds.map((weights) => [JSON.stringify(weights), { weights }])).values()],
  };
}

function byName(net: PetriNet, weights: Invariant): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [at, weight] of weights) {
    const { of, id = "" } = net.transitions[at] ?? {};
    sums[of ?? id] = (sums[of ?? id] ?? 0) + weight;
  }
  return sums;
}
