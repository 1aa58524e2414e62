/**
 * Why a transition binds no tokens, arc by arc. It follows the first tokens that fit, as a search would at first; a combination
 * further on may fail elsewhere, and what is told is then an example.
 */
import { isoTime } from "../contract/clock.ts";
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { dueOccurrence, inputScope } from "./binding.ts";
import { bindsMany, type CompiledInput, type CompiledNet, type CompiledTransition } from "./compiled-net.ts";
import { type CompiledExpression, compileExpression } from "./expression.ts";
import { markingIndex } from "./marking-index.ts";
import { groupWords, partialGroups } from "./partial-groups.ts";
import { boundOf, type Scope, scopeOfToken } from "./scope.ts";
import { type NetState, type Placed, waitingSince } from "./state.ts";
import { forbidding } from "./watches.ts";
import type { Reason } from "./why-reason.ts";

interface Context {
  state: NetState;
  net: CompiledNet;
  now: number;
}
type Bound = Parameters<typeof inputScope>[0];

/** Tokens and groups that are told one by one. */
const MOST = 5;

export function bindingReasons(context: Context, transition: CompiledTransition): Reason[] {
  const { state, now } = context;
  const reasons = [...scheduleReason(context, transition)];
  const instance = instanceOf(state, transition);
  reasons.push(...inhibitReasons(forbidding(state, transition, undefined, instance, now)));
  const bound: Bound = [];
  for (const [at, input] of transition.inputs.entries()) {
    const found = inputReasons(context, transition, input, bound, instance);
    if (Array.isArray(found)) return [...reasons, ...found, ...emptyBehind(state, transition.inputs.slice(at + 1))];
    bound.push({ name: input.name, place: input.arc.place, many: bindsMany(input), tokens: found.tokens });
  }
  const scope = inputScope(bound);
  reasons.push(...inhibitReasons(forbidding(state, transition, scope, instance, now)));
  const { guard } = transition;
  if (guard && bound.length > 0 && !guard.test(scope, now)) {
    const values = valuesOf(guard, scope, now);
    reasons.push({ code: "guard", text: `its guard \`${guard.text}\` is not true: ${shown(values)}`, values });
  }
  return [...reasons, ...groupReasons(context, transition)];
}

/** Inside a sub-net with instances a firing keeps to one: the oldest that has a token here is looked at. */
function instanceOf(state: NetState, { within, inputs }: CompiledTransition): string | null {
  if (within === null) return null;
  for (const { arc } of inputs)
    for (const { token } of state.places.get(arc.place)?.values() ?? []) if (token.instance) return token.instance;
  return null;
}

/** Why this arc leaves this very token alone, looked at by itself; null: it would take it. */
export function tokenReason(
  context: Context,
  transition: CompiledTransition,
  input: CompiledInput,
  placed: Placed,
  bound: Bound = [],
): Reason | null {
  const { now } = context;
  const { token } = placed;
  const about = { token: token.id, place: input.arc.place };
  const hold = holdReason(context, transition, input, placed);
  if (hold) return { ...about, ...hold };
  const ready = waitingSince(placed) + transition.delay;
  if (transition.delay > 0 && ready > now)
    return { ...about, code: "delay", until: isoTime(ready), text: `${token.id} must lie in ${input.arc.place} until ${isoTime(ready)}` };
  const earlier = inputScope(bound);
  // A condition that needs earlier inputs cannot be asked of a token alone.
  if (!input.where || (bound.length === 0 && input.where.roots.some((root) => root !== "$") && transition.inputs[0] !== input)) return null;
  const scope = scopeOfToken(boundOf(token, input.arc.place), earlier);
  if (input.where.test(scope, now)) return null;
  const values = valuesOf(input.where, scope, now);
  return { ...about, code: "where", text: `\`${input.where.text}\` is not true of ${token.id}: ${shown(values)}`, values };
}

