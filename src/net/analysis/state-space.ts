/** Every marking that a net can reach, breadth first, so that the way to each is a shortest one. */
import { GrowingList } from "./growing-list.ts";
import type { Watch } from "./limits.ts";
import type { PetriNet } from "./petri-net.ts";
import { type Marking, tokenGame } from "./token-game.ts";

export interface StateSpace {
  states: number;
  edges: number;
  /** Markings in which nothing is enabled, by number. Whole only where the space is complete. */
  deadlocks: number[];
  complete: boolean;
  /** Why it is not complete. */
  gaveUp?: string;
  /** The most tokens seen in each place. */
  most: number[];
  /** Whether each transition was seen enabled. */
  fired: boolean[];
  marking(state: number): number[];
  /** The transitions of a shortest way from the initial marking. */
  wayTo(state: number): number[];
  /** Calls with each edge that leaves a state; none for a state that was not expanded. */
  eachEdge(state: number, call: (transition: number, target: number) => void): void;
}

/** More tokens in one place than a key can hold. */
const MOST_TOKENS = 65_535;

export function stateSpace(net: PetriNet, watch: Watch): StateSpace {
  const game = tokenGame(net);
  const keys: string[] = [];
  const numbers = new Map<string, number>();
  const offsets = new GrowingList();
  const edges = { transition: new GrowingList(), target: new GrowingList() };
  const parents = { state: new GrowingList(), transition: new GrowingList() };
  const deadlocks: number[] = [];
  const fired = net.transitions.map(() => false);
  const most = net.places.map(() => 0);
  let gaveUp: string | null = null;
  const enter = (marking: Marking, parent: number, transition: number): number => {
    const key = String.fromCharCode(...marking);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const state = keys.length;
    keys.push(key);
    numbers.set(key, state);
    parents.state.push(parent);
    parents.transition.push(transition);
    for (const [place, count] of marking.entries()) {
      if (count > (most[place] as number)) most[place] = count;
      if (count > MOST_TOKENS) gaveUp = `more than ${MOST_TOKENS} tokens in ${net.places[place]?.name}`;
    }
    return state;
  };
  enter(game.start, -1, -1);
  for (let state = 0; state < keys.length && gaveUp === null; state += 1) {
    gaveUp = watch(keys.length);
    if (gaveUp !== null) break;
    const marking = decode(keys[state] as string);
    const before = edges.target.length;
    offsets.push(before);
    for (let transition = 0; transition < game.transitions; transition += 1) {
      if (!game.isEnabled(marking, transition)) continue;
      fired[transition] = true;
      edges.transition.push(transition);
      edges.target.push(enter(game.fire(marking, transition), state, transition));
    }
    if (edges.target.length === before) deadlocks.push(state);
  }
  const expanded = offsets.length;
  offsets.push(edges.target.length);
  return {
    states: keys.length,
    edges: edges.target.length,
    deadlocks,
    complete: gaveUp === null,
    ...(gaveUp === null ? {} : { gaveUp }),
    most,
    fired,
    marking: (state) => decode(keys[state] ?? ""),
    wayTo: (state) => wayTo(parents, state),
    eachEdge: (state, call) => {
      if (state >= expanded) return;
      for (let at = offsets.at(state); at < offsets.at(state + 1); at += 1) call(edges.transition.at(at), edges.target.at(at));
    },
  };
}

function decode(key: string): number[] {
  const marking = new Array<number>(key.length);
  for (let at = 0; at < key.length; at += 1) marking[at] = key.charCodeAt(at);
  return marking;
}

function wayTo(parents: { state: GrowingList; transition: GrowingList }, state: number): number[] {
  const way: number[] = [];
  for (let at = state; parents.state.at(at) >= 0; at = parents.state.at(at)) way.push(parents.transition.at(at));
  return way.reverse();
}
