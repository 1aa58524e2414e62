/** Whether a firing sent its work back to where it had been: rework, though nothing failed. Pure. */
import { graphOf, type NetDefinition, placeId, transitionId } from "./graph.ts";
import { leadsBack, roundsOf } from "./rounds.ts";

/** All sub-nets are drawn from inside. */
class Every extends Set<string> {
  override has(): boolean {
    return true;
  }
}

/** An event, or the row of a firing with its outcome as `type`. */
export type SentBack = (one: {
  type: string;
  transition?: string | undefined;
  produced?: readonly { place: string }[] | undefined;
}) => boolean;

export function sentBackIn(definition: NetDefinition): SentBack {
  const graph = graphOf(definition, new Every());
  const rounds = roundsOf(graph);
  const back = new Set(graph.edges.filter((edge) => edge.mode === "out" && leadsBack(edge, rounds)).map(({ from, to }) => `${from} ${to}`));
  return ({ type, transition, produced }) =>
    type === "fired" &&
    transition !== undefined &&
    (produced ?? []).some(({ place }) => back.has(`${transitionId(transition)} ${placeId(place)}`));
}
