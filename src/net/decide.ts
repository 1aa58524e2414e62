/**
 * Deciding: from the state alone, the next event of one transition, or null. Pure; the commit loop applies the event to
 * the (speculative) state and asks again.
 *
 * D1 Nothing is decided while the net is paused or killed. D2 The same inputs always give the same firing id, so a
 * decision made twice is one firing. D3 A transition with a gate starts only after its people have said yes.
 */
import { isoTime } from "../contract/clock.ts";
import { CATEGORY_OF, type EventDraft } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { jsonFlaw } from "../contract/json-limits.ts";
import { EVENT_DATA_LIMIT, WORTH_STORING } from "../contract/token.ts";
import { type Binding, consumedBy, findBinding, readBy } from "./binding.ts";
import { type CompiledNet, type CompiledTransition, placeOf } from "./compiled-net.ts";
import type { CompiledCrystal } from "./crystal/compiled.ts";
import { answerDraft, isIdle, noticeDraft } from "./crystal/notice.ts";
import { cameBack } from "./crystal/rework.ts";
import { answeredWords, askedWords, isStillLive, type Ruling, rulingOf } from "./crystal/ruling.ts";
import { durationMs } from "./definition.ts";
import { deterministicResult } from "./deterministic.ts";
import { boundInputs, withReaders } from "./held-inputs.ts";
import { asSent, mayNotSendMore } from "./link-draft.ts";
import { markingIndex } from "./marking-index.ts";
import type { Outcome } from "./outcome.ts";
import { type BoundInput, type Provenance, type Routed, routeError, routeResult } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";
import { isStopped } from "./stopped.ts";
import { firedSummary, firstLine, gatedSummary, startedSummary } from "./summary.ts";

/**
 * `netOf` gives the definition that an open firing began under, and ends under. With `upTo`, tokens of events after that `seq`
 * are left alone: each step then waits until the log has the one before. `mayAnswer`: whether a persona could have said what its
 * transition's rule says, and may make the calls that it makes.
 */
export function decideTransition(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  now: number,
  netOf: (firing: OpenFiring) => CompiledNet | null = () => net,
  upTo = Number.POSITIVE_INFINITY,
  mayAnswer: MayAnswer = () => true,
): EventDraft | null {
  if (state.paused || state.killed || isStopped(state, "persona", transition.definition.persona)) return null;
  const { open, gated, passed, asking } = markingIndex(state).firingsOf(transition.id);
  const notice = asking.size > 0 || transition.crystal ? noticeStep(state, net, transition, asking, now) : null;
  if (notice) return notice;
  if (!hasRoom(state, net, transition) || mayNotSendMore(state, transition)) return null;
  if (open.size < transition.slots) {
    const [first] = passed;
    if (first) return leaveGate(state, netOf(first) ?? net, transition, first, now, mayAnswer);
  }
  if (open.size + gated.size >= transition.slots) return null;
  // Its result is worked out first: see `boundForWork`.
  if (transition.jsonata !== null && !transition.definition.gate) return null;
  const binding = findBinding(state, net, transition, now, upTo);
  if (!binding) return null;
  if (transition.deterministic && !transition.definition.gate)
    return firedNow(state, net, transition, binding, deterministicResult(transition, binding.inputs, now, binding.occurrence), now);
  if (transition.definition.gate) return gateDraft(state, net, transition, binding, now);
  return transition.crystal
    ? settledDraft(state, net, transition, transition.crystal, binding, now, mayAnswer)
    : startBinding(state, net, transition, binding, now);
}

/** What a rule would do in the persona's place: answer so, or make calls by these tools. */
export type Claim = { value: Json } | { tools: string[] };
export type MayAnswer = (transition: CompiledTransition, claim: Claim) => boolean;

/** A question about a rule that people have answered, or what there is to say of a rule. */
function noticeStep(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  asking: ReadonlySet<OpenFiring>,
  now: number,
): EventDraft | null {
  for (const firing of asking) {
    if (isIdle(state, transition, firing)) return answerDraft(transition, firing, "withdrawn");
    if (firing.gate?.passed) return answerDraft(transition, firing, "answered");
  }
  return noticeDraft(state, net, transition, now);
}

