/** Who stands where in a net: one actor for each instance of each transition that a persona holds. */

import type { CompiledTransition } from "../net/compiled-net.ts";
import { openFirings } from "../net/decide.ts";
import { grantCapabilities } from "../personas/capabilities.ts";
import type { Post } from "./net-machine.ts";
import type { Term } from "./term/term.ts";
import { placeAccess } from "./tool-hands/place-access.ts";

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

/** Read handles for its input arcs, handles to take for those that consume, write handles for its output arcs. */
export function capabilitiesOf(term: Term, transition: CompiledTransition) {
  const { inputs, outputs, definition } = transition;
  const arcs = {
    reads: inputs.map(({ arc }) => arc.place),
    takes: inputs.flatMap(({ arc }) => (arc.mode === "consume" ? [arc.place] : [])),
    writes: outputs.map(({ arc }) => arc.to),
  };
  return grantCapabilities(arcs, placeAccess(term, definition.persona ?? transition.id));
}
