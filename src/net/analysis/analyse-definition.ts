/** The analysis of a net file: how one case runs, what can go wrong on the way, and who can bring what where. */

import { elementOf, type Finding, warning } from "../check-problem.ts";
import type { NetDefinition } from "../definition.ts";
import { type Analysis, counted, listed, wayWords } from "./analysis.ts";
import { endlessLoops, endTest, isLive, type Stuck, stuckEnds } from "./behaviour.ts";
import { type CapabilityFlow, capabilityFlow, type FlagsOf } from "./capability-flow.ts";
import { deadTransitions } from "./dead-transitions.ts";
import { type DefinitionSoundness, definitionSoundness } from "./definition-soundness.ts";
import { type Exploration, explore, type NamedInvariants, namedInvariants } from "./exploration.ts";
import { type OneCase, oneCase } from "./from-definition.ts";
import type { Limits } from "./limits.ts";
import type { PetriNet } from "./petri-net.ts";
import { type GrantsOf, type SecretUse, secretFlow, secretWords } from "./secret-flow.ts";
import { pathInFile, resultStep, unfolded } from "./unfolded.ts";

/** Dead ends that are told; the further ones are variations as a rule. */
const MOST_ENDS = 5;

export interface DefinitionAnalysis extends Analysis {
  capabilities: Omit<CapabilityFlow, "findings">;
  /** Where each secret can go. */
  secrets: SecretUse[];
}

/** `flagsOf` and `grantsOf` know the personas. Errors: those of an expression that does not parse; check the file first. */
export function analyseDefinition(
  source: NetDefinition,
  limits: Limits,
  flagsOf: FlagsOf = () => null,
  grantsOf?: GrantsOf,
): DefinitionAnalysis {
  const definition = unfolded(source);
  const one = oneCase(definition);
  const { net } = one;
  const taken = new Set([...one.takenByData].flatMap((name) => one.places.get(name) ?? []));
  const found = withoutCounted(explore(net, limits), taken, one.takenByData);
  const { space } = found;
  const { dead, undecided } = deadTransitions(one, limits, space.fired);
  const { findings: flows, ...capabilities } = capabilityFlow(definition, flagsOf);
  const secrets = secretFlow(definition, grantsOf);
  const isCounted = ({ places, moving }: Stuck) => !moving && places.every((at) => taken.has(at));
  const stuck = stuckEnds(one, space).filter((end) => !waitsForNextCase(definition, net, end) && !isCounted(end));
  const soundness = definitionSoundness(one, limits, (places) => fillsUp(definition, places));
  return {
    states: space.states,
    edges: space.edges,
    deadlocks: space.deadlocks.length,
    bound: boundsByName(one, found),
    live: space.complete ? isLive(net, space, endTest(one)) : null,
    sound: soundness.sound,
    invariants: provenInvariants(one, found),
    gaveUp: found.gaveUp,
    findings: [
      ...dead.map((each) => deadFinding(each, one.never.has(each.name))),
      ...found.unbounded.flatMap(({ place, pump }) => unboundedFinding(net, place, pump)),
      ...stuck.slice(0, MOST_ENDS).map((end) => stuckFinding(definition, net, end)),
      ...soundness.findings,
      ...endlessLoops(net, space).map((loop) => loopFinding(net, loop)),
      ...flows,
      ...secrets.findings,
    ].map((finding) => ({ ...finding, path: pathInFile(finding.path, source) })),
    says: [...summary(one, found, soundness, capabilities), ...undecidedWords(undecided), ...secrets.uses.map(secretWords)],
    net,
    capabilities,
    secrets: secrets.uses,
  };
}

function boundsByName({ places, byData }: OneCase, { bounds }: Exploration): Record<string, number | null> {
  return Object.fromEntries([...places].map(([name, at]) => [name, byData.has(name) ? null : (bounds[at] ?? null)]));
}

/** One stood for as many as the data says are taken: that others seem to stay and to grow there is of the picture, not of the net. */
function withoutCounted(found: Exploration, taken: ReadonlySet<number>, names: ReadonlySet<string>): Exploration {
  const unbounded = found.unbounded.filter(({ place }) => !taken.has(place));
  if (unbounded.length === found.unbounded.length) return found;
  const gaveUp = `the data decides how many tokens are taken from ${listed([...names])}, so there is no end of states`;
  return { ...found, unbounded, gaveUp: unbounded.length > 0 ? found.gaveUp : gaveUp };
}

/** A sum over places where one token stood for many is none of the real net; that one place never changes says nothing. */
function provenInvariants({ net, byData }: OneCase, { invariants }: Exploration): NamedInvariants {
  const { places, transitions } = namedInvariants(net, invariants);
  const isProven = ({ weights }: { weights: Record<string, number> }) => {
    const names = Object.keys(weights);
    return names.length > 1 && !names.some((name) => byData.has(name));
  };
  return { places: places.filter(isProven), transitions };
}

function undecidedWords(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`whether ${listed(names)} can ever fire is not decided: no way there was found, and nothing shows that there is none`];
}

function deadFinding({ name, why }: { name: string; why: string }, never: boolean): Finding {
  const result = resultStep(name);
  if (result) {
    const link = ["transitions", result.link];
    const text = `no result of ${elementOf(link)} can leave its sub-net by the port "${result.port}"`;
    return warning("dead-transition", link, text, "look at what fills that port", "key");
  }
  const path = ["transitions", name];
  const hint = never ? "correct that, or take the transition out" : "look at what fills its input places, and at what keeps it from firing";
  const message = `${elementOf(path)} can never fire: ${why}`;
  return warning("dead-transition", path, message, hint, "key");
}

