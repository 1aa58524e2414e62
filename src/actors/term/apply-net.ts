/** Applying a definition to a net: the file is checked, stored under its hash, and then named by an `edited` event. */
import { isoTime } from "../../contract/clock.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { EventDraft, PlacedToken } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import { canonicalJson, type Json, type JsonObject } from "../../contract/json.ts";
import { netChecks } from "../../executors/hand-faults.ts";
import { DISAGREEMENTS } from "../../net/built-in-places.ts";
import { checkNet, formatProblem } from "../../net/check.ts";
import { isIdleProgram } from "../../net/crystal/program-steps.ts";
import { stagesOf, stageWords, withHeldBack } from "../../net/crystal/stages.ts";
import { isHeldBack } from "../../net/crystal/state.ts";
import type { NetDefinition, Transition } from "../../net/definition.ts";
import { flattenNet } from "../../net/flatten.ts";
import { scheduleText } from "../../net/schedule.ts";
import { versionOf } from "../../net/version.ts";
import { otherwiseAsked } from "../crystal/asks.ts";
import type { PersonaBook } from "../persona-book.ts";
import type { Term } from "./term.ts";
import { fitTokens } from "./token-size.ts";

export interface ApplyRequest {
  definition: NetDefinition;
  /** Version that the edit was made on; refused when another runs. Absent: whatever runs. */
  base?: string;
  by: string;
  /** Versions that count instead of the newest, for a fork. */
  personas?: Record<string, string>;
  /** The net's own first tokens are there already, or were once. */
  withoutTokens?: true;
  /** A sub-net with a log of its own, sent by the net around it. */
  derived?: true;
  /** It is made to put this transition's rule into its mode, also one that was demoted. `taken`: it is no more, whatever of it stays for work under way. */
  settles?: { transition: string; reason?: string; taken?: true };
}

export async function applyNet(term: Term, request: ApplyRequest): Promise<Json> {
  const { definition: source, base, by } = request;
  const { definition } = flattenNet(source);
  const { state } = term;
  const version = versionOf(source);
  const running = state.definition;
  if (base !== undefined && state.definition !== null && !state.definition.startsWith(base)) {
    throw new Refused({
      code: "outdated-base",
      message: `the edit was made on ${base.slice(0, 12)}, but ${state.definition.slice(0, 12)} runs`,
      hint: `petrel net pull ${state.net}, make the change there, and apply again`,
    });
  }
  if (state.definition === version && !request.settles) return { net: state.net, hash: version, changed: false };
  const known = { ...state.personas };
  const asksOtherwise = () => request.settles && state.crystals.get(request.settles.transition)?.outdated;
  const since = asksOtherwise();
  // What was proven beside one version of a persona is proven of that one: another comes by an edit of its own, which says what it means for rules.
  const kept = request.settles ? known : {};
  const personas = { ...(await soundNet(term.ports.personas, source, request.derived)), ...kept, ...request.personas };
  refuseRemovals(term, definition);
  const first = running === null && !request.withoutTokens;
  const relaid = (term.net?.definition.layout ?? "own") !== (definition.layout ?? "own");
  const { produced: tokens = [] } = await fitTokens(
    { produced: initialTokens(term, definition) } as EventDraft,
    term.ports.broker.artifacts,
  );
  await term.ports.broker.netVersions.put(state.net, version, source as unknown as Json);
  const before = { transitions: term.net?.definition.transitions ?? {}, personas: state.personas };
  const otherwise = await otherwiseAsked(term.ports.broker.personaVersions, before, { transitions: definition.transitions, personas }, by);
  term.definitions.add(source, version);
  await term.declarePlaces(definition);
  if (asksOtherwise() !== since) {
    const message = `what ${request.settles?.transition ?? ""} asks has changed meanwhile, and its rule was learned from before`;
    throw new Refused({ code: "outdated-base", message, hint: `petrel crystallize status ${state.net} says how it stands` });
  }
  // Somebody else's edit was faster: this one is looked at again, on top of it.
  if (state.definition !== running || canonicalJson(state.personas) !== canonicalJson(known)) return applyNet(term, request);
  const stages = stagesOf(running === null ? null : (term.net?.definition ?? null), definition, by, request.settles ?? null);
  const told = withHeldBack([...stages, ...otherwise], (transition, rule) => isHeldBack(state, transition, rule));
  const committed = term.commit({
    category: "net",
    type: "edited",
    status: "ok",
    netVersion: version,
    produced: first ? tokens : [],
    summary:
      running === null
        ? `${by} started the net ${state.net}.`
        : `${by} changed the running net ${state.net}${difference(term, definition, stageWords(told))}.`,
    attributes: {
      ...{ base: state.definition, by, personas, schedules: schedulesOf(term, version) },
      ...(told.length > 0 ? { crystallized: told } : {}),
    },
  });
  // The new personas' actors stand before the first firing that needs them is acknowledged.
  term.ports.definitionChanged(term);
  await committed;
  // The streams of another layout were made empty.
  if (relaid) term.comparePlacesSoon();
  await term.arrivals.letterBox.follow();
  term.wakeAll();
  return { net: state.net, hash: version, changed: true, ...(told.length > 0 ? { rules: rulesTold(told) } : {}) };
}

