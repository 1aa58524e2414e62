/**
 * Why something does not fire: the same questions that deciding asks, with the answers kept. Pure. Whether a transition fires is
 * what `decideTransition` says; the reasons explain it, and where none is found that is said too.
 */
import type { ErrorData } from "../contract/errors.ts";
import { DEAD_LETTER, IN_TRANSIT } from "./built-in-places.ts";
import { type CompiledNet, type CompiledTransition, placeOf } from "./compiled-net.ts";
import { recordOf } from "./crystal/state.ts";
import { ruleWords } from "./crystal/words.ts";
import { boundForWork, decideTransition, gatedFirings, hasRoom, openFirings, roomIn } from "./decide.ts";
import { mayNotSendMore } from "./link-draft.ts";
import type { NetState, OpenFiring, Placed } from "./state.ts";
import { isStopped } from "./stopped.ts";
import { type CutOff, type ExecutorSeen, firingReason, type ModelWait } from "./why-firing.ts";
import { bindingReasons, tokenReason } from "./why-inputs.ts";
import type { Reason } from "./why-reason.ts";
import { transitReasons } from "./why-transit.ts";

export interface Why {
  kind: "transition" | "place" | "token";
  name: string;
  /** It fires with its next turn; a place or token: something takes from it. */
  fires: boolean;
  reasons: Reason[];
}
export interface WhyContext {
  state: NetState;
  net: CompiledNet;
  now: number;
  netOf(firing: OpenFiring): CompiledNet | null;
  /** Null: not known. */
  executors: ExecutorSeen[] | null;
  /** What of it is stopped by a kill of all, and by its own name; absent: not known. */
  kills?: { all: boolean; net: boolean } | null;
  /** The busy model that an attempt waits for, or null. */
  waitOf?(firing: OpenFiring): ModelWait | null;
  /** Executors that were cut off. */
  cutOff?: ReadonlyMap<string, CutOff>;
  /** What the last offer to a net that links lead to came to, or null. */
  linkProblem?(net: string): ErrorData | null;
}

/** Firings of one transition that are told one by one. */
const MOST_FIRINGS = 10;

/** A transition, a place, a token, a gate or a firing by its name; none where the net has none of it. More than one where a name is shared. */
export function why(context: WhyContext, name: string): Why[] {
  const { state, net } = context;
  const found: Why[] = [];
  for (const transition of transitionsOf(context, name)) found.push(whyTransition(context, transition));
  if (placeOf(net, name) || state.places.has(name)) found.push(whyPlace(context, name));
  for (const [place, tokens] of state.places) {
    const placed = tokens.get(name);
    if (placed) found.push(whyToken(context, place, placed));
  }
  return found;
}

/** By its own name, by that of its gate, or by a firing of it that is open. */
function transitionsOf({ state, net }: WhyContext, name: string): CompiledTransition[] {
  const firing = state.firings.get(name);
  const gated = [...state.firings.values()].filter(({ gate }) => gate?.name === name);
  const ids = new Set([...gated, ...(firing ? [firing] : [])].map(({ transition }) => transition));
  return [...net.transitions.values()].filter(({ id, definition }) => id === name || definition.gate?.name === name || ids.has(id));
}

export function whyTransition(context: WhyContext, transition: CompiledTransition): Why {
  const { state, net, now, netOf } = context;
  const fires =
    decideTransition(state, net, transition, now, netOf) !== null ||
    (transition.jsonata !== null && boundForWork(state, net, transition, now) !== null);
  const reasons = [
    ...switchReasons(context, transition.definition.persona),
    ...vacantReasons(context, transition),
    ...underWay(context, transition),
  ];
  if (fires) reasons.push(...rivals(context, transition));
  else reasons.push(...roomReasons(context, transition), ...bindingReasons(context, transition));
  if (!fires && reasons.length === 0) reasons.push({ code: "other", text: "no combination of tokens meets all its conditions" });
  return { kind: "transition", name: transition.id, fires, reasons: [...reasons, ...ruleReasons(state, transition)] };
}

