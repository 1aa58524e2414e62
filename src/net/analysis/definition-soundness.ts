/** Workflow soundness of a net file: where one case has one beginning and one end, how it can end wrongly, in words. */
import { BUILT_IN_PLACES } from "../built-in-places.ts";
import { type Finding, warning } from "../check-problem.ts";
import { counted, listed, wayWords } from "./analysis.ts";
import type { OneCase } from "./from-definition.ts";
import { type Limits, watchOf } from "./limits.ts";
import type { PetriNet } from "./petri-net.ts";
import { type Soundness, soundnessOf, workflowOf } from "./soundness.ts";
import { type StateSpace, stateSpace } from "./state-space.ts";

export interface DefinitionSoundness {
  /** Null: the net is no workflow, or it is not decided. */
  sound: boolean | null;
  findings: Finding[];
  /** A line, where there is something to say. */
  says: string[];
}

/** `waits`: whether what lies in these places, and cannot move, is a batch that the next case fills. */
export function definitionSoundness(one: OneCase, limits: Limits, waits: (places: readonly string[]) => boolean): DefinitionSoundness {
  const { net, entries, ends, stock } = one;
  const filled = new Set(net.transitions.flatMap(({ produce }) => produce.map(({ place }) => place)));
  // What the file puts into an end that nothing fills takes no part, unless it is there to keep something from firing.
  const forbids = new Set(net.transitions.flatMap(({ inhibit }) => inhibit.flatMap(({ place }) => (stock.has(place) ? [place] : []))));
  const isAside = (at: number) => ends.has(at) && !filled.has(at) && !forbids.has(at);
  const aside = new Set(net.places.flatMap(({ name }, at) => (BUILT_IN_PLACES.includes(name) || isAside(at) ? [at] : [])));
  const undecided = (reason: string): DefinitionSoundness => ({ sound: null, findings: [], says: [`soundness is not decided: ${reason}`] });
  if (entries.length !== 1) return { sound: null, findings: [], says: [] };
  if ([...stock.keys()].some((at) => !aside.has(at))) return undecided("the file puts tokens into the places of the case");
  // What fails into the dead letters ends there: soundness speaks of what went well.
  const kept = net.transitions.filter(({ produce }) => !produce.some(({ place }) => aside.has(place)));
  const workflow = workflowOf(withoutPlaces({ ...net, transitions: kept }, aside));
  if (!workflow) {
    const sinks = [...ends].filter((at) => filled.has(at) && !aside.has(at)).map((at) => net.places[at]?.name ?? "");
    return sinks.length > 1
      ? undecided(`a case can end in ${listed(sinks)}; a workflow has one end`)
      : { sound: null, findings: [], says: [] };
  }
  const space = stateSpace(workflow.net, watchOf(limits, 0.1));
  if (!space.complete) return undecided(space.gaveUp ?? "the states are not all there");
  const soundness = soundnessOf(workflow, space);
  const wrong = [
    ...(soundness.cannotComplete ? ["a case may never complete"] : []),
    ...(soundness.improper ? ["a case may complete with tokens left over"] : []),
    ...(soundness.dead.length > 0 ? [`one case never fires ${listed(namesOf(workflow.net, soundness.dead))}`] : []),
  ];
  return {
    sound: soundness.sound,
    findings: improperFindings(workflow.net, workflow.sink, soundness, space, one, waits),
    says: [soundness.sound ? "as a workflow it is sound" : `as a workflow it is not sound: ${wrong.join("; ")}`],
  };
}

/** The end is reached while other work is under way, or is reached more than once. Where an array fills it, the data says how often. */
function improperFindings(
  net: PetriNet,
  sink: number,
  { improper }: Soundness,
  { most }: StateSpace,
  { byData }: OneCase,
  waits: (places: readonly string[]) => boolean,
): Finding[] {
  const end = net.places[sink]?.name ?? "";
  if (!improper || byData.has(end)) return [];
  const others = improper.places.filter((at) => at !== sink).map((at) => net.places[at]?.name ?? "");
  const { way, stuck } = improper;
  if (stuck && others.length > 0 && waits(others)) return [];
  const told =
    others.length > 0
      ? `a case can complete in "${end}" while tokens are left over in ${listed(others)}`
      : `a case can complete more than once: "${end}" gets ${counted(Math.max(2, most[sink] ?? 2), "token")} of it`;
  const last = net.transitions[way.at(-1) ?? -1]?.of;
  const hint = 'join the branches before the end, or empty the others with an input of the mode "reset"';
  const path = last === undefined ? ["places", end] : ["transitions", last];
  return [warning("improper-completion", path, `${told} (${wayWords(net, way)})`, hint, "key")];
}

function namesOf(net: PetriNet, transitions: readonly number[]): string[] {
  return [...new Set(transitions.map((at) => net.transitions[at]?.name ?? ""))];
}

function withoutPlaces(net: PetriNet, aside: ReadonlySet<number>): PetriNet {
  const order = net.places.flatMap((_, at) => (aside.has(at) ? [] : [at]));
  const now = new Map(order.map((before, at) => [before, at]));
  const moved = <T extends { place: number }>(arcs: T[]) =>
    arcs.flatMap((arc) => (aside.has(arc.place) ? [] : [{ ...arc, place: now.get(arc.place) ?? -1 }]));
  return {
    ...net,
    places: order.flatMap((at) => net.places[at] ?? []),
    transitions: net.transitions.map((one) => ({
      ...one,
      consume: moved(one.consume),
      read: moved(one.read),
      inhibit: moved(one.inhibit),
      produce: moved(one.produce),
      reset: one.reset.flatMap((at) => now.get(at) ?? []),
    })),
  };
}
