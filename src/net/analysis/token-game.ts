/** Enabling and firing over plain number arrays, prepared once for each net. A marking is the count of tokens by place. */
import { effectOf, type PetriNet, type PetriTransition, weights } from "./petri-net.ts";

export type Marking = readonly number[];

interface Move {
  /** Place and least count, in pairs. */
  needs: number[];
  /** Place and the count that already forbids, in pairs. */
  forbids: number[];
  resets: number[];
  /** Place and change, in pairs. */
  changes: number[];
  /** Place and the most tokens that may lie there before the firing, in pairs: where it adds some to a place with a capacity. */
  rooms: number[];
}

export interface TokenGame {
  start: Marking;
  transitions: number;
  isEnabled(marking: Marking, transition: number): boolean;
  /** The marking after; the transition must be enabled. */
  fire(marking: Marking, transition: number): number[];
}

export function tokenGame(net: PetriNet): TokenGame {
  const moves = net.transitions.map((one) => moveOf(one, net));
  return {
    start: net.places.map(({ initial }) => initial),
    transitions: moves.length,
    isEnabled: (marking, index) => isEnabled(marking, moves[index]),
    fire: (marking, index) => fire(marking, moves[index]),
  };
}

function moveOf(one: PetriTransition, net: PetriNet): Move {
  const needs = weights(one.consume);
  for (const { place, weight } of one.read) needs.set(place, Math.max(needs.get(place) ?? 0, weight));
  const changes = effectOf(one);
  const produced = weights(one.produce);
  const rooms = [...changes].flatMap(([place, change]) => {
    const capacity = net.places[place]?.capacity;
    if (change <= 0 || capacity === undefined) return [];
    // A place that the firing itself empties has room for all that fits into it.
    if (one.reset.includes(place)) return (produced.get(place) ?? 0) > capacity ? [place, -1] : [];
    return [place, capacity - change];
  });
  return {
    needs: [...needs].flat(),
    forbids: one.inhibit.flatMap(({ place, weight }) => [place, weight]),
    resets: one.reset,
    changes: [...(one.reset.length > 0 ? resetEffect(one) : changes)].flat(),
    rooms,
  };
}

/** A place that is emptied keeps only what the firing puts in. */
function resetEffect(one: PetriTransition): Map<number, number> {
  const effect = effectOf(one);
  const produced = weights(one.produce);
  for (const place of one.reset) effect.set(place, produced.get(place) ?? 0);
  return effect;
}

function isEnabled(marking: Marking, move: Move | undefined): boolean {
  if (!move) return false;
  const { needs, forbids, rooms } = move;
  for (let at = 0; at < needs.length; at += 2) if ((marking[needs[at] as number] ?? 0) < (needs[at + 1] as number)) return false;
  for (let at = 0; at < forbids.length; at += 2) if ((marking[forbids[at] as number] ?? 0) >= (forbids[at + 1] as number)) return false;
  for (let at = 0; at < rooms.length; at += 2) if ((marking[rooms[at] as number] ?? 0) > (rooms[at + 1] as number)) return false;
  return true;
}

function fire(marking: Marking, move: Move | undefined): number[] {
  const after = marking.slice();
  if (!move) return after;
  for (const place of move.resets) after[place] = 0;
  const { changes } = move;
  for (let at = 0; at < changes.length; at += 2) {
    const place = changes[at] as number;
    after[place] = (after[place] as number) + (changes[at + 1] as number);
  }
  return after;
}