function unboundedFinding(net: PetriNet, place: number, pump: number[]): Finding[] {
  const found = net.places[place];
  if (!found || found.hidden) return [];
  const steps = pump.flatMap((at) => (net.transitions[at]?.hidden ? [] : [net.transitions[at]?.name ?? ""]));
  const message = `place "${found.name}" can fill without end from a single case: ${steps.join("; ")}, and again, leaves more in it each time`;
  return [warning("unbounded-place", ["places", found.name], message, 'give it a "capacity", or limit the rounds', "key")];
}

function stuckFinding(definition: NetDefinition, net: PetriNet, { places, way, moving, marking }: Stuck): Finding {
  const names = places.map((at) => net.places[at]?.name ?? "");
  const [first = ""] = names;
  const waits = [...new Set(names.flatMap((name) => waiting(definition, name, names))), ...tooFew(net, places, marking)];
  const reason = moving ? "some steps go on, but no way leads out" : waits.join("; ");
  const message = `work can stay behind in ${listed(names)}${reason === "" ? "" : `: ${reason}`} (${wayWords(net, way)})`;
  const hint = `take it out on that way too${waits.length > 0 ? ', or give the input that waits a "gather" with "onIncomplete"' : ""}`;
  return warning("work-left-behind", ["places", first], message, hint, "key");
}

function waitsForNextCase(definition: NetDefinition, net: PetriNet, { places, moving }: Stuck): boolean {
  const held = places.map((at) => net.places[at]?.name ?? "");
  return !moving && fillsUp(definition, held);
}

/** A batch that only wants more of the same: later cases fill it. Not where the tokens must belong together. */
function fillsUp(definition: NetDefinition, held: readonly string[]): boolean {
  return held.every((place) =>
    Object.values(definition.transitions).some(
      ({ in: arcs }) =>
        arcs.some((arc) => arc.place === place) &&
        arcs.every((arc) => held.includes(arc.place) && arc.mode === "consume" && !arc.where && !arc.gather),
    ),
  );
}

/** What the takers of a place still wait for. */
function waiting(definition: NetDefinition, place: string, held: readonly string[]): string[] {
  return Object.entries(definition.transitions).flatMap(([name, { in: arcs }]) => {
    if (!arcs.some((arc) => arc.place === place && arc.mode === "consume")) return [];
    const missing = [...new Set(arcs.flatMap((arc) => (arc.mode === "inhibit" || held.includes(arc.place) ? [] : [arc.place])))];
    return missing.length === 0 ? [] : [`"${name}" waits for ${listed(missing)}`];
  });
}

/** Who finds too few tokens where some lie. */
function tooFew(net: PetriNet, held: readonly number[], marking: readonly number[]): string[] {
  const words = net.transitions.flatMap(({ of, consume }) =>
    consume.flatMap(({ place, weight }) => {
      const have = marking[place] ?? 0;
      if (of === undefined || !held.includes(place) || have >= weight) return [];
      return [`"${of}" wants ${weight} tokens of "${net.places[place]?.name}", and ${have === 1 ? "one is" : `${have} are`} there`];
    }),
  );
  return [...new Set(words)];
}

function loopFinding(net: PetriNet, loop: number[]): Finding {
  const steps = loop.flatMap((at) => net.transitions[at] ?? []);
  const names = [...new Set(steps.flatMap(({ of }) => of ?? []))];
  const message = `${listed(names)} can go round for ever (${steps.flatMap(({ name, hidden }) => (hidden ? [] : [name])).join("; ")}): nothing counts the rounds`;
  const hint = 'count the rounds in the token and route by the count, like "when": "task.attempt < 3"';
  return warning("endless-loop", ["transitions", names[0] ?? ""], message, hint, "key");
}

function summary(
  one: OneCase,
  found: Exploration,
  soundness: DefinitionSoundness,
  { pushes }: DefinitionAnalysis["capabilities"],
): string[] {
  const { net, entries, ends, byData, places } = one;
  const { space, gaveUp } = found;
  const begin = entries.length > 0 ? `beginning in ${listed(entries)}` : "beginning with the tokens of the file";
  const size = `${counted(space.states, "state")}, ${counted(space.edges, "step")}`;
  const filled = new Set(net.transitions.flatMap(({ produce }) => produce.map(({ place }) => place)));
  const last = [...ends].flatMap((at) => (filled.has(at) && (space.most[at] ?? 0) > 0 ? [net.places[at]?.name ?? ""] : []));
  const fanned = [...places.keys()].filter((name) => byData.has(name));
  return [
    `one case, ${begin}: ${size}${gaveUp === null ? "" : `; gave up: ${gaveUp}`}`,
    ...(last.length > 0 && gaveUp === null ? [`its tokens end in ${listed(last)}`] : []),
    ...(fanned.length > 0 ? [`the data decides how many tokens come to ${listed(fanned)}; one stood for all`] : []),
    ...soundness.says,
    ...pushes.map(({ transition, persona }) => `"${transition}" pushes${persona === null ? "" : ` on behalf of "${persona}"`}`),
  ];
}
