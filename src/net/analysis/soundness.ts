/** Soundness of workflow nets (van der Aalst): option to complete, proper completion, no dead transition. */
import { components } from "./components.ts";
import type { PetriNet } from "./petri-net.ts";
import type { StateSpace } from "./state-space.ts";

export interface Workflow {
  /** The net with its start: what is to be explored. */
  net: PetriNet;
  source: number;
  sink: number;
}

export interface Soundness {
  sound: boolean;
  /** The way to a marking that can no more complete. */
  cannotComplete?: number[];
  /** The way to a marking that has completed and holds more, and the places that hold it; `stuck`: in each such marking nothing can fire. */
  improper?: { way: number[]; places: number[]; stuck: boolean };
  /** Transitions that never fire. */
  dead: number[];
}

/** The one place that nothing fills and the one that nothing empties, every node on a way between them; null: it is no workflow. */
export function workflowOf(net: PetriNet): Workflow | null {
  const filled = new Set(net.transitions.flatMap(({ produce }) => produce.map(({ place }) => place)));
  const emptied = new Set(net.transitions.flatMap(({ consume }) => consume.map(({ place }) => place)));
  const sources = net.places.flatMap((_, at) => (filled.has(at) ? [] : [at]));
  const sinks = net.places.flatMap((_, at) => (emptied.has(at) ? [] : [at]));
  const [source, sink] = [sources[0], sinks[0]];
  if (sources.length !== 1 || sinks.length !== 1 || source === undefined || sink === undefined || source === sink) return null;
  const marked = net.places.flatMap(({ initial }, at) => (initial > 0 ? [at] : []));
  if (marked.some((at) => at !== source) || (net.places[source]?.initial ?? 0) > 1) return null;
  if (!isConnected(net, source, sink)) return null;
  return { net: { ...net, places: net.places.map((place, at) => (at === source ? { ...place, initial: 1 } : place)) }, source, sink };
}

/** `space` is the complete state space of the workflow's net. */
export function soundnessOf({ net, sink }: Workflow, space: StateSpace): Soundness {
  const parts = components(space.states, (state, call) => space.eachEdge(state, (_, target) => call(target)));
  const completes = new Set<number>();
  const bottoms = new Map<number, number>();
  let improper: Soundness["improper"];
  const deadlocks = new Set(space.deadlocks);
  for (let state = 0; state < space.states; state += 1) {
    const marking = space.marking(state);
    const part = parts.of[state] as number;
    if (!parts.leaves[part] && !bottoms.has(part)) bottoms.set(part, state);
    if ((marking[sink] ?? 0) === 0) continue;
    completes.add(part);
    const places = marking.flatMap((count, at) => (count > (at === sink ? 1 : 0) && !net.places[at]?.hidden ? [at] : []));
    const stuck = deadlocks.has(state);
    if (places.length > 0 && (!improper || (improper.stuck && !stuck))) improper = { way: space.wayTo(state), places, stuck };
  }
  const stuck = [...bottoms].find(([part]) => !completes.has(part));
  const dead = space.fired.flatMap((fired, at) => (fired || net.transitions[at]?.hidden ? [] : [at]));
  return {
    sound: stuck === undefined && improper === undefined && dead.length === 0,
    ...(stuck === undefined ? {} : { cannotComplete: space.wayTo(stuck[1]) }),
    ...(improper === undefined ? {} : { improper }),
    dead,
  };
}

function isConnected(net: PetriNet, source: number, sink: number): boolean {
  const forward = closure(net, source, true);
  const backward = closure(net, sink, false);
  return (
    net.places.every((_, at) => forward.places.has(at) && backward.places.has(at)) &&
    net.transitions.every((_, at) => forward.transitions.has(at) && backward.transitions.has(at))
  );
}

function closure(net: PetriNet, from: number, forward: boolean): { places: Set<number>; transitions: Set<number> } {
  const places = new Set([from]);
  const transitions = new Set<number>();
  const users = new Map<number, number[]>();
  for (const [at, { consume, produce }] of net.transitions.entries()) {
    for (const { place } of forward ? consume : produce) users.set(place, [...(users.get(place) ?? []), at]);
  }
  // A set is walked to its end, also to what comes while it is walked.
  for (const near of places) {
    for (const at of users.get(near) ?? []) {
      if (transitions.has(at)) continue;
      transitions.add(at);
      const one = net.transitions[at];
      for (const { place } of (forward ? one?.produce : one?.consume) ?? []) places.add(place);
    }
  }
  return { places, transitions };
}
