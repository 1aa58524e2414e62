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
import type { Json } from "../contract/json.ts";
import { type Binding, consumedBy, findBinding, readBy } from "./binding.ts";
import { type CompiledNet, type CompiledTransition, placeOf } from "./compiled-net.ts";
import { durationMs } from "./definition.ts";
import { deterministicResult } from "./deterministic.ts";
import { type BoundInput, type Provenance, routeError, routeResult } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";
import { firedSummary, firstLine, gatedSummary, startedSummary } from "./summary.ts";

export function decideTransition(state: NetState, net: CompiledNet, transition: CompiledTransition, now: number): EventDraft | null {
  if (state.paused || state.killed) return null;
  const open = openFirings(state, transition.id);
  if (open.length < transition.slots) {
    const passed = gatedFirings(state, transition.id).find((firing) => firing.gate?.passed);
    if (passed) return startDraft(state, net, transition, passed, now);
  }
  const waiting = gatedFirings(state, transition.id).length;
  if (open.length + waiting >= transition.slots || !hasRoom(state, net, transition)) return null;
  const binding = findBinding(state, net, transition, now);
  if (!binding) return null;
  if (transition.deterministic && !transition.definition.gate) return fireNow(state, net, transition, binding, now);
  return transition.definition.gate ? gateDraft(state, net, transition, binding, now) : startBinding(state, net, transition, binding, now);
}

export function openFirings(state: NetState, transition: string): OpenFiring[] {
  return [...state.firings.values()].filter((firing) => firing.transition === transition && firing.gate === null);
}
export function gatedFirings(state: NetState, transition: string): OpenFiring[] {
  return [...state.firings.values()].filter((firing) => firing.transition === transition && firing.gate !== null);
}

export function firingId(net: string, transition: string, binding: Binding): string {
  return derivedId(
    "f-",
    net,
    transition,
    binding.inputs.map(({ name, tokens }) => [name, tokens.map(({ id }) => id)]),
  );
}

/** Who a token or event of this transition is by. */
export function authorOf(transition: CompiledTransition): string {
  return transition.definition.persona ?? transition.id;
}

export function provenanceOf(net: string, transition: CompiledTransition, firing: string, correlation: string, now: number): Provenance {
  return { net, firing, at: isoTime(now), by: authorOf(transition), correlation };
}

/** Back pressure: each place with a capacity must have room for what stands there and for what open firings may still bring. */
export function hasRoom(state: NetState, net: CompiledNet, transition: CompiledTransition): boolean {
  return transition.definition.out.every(({ to }) => roomIn(state, net, to) > 0);
}
export function roomIn(state: NetState, net: CompiledNet, place: string): number {
  const capacity = placeOf(net, place)?.capacity;
  if (capacity === undefined) return Number.POSITIVE_INFINITY;
  const coming = (net.fillers.get(place) ?? []).reduce((sum, id) => sum + openFirings(state, id).length, 0);
  return capacity - (state.places.get(place)?.size ?? 0) - coming;
}

function fireNow(state: NetState, net: CompiledNet, transition: CompiledTransition, binding: Binding, now: number): EventDraft {
  const firing = firingId(state.net, transition.id, binding);
  const correlation = correlationOf(binding);
  return resultDraft(
    net,
    transition,
    binding.inputs,
    {
      firing,
      attempt: 1,
      consumed: consumedBy(binding),
      read: readBy(binding),
      from: provenanceOf(state.net, transition, firing, correlation, now),
    },
    deterministicResult(transition, binding.inputs, now),
    now,
  );
}

export interface FiringParts {
  firing: string;
  attempt: number;
  consumed: EventDraft["consumed"];
  read: EventDraft["read"];
  from: Provenance;
}
export type Outcome = { ok: true; value: Json } | { ok: false; error: import("../contract/errors.ts").ErrorData };

/** The event that ends a firing: `fired` where the outcome and its routing are good, else a final `failed`. */
export function resultDraft(
  net: CompiledNet,
  transition: CompiledTransition,
  inputs: BoundInput[],
  parts: FiringParts,
  outcome: Outcome,
  now: number,
): EventDraft {
  const routed = outcome.ok ? routeResult(transition, inputs, outcome.value, parts.from, now) : outcome;
  const base = {
    transition: transition.id,
    ...(transition.definition.persona ? { persona: transition.definition.persona } : {}),
    firing: parts.firing,
    attempt: parts.attempt,
    consumed: parts.consumed ?? [],
    read: parts.read ?? [],
    correlation: parts.from.correlation,
    netVersion: net.version,
  };
  if (outcome.ok && routed.ok) {
    const summary = firedSummary(transition, inputs, outcome.value, routed.produced, now);
    return { ...base, category: CATEGORY_OF.fired, type: "fired", status: "ok", summary, produced: routed.produced };
  }
  const error = routed.ok ? { outlook: "terminal" as const, code: "unexpected", message: "no outcome" } : routed.error;
  const produced = routeError(transition, inputs, error, parts.from, now);
  return {
    ...base,
    category: CATEGORY_OF.failed,
    type: "failed",
    status: "error",
    produced,
    summary: `${authorOf(transition)} failed at ${transition.id}: ${firstLine(error.message)}. The work went to ${[...new Set(produced.map(({ place }) => place))].join(", ")}.`,
    attributes: { final: true, error: { ...error } },
  };
}

function startBinding(state: NetState, net: CompiledNet, transition: CompiledTransition, binding: Binding, now: number): EventDraft {
  const firing = firingId(state.net, transition.id, binding);
  return {
    category: CATEGORY_OF.started,
    type: "started",
    status: "info",
    summary: startedSummary(transition, binding.inputs),
    ...openingParts(net, transition, binding, firing),
    attributes: { kind: transition.definition.kind, inputs: inputIds(binding), ...instancePart(state, transition), at: isoTime(now) },
  };
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
    correlation: correlationOf(binding),
    netVersion: net.version,
  };
}

function inputIds(binding: Binding): Record<string, string[]> {
  return Object.fromEntries(binding.inputs.map(({ name, tokens }) => [name, tokens.map(({ id }) => id)]));
}

/** The instance with the least to do; the lowest number among equals. */
function instancePart(state: NetState, transition: CompiledTransition): { instance?: number } {
  if (!("instances" in transition.definition)) return {};
  const load = new Array<number>(transition.definition.instances).fill(0);
  for (const { instance } of openFirings(state, transition.id)) {
    if (instance !== null && load[instance - 1] !== undefined) load[instance - 1] = (load[instance - 1] ?? 0) + 1;
  }
  return { instance: load.indexOf(Math.min(...load)) + 1 };
}

function correlationOf(binding: Binding): string {
  const first = binding.inputs.find(({ tokens }) => tokens.length > 0);
  return first?.tokens[0]?.correlation ?? "";
}