/** Who answers: no hindrance, but what people ask next. */
function ruleReasons(state: NetState, { id, crystal }: CompiledTransition): Reason[] {
  if (!crystal) return [];
  const text = ruleWords(crystal, recordOf(state, id, crystal.id));
  return [{ code: "rule", text, transition: id, command: `petrel crystallize show ${state.net} ${id}` }];
}

/** A position whose instances were all retired. */
function vacantReasons({ state }: WhyContext, { id, definition }: CompiledTransition): Reason[] {
  if (!("instances" in definition) || definition.instances > 0) return [];
  const command = `petrel persona spawn ${state.net} ${definition.persona} --instances 1`;
  return [{ code: "slots", text: `${definition.persona} was retired from ${id}: it has no instance`, transition: id, command }];
}

function switchReasons({ state, kills }: WhyContext, persona: string | undefined): Reason[] {
  const reasons: Reason[] = [];
  if (persona !== undefined && isStopped(state, "persona", persona))
    reasons.push({ code: "killed", text: `the persona ${persona} is stopped by a kill`, command: `petrel resume ${persona}` });
  // Who goes on with everything goes on with what was stopped by its own name only when that is named.
  const byName = state.killed && kills?.net === true;
  if (state.killed && (!byName || kills?.all))
    reasons.push({ code: "killed", text: "everything is stopped by a kill", command: "petrel resume" });
  if (byName) reasons.push({ code: "killed", text: `${state.net} is stopped by a kill`, command: `petrel resume ${state.net}` });
  if (!state.paused) return reasons;
  const { by, code = "", reason, hint } = state.pausedFor ?? {};
  const who = by ? ` by ${by}` : "";
  const text = `the net is paused${who}${reason ? `: ${reason}` : ""}`;
  const resume = `petrel resume ${state.net}`;
  const before = hint?.replace(/[.;:]\s*$/, "");
  const command = !before ? resume : before.includes("petrel resume") ? before : `${before}; then: ${resume}`;
  return [...reasons, { code: code.includes("budget") ? "budget" : "paused", text, command }];
}

function underWay(context: WhyContext, { id, slots }: CompiledTransition): Reason[] {
  const { state } = context;
  const open = openFirings(state, id);
  const gated = gatedFirings(state, id);
  const all = [...gated, ...open];
  const reasons = all.slice(0, MOST_FIRINGS).map((firing) => firingReason(context, firing));
  if (slots === 0 || all.length < slots) return reasons;
  const text = `all ${slots} of its slots are taken: ${open.length} under way, ${gated.length} waiting for people`;
  return [...reasons, { code: "slots", text, have: all.length, want: slots }];
}

function roomReasons({ state, net }: WhyContext, transition: CompiledTransition): Reason[] {
  const reasons: Reason[] = [];
  if (mayNotSendMore(state, transition)) reasons.push({ code: "link", text: "too many tokens are on their way to the other net already" });
  if (hasRoom(state, net, transition)) return reasons;
  if (transition.excess !== null) {
    const { place, brings, capacity } = transition.excess;
    const text = `each firing brings ${brings} tokens to ${place}, which holds at most ${capacity}: it can never fire`;
    return [...reasons, { code: "capacity", text, place, have: brings, want: capacity }];
  }
  for (const place of transition.fills.keys()) {
    const capacity = placeOf(net, place)?.capacity;
    if (capacity === undefined || roomIn(state, net, place) >= capacity) continue;
    const have = state.places.get(place)?.size ?? 0;
    const coming = capacity - have - roomIn(state, net, place);
    const more = coming > 0 ? `, and ${coming} may still come from firings under way` : "";
    reasons.push({ code: "capacity", text: `${place} holds ${have} of at most ${capacity}${more}`, place, have, want: capacity });
  }
  return reasons;
}

