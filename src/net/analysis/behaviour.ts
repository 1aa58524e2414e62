/** What can be read off a complete state space: where work stays behind, what goes round for ever, what stays live. */
import { components } from "./components.ts";
import type { OneCase } from "./from-definition.ts";
import type { PetriNet } from "./petri-net.ts";
import type { StateSpace } from "./state-space.ts";

export interface Stuck {
  /** Places that hold work which no way leads on, by position. */
  places: number[];
  /** A shortest way there, by transition. */
  way: number[];
  /** It does not stand still, but goes round among the same markings. */
  moving: boolean;
  marking: readonly number[];
}

/** Whether a marking is an end of the case: all tokens lie where they may stay. */
export function endTest({ net, ends, stock }: Pick<OneCase, "net" | "ends" | "stock">): (marking: readonly number[]) => boolean {
  const working = net.places.flatMap(({ hidden }, at) => (hidden || ends.has(at) ? [] : [at]));
  return (marking) => working.every((at) => (marking[at] ?? 0) <= (stock.get(at) ?? 0));
}

/**
 * Every kind of dead end once, the smallest ones first; those that hold another one are left out. Where the states are not all
 * there, only those in which nothing can fire are certain.
 */
export function stuckEnds(one: OneCase, space: StateSpace): Stuck[] {
  const dead = new Set(space.deadlocks);
  const found = (space.complete ? endlessParts(one, space) : deadStates(one, space)).map((state): Stuck => {
    const marking = space.marking(state);
    const places = one.net.places.flatMap(({ hidden }, at) =>
      hidden || one.ends.has(at) || (marking[at] ?? 0) <= (one.stock.get(at) ?? 0) ? [] : [at],
    );
    return { places, way: space.wayTo(state), moving: !dead.has(state), marking };
  });
  found.sort((a, b) => a.places.length - b.places.length || a.way.length - b.way.length);
  const kept: Stuck[] = [];
  for (const stuck of found) if (!kept.some(({ places }) => places.every((place) => stuck.places.includes(place)))) kept.push(stuck);
  return kept;
}

function deadStates(one: OneCase, space: StateSpace): number[] {
  const isEnd = endTest(one);
  return space.deadlocks.filter((state) => !isEnd(space.marking(state)));
}

/** The first state of each part that no way leaves, and in which the case does not end. */
function endlessParts(one: OneCase, space: StateSpace): number[] {
  const isEnd = endTest(one);
  const parts = components(space.states, (state, call) => space.eachEdge(state, (_, target) => call(target)));
  const first = new Map<number, number>();
  const ended = new Set<number>();
  for (let state = 0; state < space.states; state += 1) {
    const part = parts.of[state] as number;
    if (parts.leaves[part]) continue;
    if (!first.has(part)) first.set(part, state);
    if (isEnd(space.marking(state))) ended.add(part);
  }
  return [...first].flatMap(([part, state]) => (ended.has(part) ? [] : [state]));
}

/**
 * Transitions that can go round for ever although nothing arrives, with nothing that counts the rounds. Those that share
 * places go round together; loops beside each other are told apart.
 */
export function endlessLoops(net: PetriNet, space: StateSpace): number[][] {
  const isFree = (transition: number) => net.transitions[transition]?.limited !== true;
  const parts = components(space.states, (state, call) =>
    space.eachEdge(state, (transition, target) => {
      if (isFree(transition)) call(target);
    }),
  );
  const looping = new Set<number>();
  for (let state = 0; state < space.states; state += 1) {
    space.eachEdge(state, (transition, target) => {
      if (isFree(transition) && parts.of[state] === parts.of[target]) looping.add(transition);
    });
  }
  return connected(net, looping);
}

function connected(net: PetriNet, transitions: ReadonlySet<number>): number[][] {
  const placesOf = (at: number) =>
    [...(net.transitions[at]?.consume ?? []), ...(net.transitions[at]?.produce ?? [])].map(({ place }) => place);
  const left = new Set([...transitions].sort((a, b) => a - b));
  const found: number[][] = [];
  for (const first of left) {
    const group = new Set([first]);
    const places = new Set(placesOf(first));
    for (let before = 0; before !== group.size; ) {
      before = group.size;
      for (const at of left) {
        if (group.has(at) || !placesOf(at).some((place) => places.has(place))) continue;
        group.add(at);
        for (const place of placesOf(at)) places.add(place);
      }
    }
    for (const at of group) left.delete(at);
    found.push([...group].sort((a, b) => a - b));
  }
  return found;
}

/**
 * Whether each transition, whatever has happened, can fire again. Of a case, its end makes room for the next one; of its
 * transitions' outcomes, one is enough.
 */
export function isLive(net: PetriNet, space: StateSpace, isEnd?: (marking: readonly number[]) => boolean): boolean {
  const restarts = new Uint8Array(space.states);
  if (isEnd) for (let state = 0; state < space.states; state += 1) if (isEnd(space.marking(state))) restarts[state] = 1;
  const parts = components(space.states, (state, call) => {
    space.eachEdge(state, (_, target) => call(target));
    if (restarts[state]) call(0);
  });
  const names = new Set(net.transitions.flatMap((one) => (one.hidden ? [] : [one.of ?? one.id])));
  const alive = new Map<number, Set<string>>();
  for (let state = 0; state < space.states; state += 1) {
    const part = parts.of[state] as number;
    if (parts.leaves[part]) continue;
    const here = alive.get(part) ?? new Set();
    alive.set(part, here);
    space.eachEdge(state, (transition) => {
      const one = net.transitions[transition];
      if (one && !one.hidden) here.add(one.of ?? one.id);
    });
  }
  return [...alive.values()].every((here) => here.size === names.size);
}