/** A step with a rule: its answer is one event like a `map`'s; where it has none, or none that finds a way out, the model is asked. */
function settledDraft(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  binding: Binding,
  now: number,
  mayAnswer: MayAnswer,
): EventDraft | null {
  const firing = firingId(state.net, transition.id, binding);
  const parts = { firing, attempt: 1, consumed: consumedBy(binding), read: readBy(binding), correlation: correlationOf(binding, firing) };
  const inputs = withReaders(state, binding.inputs);
  const { ruling, draft } = ruledDraft(state, net, transition, crystal, inputs, parts, now, mayAnswer);
  const marks = markOf(binding, transition);
  if (draft) return overfills(state, net, draft) ? null : { ...draft, attributes: { ...marks, ...draft.attributes } };
  const started = startBinding(state, net, transition, binding, now);
  const words = ruling.kind === "begins" ? answeredWords(crystal, ruling) : askedWords(crystal, ruling);
  return { ...started, attributes: { ...started.attributes, ...marks, ...words } };
}

/** The event of a firing that the rule answers; null, with the reason, where it does not. */
function ruledDraft(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  inputs: BoundInput[],
  { correlation, ...parts }: Omit<FiringParts, "from"> & { correlation: string },
  now: number,
  mayAnswer: MayAnswer,
): { ruling: Ruling; draft: EventDraft | null } {
  const ruling = rulingOf(state, transition.id, crystal, inputs, parts.firing, (claim) => mayAnswer(transition, claim));
  if (ruling.kind !== "answers") return { ruling, draft: null };
  const from = { ...provenanceOf(state.net, transition, parts.firing, correlation, now), rule: crystal.id };
  const attributes = answeredWords(crystal, ruling);
  const draft = resultDraft(net, transition, inputs, { ...parts, from, attributes }, { ok: true, value: ruling.value }, now);
  if (draft.type === "fired") return { ruling, draft };
  return { ruling: { kind: "declines", reason: "its answer finds no way out" }, draft: null };
}

export function openFirings(state: NetState, transition: string): OpenFiring[] {
  return [...markingIndex(state).firingsOf(transition).open];
}
export function gatedFirings(state: NetState, transition: string): OpenFiring[] {
  return [...markingIndex(state).firingsOf(transition).gated];
}

export function firingId(net: string, transition: string, binding: Binding): string {
  const inputs = binding.inputs.map(({ name, tokens }) => [name, tokens.map(({ id }) => id)]);
  // What consumes nothing is told apart by the time of its schedule.
  return derivedId("f-", net, transition, inputs, ...(binding.occurrence ? [binding.occurrence.at] : []));
}

/** Who a token or event of this transition is by. */
export function authorOf(transition: CompiledTransition): string {
  return transition.definition.persona ?? transition.id;
}

export function provenanceOf(net: string, transition: CompiledTransition, firing: string, correlation: string, now: number): Provenance {
  return { net, firing, at: isoTime(now), by: authorOf(transition), correlation };
}

/**
 * Back pressure: each place with a capacity must have room for what stands there and for what open firings may still bring.
 * A transition that takes out of a place what it puts back makes it no fuller: a loop through a full place goes on.
 */
export function hasRoom(state: NetState, net: CompiledNet, transition: CompiledTransition): boolean {
  if (transition.excess !== null) return false;
  for (const [place, weight] of transition.fills) {
    const capacity = placeOf(net, place)?.capacity;
    if (capacity === undefined) continue;
    const room = roomIn(state, net, place);
    // Only some of its outcomes bring so much: an empty place takes even that, since waiting would be for ever.
    if (room < capacity && Math.max(0, room) + takenFrom(transition, place) < weight) return false;
  }
  return true;
}

/** How many tokens a firing surely takes out of the place; what only the firing can say counts as all. */
function takenFrom({ inputs, resets }: CompiledTransition, place: string): number {
  if (resets.some((watch) => watch.place === place)) return Number.POSITIVE_INFINITY;
  return inputs
    .filter(({ arc }) => arc.place === place && arc.mode === "consume")
    .reduce((sum, { take, gather, batch }) => sum + (typeof take === "number" && !gather && !batch ? take : Number.POSITIVE_INFINITY), 0);
}

export function roomIn(state: NetState, net: CompiledNet, place: string): number {
  const capacity = placeOf(net, place)?.capacity;
  if (capacity === undefined) return Number.POSITIVE_INFINITY;
  const coming = (net.fillers.get(place) ?? []).reduce(
    (sum, id) => sum + markingIndex(state).firingsOf(id).open.size * (net.transitions.get(id)?.fills.get(place) ?? 1),
    0,
  );
  return capacity - (state.places.get(place)?.size ?? 0) - coming;
}

