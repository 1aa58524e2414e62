/** Which transitions of a net that tokens come to from outside can fire, by a coverability tree. */
import { coverability } from "./coverability.ts";
import type { Watch } from "./limits.ts";
import { firedNames, type World } from "./open-net.ts";
import { type PetriNet, withRoomPlaces } from "./petri-net.ts";

export interface Covered {
  /** By the names of the net file. */
  fired: Set<string>;
  /** What did not fire never does. */
  complete: boolean;
}

/** Looks until all of `names` were seen to fire. */
export function covered({ net, endless }: World, names: readonly string[], watch: Watch): Covered {
  const plain = withRoomPlaces({ ...net, transitions: net.transitions.map((one) => ({ ...one, inhibit: [], reset: [] })) });
  const many = fedByMany(plain, endless);
  const isFed = (at: number) => inputs(plain, at).every(({ place }) => many.has(place));
  const enough = (fired: readonly boolean[]) => {
    const found = firedNames(plain, fired);
    return names.every((name) => found.has(name));
  };
  const fed = plain.transitions.map((_, at) => isFed(at));
  if (enough(fed)) return { fired: firedNames(plain, fed), complete: false };
  const cover = coverability(plain, watch, [...many], enough);
  return { fired: firedNames(plain, cover.fired), complete: cover.gaveUp === undefined };
}

/** Places that can hold as many tokens as anybody wants, since all that fills them takes from such places alone. */
function fedByMany(net: PetriNet, endless: readonly number[]): Set<number> {
  const many = new Set(endless);
  for (let before = -1; before !== many.size; ) {
    before = many.size;
    for (const [at, { produce }] of net.transitions.entries()) {
      const needs = inputs(net, at);
      if (needs.length === 0 || !needs.every(({ place }) => many.has(place))) continue;
      for (const { place } of produce) many.add(place);
    }
  }
  return many;
}

function inputs(net: PetriNet, at: number) {
  return [...(net.transitions[at]?.consume ?? []), ...(net.transitions[at]?.read ?? [])];
}