function holdReason(
  context: Context,
  transition: CompiledTransition,
  input: CompiledInput,
  { token, reservedBy }: Placed,
): Omit<Reason, "place" | "token"> | null {
  const { state } = context;
  if (input.arc.mode === "read") {
    const seen = transition.readsOnly && state.seen.get(transition.id)?.has(token.id);
    return seen ? { code: "already-read", text: `it has started on ${token.id} already, and reads each token once` } : null;
  }
  if (reservedBy !== null) {
    const holder = state.firings.get(reservedBy)?.transition ?? "a transition";
    return { code: "reserved", firing: reservedBy, text: `the firing ${reservedBy} of ${holder} holds ${token.id}` };
  }
  if (markingIndex(state).held.has(token.id)) return { code: "being-worked-out", text: `a result over ${token.id} is being worked out` };
  const reader = unstartedReader(context, token, input.arc.place);
  return reader === null ? null : { code: "reader-first", transition: reader, text: `${reader} must have started on ${token.id} first` };
}

/** B2 of binding. */
function unstartedReader({ state, net, now }: Context, token: Token, place: string): string | null {
  const waits = (id: string) => {
    if (state.seen.get(id)?.has(token.id)) return false;
    const arcs = net.transitions.get(id)?.inputs.filter(({ arc }) => arc.place === place) ?? [];
    return arcs.some(({ where }) => where === null || where.test(scopeOfToken(boundOf(token, place)), now));
  };
  return (net.readers.get(place) ?? []).find(waits) ?? null;
}

/** The tokens that the arc would take first, or why there are not enough. */
function inputReasons(
  context: Context,
  transition: CompiledTransition,
  input: CompiledInput,
  bound: Bound,
  instance: string | null,
): { tokens: Token[] } | Reason[] {
  const { state, now } = context;
  const { place } = input.arc;
  const all = [...(state.places.get(place)?.values() ?? [])].filter(({ token }) => instance === null || token.instance === instance);
  const taken = new Set(bound.flatMap(({ tokens }) => tokens.map(({ id }) => id)));
  const scope = inputScope(bound);
  const want = wantedOf(input, scope, now);
  if (want === null) return [{ code: "take", place, text: `how many it takes of ${place} cannot be said` }];
  if (all.length === 0 && want > 0) return [{ code: "no-token", place, text: `nothing lies in ${place}`, have: 0, want }];
  const free: Token[] = [];
  const left: Reason[] = [];
  for (const placed of all) {
    if (taken.has(placed.token.id)) continue;
    const reason = tokenReason(context, transition, input, placed, bound) ?? otherGroup(input, placed.token, bound, now);
    if (reason) left.push(reason);
    else free.push(placed.token);
  }
  if (free.length >= want) return { tokens: bindsMany(input) && input.take === "all" ? free : free.slice(0, Math.max(want, 1)) };
  if (free.length > 0 && input.batch) {
    const first = Math.min(...free.map(({ id }) => waitingSince(state.places.get(place)?.get(id))));
    const until = isoTime(first + input.batch.within);
    return [
      {
        code: "batch",
        place,
        have: free.length,
        want,
        until,
        text: `${free.length} of ${want} lie in ${place}; they go together at ${until} at the latest`,
      },
    ];
  }
  const group = input.gather ? ` of its group` : "";
  const code = want > 1 ? "partial-group" : "no-token";
  const text = `${free.length} of ${want}${group} ${free.length === 1 ? "lies" : "lie"} free in ${place}`;
  return [
    ...(want > 1 || left.length === 0 ? [{ code, place, have: free.length, want, text } satisfies Reason] : []),
    ...left.slice(0, MOST),
    ...more(left, place),
  ];
}

function more(left: Reason[], place: string): Reason[] {
  return left.length > MOST ? [{ code: "other", place, text: `${left.length - MOST} more in ${place} are left for like reasons` }] : [];
}

