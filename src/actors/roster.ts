/** Who stands where in a net: one actor for each instance of each transition that a persona holds. */

import { Refused } from "../contract/errors.ts";
import type { CompiledTransition } from "../net/compiled-net.ts";
import { openFirings } from "../net/decide.ts";
import { grantCapabilities } from "../personas/capabilities.ts";
import type { Post } from "./net-machine.ts";
import type { Term } from "./term/term.ts";

export function rosterOf(term: Term): Post[] {
  const net = term.net;
  if (!net) return [];
  const roster: Post[] = [];
  for (const transition of net.transitions.values()) {
    const { definition } = transition;
    if (definition.persona === undefined) continue;
    const instances = instancesAt(term, transition);
    for (let instance = 1; instance <= instances; instance += 1) {
      roster.push({
        id: `${transition.id}/${instance}`,
        persona: definition.persona,
        transition: transition.id,
        instance,
        capabilities: capabilitiesOf(term, transition),
      });
    }
  }
  return roster;
}

/** A position that was retired keeps one as long as work is under way there, which may have to be tried again. */
function instancesAt(term: Term, { id, definition }: CompiledTransition): number {
  const wanted = "instances" in definition ? definition.instances : 1;
  return wanted === 0 && openFirings(term.state, id).length > 0 ? 1 : wanted;
}

/** Read handles for its input arcs, write handles for its output arcs; its answer takes those arcs by itself. */
export function capabilitiesOf(term: Term, transition: CompiledTransition) {
  const arcs = { reads: transition.inputs.map(({ arc }) => arc.place), writes: transition.outputs.map(({ arc }) => arc.to) };
  return grantCapabilities(arcs, {
    peek: (place) => [...(term.state.places.get(place)?.values() ?? [])].map(({ token }) => token),
    put: (place) => {
      throw new Refused({ code: "no-direct-put", message: `a persona's tokens reach ${place} with its answer`, hint: "finish the firing" });
    },
  });
}