/** The next binding of a transition whose result is worked out outside; the caller holds its tokens until `firedNow`. */
export function boundForWork(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  now: number,
  upTo = Number.POSITIVE_INFINITY,
): Binding | null {
  if (state.paused || state.killed || !hasRoom(state, net, transition)) return null;
  return findBinding(state, net, transition, now, upTo);
}

/** Of a firing in one event the produce is known before: it waits while a place would hold more than it may. */
export function firedNow(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  binding: Binding,
  outcome: Outcome,
  now: number,
): EventDraft | null {
  const firing = firingId(state.net, transition.id, binding);
  const from = provenanceOf(state.net, transition, firing, correlationOf(binding, firing), now);
  const parts = { firing, attempt: 1, consumed: consumedBy(binding), read: readBy(binding), from, attributes: markOf(binding) };
  const draft = resultDraft(net, transition, withReaders(state, binding.inputs), parts, outcome, now);
  return overfills(state, net, draft) ? null : asSent(state, transition, draft);
}

/** What the data made too many for any room, like a long array, an empty place takes: waiting would be for ever. */
function overfills(state: NetState, net: CompiledNet, draft: EventDraft): boolean {
  if (!draft.produced?.some(({ place }) => placeOf(net, place)?.capacity !== undefined)) return false;
  const coming = new Map<string, number>();
  for (const { place } of draft.produced) coming.set(place, (coming.get(place) ?? 0) + 1);
  return [...coming].some(([place, count]) => {
    const capacity = placeOf(net, place)?.capacity;
    if (capacity === undefined) return false;
    const leaving = (draft.consumed ?? []).filter((gone) => gone.place === place).length;
    const room = roomIn(state, net, place) + leaving;
    return count > Math.max(room, leaving) && room < capacity;
  });
}

export interface FiringParts {
  firing: string;
  attempt: number;
  consumed: EventDraft["consumed"];
  read: EventDraft["read"];
  from: Provenance;
  /** What a firing in one event says of its beginning. */
  attributes?: JsonObject;
}

/** The event that ends a firing: `fired` where the outcome and its routing are good, else a final `failed`. */
export function resultDraft(
  net: CompiledNet,
  transition: CompiledTransition,
  inputs: BoundInput[],
  parts: FiringParts,
  outcome: Outcome,
  now: number,
): EventDraft {
  const routed = outcome.ok ? writable(transition, routeResult(transition, inputs, outcome.value, parts.from, now), parts) : outcome;
  // Written field by field: this is made for every firing, and to lay objects over each other costs more than all else here.
  const event: EventDraft = {
    category: CATEGORY_OF.fired,
    type: "fired",
    status: "ok",
    summary: "",
    transition: transition.id,
    firing: parts.firing,
    attempt: parts.attempt,
    consumed: parts.consumed ?? [],
    read: parts.read ?? [],
    correlation: parts.from.correlation,
    netVersion: net.version,
  };
  if (transition.definition.persona) event.persona = transition.definition.persona;
  if (outcome.ok && routed.ok) {
    event.summary = firedSummary(transition, inputs, outcome.value, routed.produced, now);
    event.produced = routed.produced;
    if (parts.attributes && parts.attributes !== UNMARKED && Object.keys(parts.attributes).length > 0) event.attributes = parts.attributes;
    return event;
  }
  const error = routed.ok ? { outlook: "terminal" as const, code: "unexpected", message: "no outcome" } : routed.error;
  const produced = routeError(transition, inputs, error, parts.from, now);
  return {
    ...event,
    category: CATEGORY_OF.failed,
    type: "failed",
    status: "error",
    produced,
    summary: `${authorOf(transition)} failed at ${transition.id}: ${firstLine(error.message)}. The work went to ${[...new Set(produced.map(({ place }) => place))].join(", ")}.`,
    attributes: { ...parts.attributes, final: true, error: { ...error } },
  };
}

/** What an event may have beside the data of its tokens, and with what of that cannot be laid down in the artefact store. */
const EVENT_LIMIT = 450_000;
/** Fewer of them always fit. */
const MANY_TOKENS = 100;

