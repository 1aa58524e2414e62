/** An abstract place/transition net: what is left of a net when its data is forgotten, and what a PNML file holds. */

/** Places are named by their position in `places`. */
export interface PetriArc {
  place: number;
  /** At least 1. */
  weight: number;
  /** As a PNML file names it. */
  id?: string;
}

export interface PetriPlace {
  id: string;
  name: string;
  initial: number;
  /** The most tokens that a firing may leave in it. */
  capacity?: number;
  /** Book-keeping of the translation: never shown to anybody. */
  hidden?: true;
}

export interface PetriTransition {
  id: string;
  name: string;
  /** The transition of the net file that this is one outcome of. */
  of?: string;
  /** How that outcome came about. */
  how?: "done" | "failed" | "refused" | "late";
  /** Book-keeping of the translation: never shown to anybody. */
  hidden?: true;
  /** Something counts how often it happens, or people decide: it is no part of a loop without an end. */
  limited?: true;
  consume: PetriArc[];
  /** Test arcs: so many tokens must be there, and stay. */
  read: PetriArc[];
  /** Fewer tokens than the weight must be there. */
  inhibit: PetriArc[];
  /** Emptied by the firing. */
  reset: number[];
  produce: PetriArc[];
}

export interface PetriNet {
  id: string;
  name: string;
  places: PetriPlace[];
  transitions: PetriTransition[];
}

export function transition(id: string, parts: Partial<Omit<PetriTransition, "id">> = {}): PetriTransition {
  return { id, name: id, consume: [], read: [], inhibit: [], reset: [], produce: [], ...parts };
}

/** Inhibitor and reset arcs take away the monotony that coverability and PNML rest on. */
export function isOrdinary(net: PetriNet): boolean {
  return net.transitions.every(({ inhibit, reset }) => inhibit.length === 0 && reset.length === 0);
}

/** Sum of the weights for each place. */
export function weights(arcs: readonly PetriArc[]): Map<number, number> {
  const sum = new Map<number, number>();
  for (const { place, weight } of arcs) sum.set(place, (sum.get(place) ?? 0) + weight);
  return sum;
}

/** What a firing changes, by place; places without change are left out. */
export function effectOf({ consume, produce }: PetriTransition): Map<number, number> {
  const effect = weights(produce);
  for (const [place, weight] of weights(consume)) effect.set(place, (effect.get(place) ?? 0) - weight);
  for (const [place, change] of effect) if (change === 0) effect.delete(place);
  return effect;
}

/** The same net without capacities: each full place gets a partner that counts the room left in it. */
export function withRoomPlaces(net: PetriNet): PetriNet {
  const filled = new Set(net.transitions.flatMap(({ produce }) => produce.map(({ place }) => place)));
  const places = net.places.map(({ capacity: _, ...place }): PetriPlace => place);
  const transitions = net.transitions.map((one) => ({ ...one, consume: [...one.consume], produce: [...one.produce] }));
  for (const [place, { id, name, capacity, initial }] of net.places.entries()) {
    if (capacity === undefined || !filled.has(place)) continue;
    const room = places.length;
    places.push({ id: `${id}--room`, name: `room in ${name}`, initial: Math.max(0, capacity - initial), hidden: true });
    for (const one of transitions) {
      const change = effectOf(one).get(place) ?? 0;
      if (change > 0) one.consume.push({ place: room, weight: change });
      if (change < 0) one.produce.push({ place: room, weight: -change });
    }
  }
  return { ...net, places, transitions };
}
