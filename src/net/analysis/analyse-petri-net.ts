/** The analysis of a P/T net as it stands, like one from PNML. */
import { type Finding, warning } from "../check-problem.ts";
import { type Analysis, counted, listed, markingWords, wayWords } from "./analysis.ts";
import { isLive } from "./behaviour.ts";
import { type Exploration, explore, namedInvariants } from "./exploration.ts";
import type { Limits } from "./limits.ts";
import type { PetriNet } from "./petri-net.ts";
import { type Soundness, soundnessOf, type Workflow, workflowOf } from "./soundness.ts";

/** Dead markings and unbounded places that are told one by one. */
const MOST_TOLD = 3;

/** A workflow net without tokens is looked at with one in its source. */
export function analysePetriNet(given: PetriNet, limits: Limits): Analysis {
  const workflow = workflowOf(given);
  const net = workflow?.net ?? given;
  const found = explore(net, limits);
  const { space } = found;
  const soundness = workflow && space.complete ? soundnessOf(workflow, space) : null;
  // A workflow of which a place grows without end is not sound.
  const sound = workflow && found.unbounded.length > 0 ? false : (soundness?.sound ?? null);
  const live = space.complete ? isLive(net, space) : null;
  return {
    states: space.states,
    edges: space.edges,
    deadlocks: space.deadlocks.length,
    bound: Object.fromEntries(net.places.map(({ id }, at) => [id, found.bounds[at] ?? null])),
    live,
    sound,
    invariants: namedInvariants(net, found.invariants),
    gaveUp: found.gaveUp,
    findings: [
      ...(found.fired ?? []).flatMap((fired, at) => (fired ? [] : [deadFinding(net, at)])),
      ...unboundedFindings(net, found),
      ...deadlockFindings(net, found, workflow),
      ...(soundness ? soundnessFindings(net, soundness) : []),
    ],
    says: summary(net, found, live, sound),
    net,
  };
}

function deadFinding(net: PetriNet, at: number): Finding {
  const { id = "", name = "" } = net.transitions[at] ?? {};
  return warning("dead-transition", ["transitions", id], `transition "${name}" can never fire`);
}

function unboundedFindings(net: PetriNet, { unbounded }: Exploration): Finding[] {
  return unbounded.flatMap(({ place, pump }) => {
    const { id = "", name = "", hidden } = net.places[place] ?? { hidden: true };
    if (hidden) return [];
    const steps = pump.map((at) => net.transitions[at]?.name ?? "").join("; ");
    return [warning("unbounded-place", ["places", id], `place "${name}" can fill without end: repeat ${steps}`)];
  });
}

function deadlockFindings(net: PetriNet, { space }: Exploration, workflow: Workflow | null): Finding[] {
  // A workflow that has come to its end has not got stuck.
  const isEnd = (marking: number[]) => workflow !== null && marking.every((count, at) => count === (at === workflow.sink ? 1 : 0));
  const dead = space.deadlocks.slice(0, 1000).filter((state) => !isEnd(space.marking(state)));
  const told = dead.slice(0, MOST_TOLD).map((state) => {
    const message = `nothing can fire any more with ${markingWords(net, space.marking(state))} (${wayWords(net, space.wayTo(state))})`;
    return warning("deadlock", [], message);
  });
  if (dead.length <= MOST_TOLD) return told;
  return [
    ...told,
    warning("deadlock", [], `there are ${counted(space.deadlocks.length - MOST_TOLD, "further marking")} in which nothing can fire`),
  ];
}

function soundnessFindings(net: PetriNet, { cannotComplete, improper }: Soundness): Finding[] {
  const found: Finding[] = [];
  if (cannotComplete) {
    found.push(warning("cannot-complete", [], `a case can come to where it never completes (${wayWords(net, cannotComplete)})`));
  }
  if (improper) {
    const places = listed(improper.places.map((at) => net.places[at]?.name ?? ""));
    found.push(
      warning("improper-completion", [], `a case can complete with tokens left over in ${places} (${wayWords(net, improper.way)})`),
    );
  }
  return found;
}

function summary(net: PetriNet, { space, gaveUp, bounds, invariants }: Exploration, live: boolean | null, sound: boolean | null): string[] {
  const size = `${counted(space.states, "state")}, ${counted(space.edges, "step")}, ${counted(space.deadlocks.length, "deadlock")}`;
  const known = bounds.every((bound) => bound !== null);
  const most = bounds.reduce<number>((one, bound) => Math.max(one, bound ?? 0), 0);
  return [
    `${size}${gaveUp === null ? "" : `; gave up: ${gaveUp}`}`,
    ...(known && net.places.length > 0 ? [`no place holds more than ${counted(most, "token")}`] : []),
    ...(live === null
      ? []
      : [live ? "live: whatever has happened, each transition can fire again" : "not live: some transition can be out of play for good"]),
    ...(sound === null ? [] : [sound ? "as a workflow it is sound" : "as a workflow it is not sound"]),
    ...(invariants.complete
      ? [`${counted(invariants.places.length, "place invariant")}, ${counted(invariants.transitions.length, "transition invariant")}`]
      : ["there are too many invariants to list"]),
  ];
}