function writable(transition: CompiledTransition, routed: Routed, parts: FiringParts): Routed {
  if (!routed.ok) return routed;
  for (const { place, token } of routed.produced) {
    const flaw = jsonFlaw(token.data);
    if (!flaw) continue;
    const message = `${transition.id} would produce a token in ${place} that cannot be kept: ${flaw.reason}`;
    return { ok: false, error: { outlook: "terminal", code: flaw.code, message, hint: flaw.hint } };
  }
  return fewEnough(transition, routed, parts);
}

function fewEnough(transition: CompiledTransition, routed: Extract<Routed, { ok: true }>, parts: FiringParts): Routed {
  if (routed.produced.length < MANY_TOKENS) return routed;
  let bytes = sizeOf([parts.consumed ?? [], parts.read ?? []]);
  let small = 0;
  for (const { place, token } of routed.produced) {
    bytes += sizeOf({ place, token: { ...token, data: null } });
    small += Math.min(sizeOf(token.data), WORTH_STORING);
  }
  // Of larger ones, so much is laid down in the artefact store that they share what is left.
  if (bytes + Math.max(small, Math.min(EVENT_DATA_LIMIT, EVENT_LIMIT - bytes)) <= EVENT_LIMIT) return routed;
  const message = `${transition.id} would produce ${routed.produced.length} tokens in one firing, more than an entry of the log can hold`;
  const hint = "let it hand on the list in parts, and split each part in a further transition";
  return { ok: false, error: { outlook: "terminal", code: "too-many-tokens", message, hint } };
}

const utf8 = new TextEncoder();
function sizeOf(value: unknown): number {
  return utf8.encode(JSON.stringify(value)).length;
}

function startBinding(state: NetState, net: CompiledNet, transition: CompiledTransition, binding: Binding, now: number): EventDraft {
  const firing = firingId(state.net, transition.id, binding);
  return {
    category: CATEGORY_OF.started,
    type: "started",
    status: "info",
    summary: startedSummary(transition, binding.inputs),
    ...openingParts(net, transition, binding, firing),
    attributes: {
      ...{ kind: transition.definition.kind, inputs: inputIds(binding), at: isoTime(now) },
      ...instancePart(state, transition),
      ...markOf(binding),
    },
  };
}

/** D3. The people have said yes: what asks nobody fires in one event here too. */
function leaveGate(
  state: NetState,
  net: CompiledNet,
  current: CompiledTransition,
  firing: OpenFiring,
  now: number,
  mayAnswer: MayAnswer,
): EventDraft {
  const transition = net.transitions.get(current.id) ?? current;
  if (transition.crystal && isStillLive(current.crystal, transition.crystal)) {
    const held = boundInputs(state, transition, firing);
    const { ruling, draft } = ruledDraft(state, net, transition, transition.crystal, held, firing, now, mayAnswer);
    if (draft) return draft;
    const started = startDraft(state, net, transition, firing, now);
    const words = ruling.kind === "begins" ? answeredWords(transition.crystal, ruling) : askedWords(transition.crystal, ruling);
    return { ...started, attributes: { ...started.attributes, ...words } };
  }
  if (!transition.deterministic) return startDraft(state, net, transition, firing, now);
  const inputs = boundInputs(state, transition, firing);
  const from = provenanceOf(state.net, transition, firing.firing, firing.correlation, now);
  const parts = { firing: firing.firing, attempt: firing.attempt, consumed: firing.consumed, read: firing.read, from };
  return asSent(state, transition, resultDraft(net, transition, inputs, parts, deterministicResult(transition, inputs, now), now));
}

function startDraft(state: NetState, net: CompiledNet, transition: CompiledTransition, firing: OpenFiring, now: number): EventDraft {
  return {
    category: CATEGORY_OF.started,
    type: "started",
    status: "info",
    summary: `The gate ${firing.gate?.name ?? ""} is open: ${transition.id} starts.`,
    transition: transition.id,
    ...(transition.definition.persona ? { persona: transition.definition.persona } : {}),
    firing: firing.firing,
    attempt: firing.attempt,
    consumed: firing.consumed,
    read: firing.read,
    correlation: firing.correlation,
    netVersion: firing.netVersion || net.version,
    attributes: { kind: transition.definition.kind, inputs: firing.inputs, ...instancePart(state, transition), at: isoTime(now) },
  };
}