/** Who would take from the same places before it. */
function rivals({ state, net, now, netOf }: WhyContext, transition: CompiledTransition): Reason[] {
  const places = transition.inputs.map(({ arc }) => arc.place);
  const others = new Set(places.flatMap((place) => net.takers.get(place) ?? []));
  return [...others].flatMap((id): Reason[] => {
    const other = net.transitions.get(id);
    if (!other || other.priority <= transition.priority || decideTransition(state, net, other, now, netOf) === null) return [];
    return [{ code: "priority", text: `${id} goes first, with priority ${other.priority}`, transition: id }];
  });
}

function onTheWay({ state, linkProblem }: WhyContext, token?: string): Reason[] {
  return transitReasons(state, (net) => linkProblem?.(net) ?? null, token);
}

function whyPlace(context: WhyContext, place: string): Why {
  const { state, net } = context;
  const tokens = state.places.get(place)?.size ?? 0;
  if (place === IN_TRANSIT && tokens > 0) return { kind: "place", name: place, fires: false, reasons: onTheWay(context) };
  const takers = (net.takers.get(place) ?? []).flatMap((id) => net.transitions.get(id) ?? []);
  const binding = takers.filter(({ inputs }) => inputs.some(({ arc }) => arc.place === place));
  if (binding.length === 0) {
    if (tokens > 0 && place === DEAD_LETTER) {
      const text = "work that failed for good lies in it until a person puts it back";
      return {
        kind: "place",
        name: place,
        fires: false,
        reasons: [{ code: "nobody-takes", text, place, command: `petrel retry ${state.net} --all` }],
      };
    }
    const sink = placeOf(net, place)?.sink === true;
    const text = sink ? "it is a sink: nothing takes tokens out of it, on purpose" : "no transition takes tokens out of it";
    return { kind: "place", name: place, fires: false, reasons: [{ code: sink ? "sink" : "nobody-takes", text, place }] };
  }
  if (tokens === 0) {
    const fillers = net.fillers.get(place) ?? [];
    const from = fillers.length > 0 ? `; ${fillers.join(", ")} would fill it` : "";
    return { kind: "place", name: place, fires: false, reasons: [{ code: "no-token", text: `nothing lies in it${from}`, place }] };
  }
  const told = binding.map((transition) => whyTransition(context, transition));
  return { kind: "place", name: place, fires: told.some(({ fires }) => fires), reasons: told.flatMap(ofTransition) };
}

function ofTransition({ name, fires, reasons }: Why): Reason[] {
  if (fires)
    return [{ code: "other", text: "fires with its next turn", transition: name }, ...reasons.map((one) => ({ ...one, transition: name }))];
  return reasons.map((one) => ({ ...one, transition: name }));
}

function whyToken(context: WhyContext, place: string, placed: Placed): Why {
  const { state, net } = context;
  const { id } = placed.token;
  if (place === IN_TRANSIT) return { kind: "token", name: id, fires: false, reasons: onTheWay(context, id) };
  const held = placed.reservedBy === null ? undefined : state.firings.get(placed.reservedBy);
  if (held) {
    const reason = firingReason(context, held);
    const text = `the firing ${held.firing} of ${held.transition} holds it: ${reason.text}`;
    return {
      kind: "token",
      name: id,
      fires: false,
      reasons: [{ ...reason, code: "reserved", text, token: id, transition: held.transition }],
    };
  }
  const takers = (net.takers.get(place) ?? []).flatMap((name) => net.transitions.get(name) ?? []);
  const told = takers.flatMap((transition) =>
    transition.inputs
      .filter(({ arc }) => arc.place === place)
      .map((input): Why => {
        const own = tokenReason(context, transition, input, placed);
        if (own) return { kind: "transition", name: transition.id, fires: false, reasons: [own] };
        return whyTransition(context, transition);
      }),
  );
  if (told.length === 0) return { ...whyPlace(context, place), kind: "token", name: id };
  return { kind: "token", name: id, fires: told.some(({ fires }) => fires), reasons: told.flatMap(ofTransition) };
}
