/** Places that nothing can reach: no token ever gets there, so what takes from them never fires. */

import { BUILT_IN_PLACES } from "./built-in-places.ts";
import { deadlinesOf, targetsOf } from "./check-places.ts";
import { type Finding, failure } from "./check-problem.ts";
import type { NetDefinition, Transition } from "./definition.ts";

export function reachFindings(net: NetDefinition): Finding[] {
  const filled = new Set(Object.values(net.transitions).flatMap((transition) => targetsOf(transition, []).map(({ place }) => place)));
  for (const { to } of deadlinesOf(net)) filled.add(to);
  const reached = reachedPlaces(net);
  const cut = Object.keys(net.places).filter((place) => !reached.has(place) && takerOf(net, place) !== undefined);
  // What lies behind an unfilled place is cut off too; only the causes are named, unless it is a ring with no way in.
  const causes = cut.filter((place) => !filled.has(place));
  return (causes.length > 0 ? causes : cut).map((place) => {
    const why = filled.has(place) ? "only transitions that can never fire put tokens into" : "nothing puts a token into";
    const message = `${why} place "${place}", but transition "${takerOf(net, place)}" takes from it`;
    return failure("unreachable-place", ["places", place], message, 'add an output to it, "open": true, or initial "tokens"', "key");
  });
}

/** One with the guard `false` is there to never fire: a rollback leaves such ones. */
function takerOf(net: NetDefinition, place: string): string | undefined {
  const takes = ({ in: arcs, guard }: Transition) =>
    guard?.trim() !== "false" && arcs.some((arc) => isTaking(arc.mode) && arc.place === place);
  return Object.entries(net.transitions).find(([, one]) => takes(one))?.[0];
}

function isTaking(mode: string): boolean {
  return mode === "consume" || mode === "read";
}

/** From the open places and the initial tokens, through every transition whose inputs are all reached, until nothing is added. */
function reachedPlaces(net: NetDefinition): Set<string> {
  const tokens = new Map(Object.entries(net.tokens ?? {}));
  const reached = new Set(BUILT_IN_PLACES);
  for (const [place, { open }] of Object.entries(net.places)) {
    if (open || (tokens.get(place)?.length ?? 0) > 0) reached.add(place);
  }
  let grown = true;
  while (grown) {
    const before = reached.size;
    for (const transition of Object.values(net.transitions)) {
      if (!transition.in.every((arc) => !isTaking(arc.mode) || reached.has(arc.place))) continue;
      for (const { place } of targetsOf(transition, [])) reached.add(place);
    }
    for (const { place, to } of deadlinesOf(net)) if (reached.has(place)) reached.add(to);
    grown = reached.size > before;
  }
  return reached;
}