/** A failed attempt has waited for its time: the next one starts, and says so before it has effects (E4). */
export function againDraft(transition: CompiledTransition, firing: OpenFiring, now: number): EventDraft {
  return {
    category: CATEGORY_OF.started,
    type: "started",
    status: "info",
    summary: `${authorOf(transition)} ${firing.handed ? `goes on with ${transition.id}` : `tries ${transition.id} again`}, attempt ${firing.attempt}.`,
    transition: transition.id,
    ...(firing.persona ? { persona: firing.persona } : {}),
    firing: firing.firing,
    attempt: firing.attempt,
    correlation: firing.correlation,
    netVersion: firing.netVersion,
    attributes: { kind: transition.definition.kind, again: true, at: isoTime(now) },
  };
}

function gateDraft(state: NetState, net: CompiledNet, transition: CompiledTransition, binding: Binding, now: number): EventDraft | null {
  const gate = transition.definition.gate;
  if (!gate) return null;
  const firing = firingId(state.net, transition.id, binding);
  const name = gate.name ?? transition.id;
  return {
    category: CATEGORY_OF.gated,
    type: "gated",
    status: "waiting",
    summary: gatedSummary(name, transition, binding.inputs, gate.approvers, gate.quorum),
    ...openingParts(net, transition, binding, firing),
    attributes: {
      inputs: inputIds(binding),
      ...markOf(binding, transition),
      gate: {
        name,
        approvers: gate.approvers,
        quorum: gate.quorum,
        notAuthor: gate.notAuthor,
        expiresAt: gate.expires ? now + durationMs(gate.expires) : null,
      },
    },
  };
}

function openingParts(net: CompiledNet, transition: CompiledTransition, binding: Binding, firing: string) {
  return {
    transition: transition.id,
    ...(transition.definition.persona ? { persona: transition.definition.persona } : {}),
    firing,
    attempt: 1,
    consumed: consumedBy(binding),
    read: readBy(binding),
    correlation: correlationOf(binding, firing),
    netVersion: net.version,
  };
}

function inputIds(binding: Binding): Record<string, string[]> {
  return Object.fromEntries(binding.inputs.map(({ name, tokens }) => [name, tokens.map(({ id }) => id)]));
}

/** The instance with the least to do; among equals the one that has waited longest for work. */
function instancePart(state: NetState, transition: CompiledTransition): { instance?: number } {
  if (!("instances" in transition.definition)) return {};
  const load = new Array<number>(transition.definition.instances).fill(0);
  for (const { instance } of markingIndex(state).firingsOf(transition.id).open) {
    if (instance !== null && load[instance - 1] !== undefined) load[instance - 1] = (load[instance - 1] ?? 0) + 1;
  }
  const turn = (at: number) => state.turns.get(`${transition.id}/${at + 1}`) ?? 0;
  let best = 0;
  for (let at = 1; at < load.length; at += 1) {
    const [mine, least] = [load[at] ?? 0, load[best] ?? 0];
    if (mine < least || (mine === least && turn(at) < turn(best))) best = at;
  }
  return { instance: best + 1 };
}

/** What has no input begins a work of its own. */
function correlationOf(binding: Binding, firing: string): string {
  const first = binding.inputs.find(({ tokens }) => tokens.length > 0);
  return first?.tokens[0]?.correlation ?? `c-${firing.slice(2)}`;
}

const UNMARKED: JsonObject = {};

/** How many of the consumed tokens, the last ones, a reset took; and the time of the schedule. */
function markOf({ swept, occurrence, inputs }: Binding, transition: CompiledTransition | null = null): JsonObject {
  const crystal = transition?.crystal ?? null;
  if (crystal === null && swept.length === 0 && occurrence === null) return UNMARKED;
  const taken = crystal ? inputs.flatMap(({ mode, tokens }) => (mode === "consume" ? tokens : [])) : [];
  const makers = taken.map(({ from }) => ({ by: "transition" in from ? from.transition : "" }));
  const isBack = crystal && cameBack(makers, crystal.reworkers, transition?.id ?? "").length > 0;
  return {
    ...(isBack ? { reworked: true } : {}),
    ...(swept.length > 0 ? { swept: swept.length } : {}),
    ...(occurrence ? { schedule: { at: isoTime(occurrence.at), missed: occurrence.missed } } : {}),
  };
}