/** What an edit is for rules: {transition, rule, stage, says}. */
export function rulesTold(stages: readonly JsonObject[]): Json {
  const says = stageWords(stages);
  return stages.map(({ transition = "", rule = "", stage = "" }, at) => ({ transition, rule, stage, says: says[at] ?? "" }));
}

/** What fires by the calendar: the fold keeps since when. */
function schedulesOf(term: Term, version: string): { [transition: string]: string } {
  const transitions = [...(term.definitions.get(version)?.transitions.values() ?? [])];
  return Object.fromEntries(transitions.flatMap(({ id, definition: { schedule } }) => (schedule ? [[id, scheduleText(schedule)]] : [])));
}

/** Checks a definition and loads the personas that it names. Gives their versions. Throws Terminal `net-invalid`. */
export async function soundNet(book: PersonaBook, definition: NetDefinition, derived = false): Promise<Record<string, string>> {
  const personas = await knownPersonas(book, definition);
  const errors = checkNet(definition, { personas: new Set(Object.keys(personas)), ...netChecks, derived }).filter(
    ({ severity }) => severity === "error",
  );
  if (errors.length === 0) return personas;
  throw new Terminal({
    code: "net-invalid",
    message: errors.map((problem) => formatProblem(problem)).join("\n"),
    hint: "petrel net check FILE",
  });
}

async function knownPersonas(book: PersonaBook, definition: NetDefinition): Promise<Record<string, string>> {
  const personas: Record<string, string> = {};
  for (const { persona } of transitionsIn(definition)) {
    if (persona === undefined || personas[persona] !== undefined) continue;
    const version = await book.latest(persona);
    if (version === null) continue;
    await book.load(persona, version);
    personas[persona] = version;
  }
  return personas;
}

/** Of all levels, those of sub-nets with logs of their own too. */
function transitionsIn(level: Pick<NetDefinition, "transitions" | "subnets">): Transition[] {
  return [...Object.values(level.transitions), ...Object.values(level.subnets ?? {}).flatMap(transitionsIn)];
}

function refuseRemovals(term: Term, definition: NetDefinition): void {
  const running = term.net?.definition;
  if (!running) return;
  const gone = [
    ...Object.keys(running.places)
      // That one goes with the last rule; what lies in it stays.
      .filter((place) => !(place in definition.places) && place !== DISAGREEMENTS && !isOfIdleProgram(term, place))
      .map((place) => `place ${place}`),
    ...Object.keys(running.transitions)
      .filter((id) => !(id in definition.transitions) && !isOfIdleProgram(term, id))
      .map((id) => `transition ${id}`),
  ];
  if (gone.length === 0) return;
  throw new Refused({
    code: "removal",
    message: `the new version lacks ${gone.join(", ")}, and a running net only grows in this version of Petrel`,
    hint: "keep them in the file; a transition with a guard of `false` never fires",
  });
}

/** The steps of a rule's program go with the rule, once nothing is under way in them. */
function isOfIdleProgram({ net, state }: Term, name: string): boolean {
  for (const transition of net?.transitions.values() ?? []) {
    const { link, definition } = transition;
    if (definition.kind === "agent" && link?.kind === "each" && name.startsWith(`${link.subnet}--`))
      return isIdleProgram(state, transition);
  }
  return false;
}

function difference(term: Term, definition: NetDefinition, more: string[]): string {
  const running = term.net?.definition;
  if (!running) return "";
  const added = [
    ...Object.keys(definition.places)
      .filter((place) => !(place in running.places) && place !== DISAGREEMENTS)
      .map((place) => `place ${place}`),
    ...Object.keys(definition.transitions)
      .filter((id) => !(id in running.transitions))
      .map((id) => `transition ${id}`),
    ...Object.entries(definition.transitions)
      .filter(([id, { gate }]) => gate && !running.transitions[id]?.gate)
      .map(([id, { gate }]) => `gate ${gate?.name ?? id}`),
  ];
  const parts = [...(added.length > 0 ? [`added ${added.join(", ")}`] : []), ...instancesChanged(running, definition), ...more];
  return parts.length > 0 ? `: ${parts.join("; ")}` : "";
}

/** How many stand at a position now, and who: instances come and go by nothing but an edit. */
function instancesChanged(before: NetDefinition, after: NetDefinition): string[] {
  return Object.entries(after.transitions).flatMap(([id, one]) => {
    const old = before.transitions[id];
    if (!old || !("instances" in one) || !("instances" in old) || one.instances === old.instances) return [];
    const count = one.instances === 1 ? "1 instance" : `${one.instances} instances`;
    return [`${count} of ${one.persona} at ${id} (before: ${old.instances})`];
  });
}

function initialTokens(term: Term, definition: NetDefinition): PlacedToken[] {
  const at = isoTime(term.ports.clock.now());
  return Object.entries(definition.tokens ?? {}).flatMap(([place, tokens]) =>
    tokens.map((data, index): PlacedToken => {
      const id = derivedId("t-", definition.net, "initial", place, index);
      return { place, token: { id, data, from: { outside: "net-file" }, by: "net-file", at, correlation: `c-${id.slice(2)}`, v: 1 } };
    }),
  );
}