function wantedOf(input: CompiledInput, scope: Scope, now: number): number | null {
  if (input.batch) return input.batch.size;
  if (input.take === "all" && !input.gather) return 1;
  try {
    const value = input.gather
      ? input.gather.count.evaluate(scope, now)
      : typeof input.take === "object"
        ? input.take.render(scope, now)
        : input.take;
    return value === "all" ? 1 : typeof value === "number" ? value : null;
  } catch {
    return null;
  }
}

function otherGroup({ gather, arc }: CompiledInput, token: Token, bound: Bound, now: number): Reason | null {
  const [first] = bound;
  const anchor = first?.tokens[0];
  if (!gather || !first || !anchor) return null;
  const scope = inputScope(bound);
  const key = gather.equals
    ? gather.equals.evaluate(scope, now)
    : gather.by.evaluate(inputScope(bound, { $: boundOf(anchor, first.place) }), now);
  const own = gather.by.evaluate(scopeOfToken(boundOf(token, arc.place), scope), now);
  if (JSON.stringify(own) === JSON.stringify(key)) return null;
  const text = `${token.id} belongs to the group ${JSON.stringify(own ?? null)}, not to ${JSON.stringify(key ?? null)}`;
  return { code: "partial-group", token: token.id, place: arc.place, text };
}

function emptyBehind(state: NetState, inputs: CompiledInput[]): Reason[] {
  return inputs
    .filter(({ arc }) => (state.places.get(arc.place)?.size ?? 0) === 0)
    .map(({ arc }) => ({ code: "no-token", place: arc.place, text: `nothing lies in ${arc.place}`, have: 0 }));
}

function scheduleReason({ state, now }: Context, transition: CompiledTransition): Reason[] {
  if (!transition.schedule || dueOccurrence(state, transition, now)) return [];
  const last = state.schedules.get(transition.id)?.last;
  const next = last === undefined ? null : transition.schedule.next(last);
  const until = next === null ? {} : { until: isoTime(next) };
  return [{ code: "schedule", ...until, text: next === null ? "its schedule has no further time" : `its schedule says ${isoTime(next)}` }];
}

function inhibitReasons(found: ReturnType<typeof forbidding>): Reason[] {
  return found.map(({ watch: { place, limit, where }, have }): Reason => {
    const which = where ? ` that meet \`${where.text}\`` : "";
    const such = `${have}${where ? " such" : ""} ${have === 1 ? "lies" : "lie"} there`;
    const text =
      limit === 1
        ? `it fires only while no token${which.replace("that meet", "that meets")} lies in ${place}; ${such}`
        : `it fires only while fewer than ${limit} tokens${which} lie in ${place}; ${such}`;
    return { code: "inhibit", place, have, want: limit, text };
  });
}

/** Groups of a join that have something, and not all. Of a `gather` its arc has told. */
function groupReasons({ state, net, now }: Context, { id, inputs }: CompiledTransition): Reason[] {
  if (!inputs.some(({ correlate }) => correlate !== null)) return [];
  const { groups } = partialGroups(state, net, now, { only: id, most: MOST });
  return groups.map((group): Reason => {
    const have = group.inputs.filter((input) => input.have >= input.wanted).length;
    return { code: "partial-group", have, want: group.inputs.length, text: `a group waits for more, ${groupWords(group)}` };
  });
}

function valuesOf(expression: CompiledExpression, scope: Scope, now: number): { [path: string]: Json } {
  const values: { [path: string]: Json } = {};
  for (const { text } of expression.paths) {
    try {
      values[text] = compileExpression(text).evaluate(scope, now) ?? null;
    } catch {
      values[text] = null;
    }
  }
  return values;
}

function shown(values: { [path: string]: Json }): string {
  const parts = Object.entries(values).map(([path, value]) => `${path} is ${cut(JSON.stringify(value))}`);
  return parts.length > 0 ? parts.join(", ") : "it names no value";
}
function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
