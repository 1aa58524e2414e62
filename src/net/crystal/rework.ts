/**
 * Whose work comes back: a loop of a net leads back to one transition, the only way into the loop. What a transition of the loop
 * puts into a place that it takes from is its own earlier work, sent back. In `develop -> test -> judge -> develop` that is
 * `develop` alone: `judge` fires again as well, but nothing of what it said was wrong. What it only reads, like settings that a later
 * step keeps, is not its work.
 */
import type { NetDefinition } from "../definition.ts";

/** Transitions whose tokens for `id` are its own work coming back: each of them is reached through `id` only. */
export function reworkersOf(
  { places, transitions, tokens = {} }: Pick<NetDefinition, "places" | "transitions" | "tokens">,
  id: string,
): Set<string> {
  const one = transitions[id];
  if (!one) return new Set();
  const takes = new Set(one.in.filter(({ mode }) => mode === "consume").map(({ place }) => place));
  const outside = Object.entries(places).flatMap(([name, { open, accepts, port }]) =>
    open || accepts || port === "in" || (tokens[name]?.length ?? 0) > 0 ? [name] : [],
  );
  const reached = reachedWithout(transitions, outside, id);
  return new Set(
    Object.entries(transitions).flatMap(([name, { out }]) => (!reached.has(name) && out.some(({ to }) => takes.has(to)) ? [name] : [])),
  );
}

/**
 * Of the tokens that a firing takes, with the transition that made each: those that are work sent back. What a step hands on to itself beside
 * new work, a counter or a memory, is none.
 */
export function cameBack<T extends { by: string }>(taken: readonly T[], reworkers: ReadonlySet<string>, id: string): T[] {
  const back = taken.filter(({ by }) => reworkers.has(by));
  return back.length === taken.length ? back : back.filter(({ by }) => by !== id);
}

/** What can fire at all when one transition never does, capacities and conditions aside. */
function reachedWithout(transitions: NetDefinition["transitions"], outside: string[], without: string): Set<string> {
  const places = new Set(outside);
  const reached = new Set<string>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const [name, { in: arcs, out, onError }] of Object.entries(transitions)) {
      if (name === without || reached.has(name)) continue;
      if (!arcs.every(({ mode, place }) => mode === "inhibit" || mode === "reset" || places.has(place))) continue;
      reached.add(name);
      for (const { to } of out) places.add(to);
      if (onError !== undefined) places.add(onError);
      grown = true;
    }
  }
  return reached;
}
