/**
 * Binding: which tokens a transition would take now. Arcs bind in order, each may refer to the ones before it; the first
 * combination that meets every `where`, `gather`, `take`, `batch`, `correlate` and the guard wins, tokens in order of arrival
 * or of `orderBy`.
 *
 * B1 A token held by a firing is bound by nobody, but may still be read.
 * B2 Read comes before consume: a token is consumable once every read-only transition whose `where` matches has started on it.
 * B3 A search is bounded: after `MAX_TRIES` combinations the transition counts as not enabled.
 * B4 No token is bound twice by one firing. B5 A firing that consumes nothing reads something that it has not read before, or
 * stands for a time of its schedule: otherwise it would be the same firing again, for ever.
 * B6 Correlated inputs share one key; a token without one joins nothing. B7 A delay holds for whatever is bound.
 * B8 Tokens that are held in memory, while the result of a firing is worked out before its one event, are bound by nobody else;
 * the log knows nothing of it, so whoever holds them looks again at the end.
 * B9 Inside a sub-net with instances all tokens of a firing belong to one.
 */
import type { PlacedId } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import { TAKE_ALL_LIMIT, type Token } from "../contract/token.ts";
import { sortByOrder } from "./arcql.ts";
import { bindsMany, type CompiledInput, type CompiledNet, type CompiledTransition } from "./compiled-net.ts";
import { keyOfToken, leastOf } from "./correlation.ts";
import { INSTANCE_KEY } from "./instances.ts";
import { type MarkingIndex, markingIndex } from "./marking-index.ts";
import type { Occurrence } from "./schedule.ts";
import { type Bound, boundOf, InputScope, type InputTokens, type Scope, scopeOfToken } from "./scope.ts";
import { type NetState, type Placed, waitingSince } from "./state.ts";
import type { CompiledTemplate } from "./template.ts";
import { NONE, type TokenLine } from "./token-line.ts";
import { forbidsAlone, forbidsWith, sweptBy } from "./watches.ts";

const MAX_TRIES = 10_000;

export interface Binding {
  inputs: { name: string; place: string; mode: "consume" | "read"; many: boolean; tokens: Token[] }[];
  /** What reset arcs take out besides. */
  swept: PlacedId[];
  /** The time of the schedule that it stands for. */
  occurrence: Occurrence | null;
}

/** What holds a token against being read twice by one transition. */
function readHold(transition: string, token: string): string {
  return `${transition} ${token}`;
}

/** B8. Takes the tokens of a binding out of what can be bound; ends with `release`. */
export function hold(state: NetState, transition: CompiledTransition, binding: Binding): void {
  const { held } = markingIndex(state);
  for (const key of holds(transition, binding)) held.add(key);
}
export function release(state: NetState, transition: CompiledTransition, binding: Binding): void {
  const { held } = markingIndex(state);
  for (const key of holds(transition, binding)) held.delete(key);
}
function holds(transition: CompiledTransition, binding: Binding): string[] {
  if (transition.readsOnly) return readBy(binding).map(({ id }) => readHold(transition.id, id));
  return placed(binding, "consume").map(({ id }) => id);
}

/**
 * The same binding as it stands now, or null when it does not hold any more: a person, time or a reset may have taken a held token
 * away, an inhibitor may have come. What reset arcs sweep is what lies there at the end.
 */
export function stillBound(state: NetState, transition: CompiledTransition, binding: Binding, now: number): Binding | null {
  const at = ({ place, id }: PlacedId) => state.places.get(place)?.get(id);
  const seen = transition.readsOnly && !binding.occurrence ? state.seen.get(transition.id) : undefined;
  if (!placed(binding, "consume").every((one) => at(one)?.reservedBy === null)) return null;
  if (!readBy(binding).every((one) => at(one) && !seen?.has(one.id))) return null;
  const last = binding.occurrence && state.schedules.get(transition.id)?.last;
  if (binding.occurrence && (last === null || last === undefined || last >= binding.occurrence.at)) return null;
  const scope = inputScope(binding.inputs);
  const tokens = binding.inputs.flatMap((input) => input.tokens);
  const instance = transition.within === null ? null : (tokens[0]?.instance ?? null);
  if (forbidsAlone(state, transition, instance, now) || forbidsWith(state, transition, scope, instance, now)) return null;
  if (transition.resets.length === 0) return binding;
  return { ...binding, swept: sweptBy(state, transition, { inputs: scope, bound: tokens, instance }, now) };
}

/** `upTo`: tokens of later events count as not there yet. */
export function findBinding(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  now: number,
  upTo = Number.POSITIVE_INFINITY,
): Binding | null {
  const occurrence = dueOccurrence(state, transition, now);
  if (transition.schedule && !occurrence) return null;
  const index = markingIndex(state);
  for (const instance of transition.within === null ? [null] : instancesFor(index, transition)) {
    if (forbidsAlone(state, transition, instance, now)) continue;
    const search: Search = { state, index, net, transition, now, upTo, occurrence, instance, tries: 0, bound: [], key: undefined };
    if (extend(search, 0)) return { inputs: search.bound, swept: sweep(search), occurrence };
  }
  return null;
}

function sweep({ state, transition, bound, instance, now }: Search): PlacedId[] {
  if (transition.resets.length === 0) return [];
  const tokens = bound.flatMap((input) => input.tokens);
  return sweptBy(state, transition, { inputs: inputScope(bound), bound: tokens, instance }, now);
}

/** The time of its schedule that a transition has yet to fire for. */
export function dueOccurrence(state: NetState, { id, schedule }: CompiledTransition, now: number): Occurrence | null {
  const last = schedule ? state.schedules.get(id)?.last : undefined;
  return schedule && last !== undefined ? schedule.due(last, now) : null;
}

/** B9. The instances that have tokens where the fewest tokens lie, in order of arrival. */
function* instancesFor(index: MarkingIndex, transition: CompiledTransition): Generator<string> {
  const lines = transition.inputs.map(({ arc }) => index.place(arc.place).line(arc.mode === "read" ? "all" : "free", null));
  const needed = lines.filter((_, at) => transition.inputs[at]?.take === 1 && !transition.inputs[at]?.gather);
  if (lines.length === 0) return;
  const shortest = (needed.length > 0 ? needed : lines).reduce((least, line) => (line.size < least.size ? line : least));
  const found = new Set<string>();
  for (let slot = shortest.head; slot !== NONE; slot = shortest.next(slot)) {
    const { instance } = shortest.placed(slot).token;
    if (instance === undefined || found.has(instance)) continue;
    found.add(instance);
    yield instance;
  }
}

const NO_EXTRA: Record<string, Bound> = {};

/** The scope in which guards, templates and output arcs see the inputs. */
export function inputScope(inputs: InputTokens[], extra: Record<string, Bound> = NO_EXTRA): Scope {
  return new InputScope(inputs, extra);
}

/** What a reset arc takes stands last. */
export function consumedBy(binding: Binding): PlacedId[] {
  const bound = placed(binding, "consume");
  return binding.swept.length > 0 ? [...bound, ...binding.swept] : bound;
}
export function readBy(binding: Binding): PlacedId[] {
  return placed(binding, "read");
}
function placed(binding: Binding, mode: "consume" | "read"): PlacedId[] {
  const [first] = binding.inputs;
  // What is pushed to has room for sixteen more, and open firings keep this list.
  if (binding.inputs.length === 1 && first?.tokens.length === 1)
    return first.mode === mode ? [{ place: first.place, id: first.tokens[0]?.id ?? "" }] : [];
  const found: PlacedId[] = [];
  for (const input of binding.inputs) {
    if (input.mode !== mode) continue;
    for (const { id } of input.tokens) found.push({ place: input.place, id });
  }
  return found;
}

interface Search {
  state: NetState;
  index: MarkingIndex;
  net: CompiledNet;
  transition: CompiledTransition;
  now: number;
  upTo: number;
  occurrence: Occurrence | null;
  /** Only tokens of this instance of a sub-net; null where there are none. */
  instance: string | null;
  tries: number;
  bound: Binding["inputs"];
  /** Of the correlated inputs bound so far. */
  key: Json | undefined;
}

function extend(search: Search, at: number): boolean {
  const input = search.transition.inputs[at];
  if (!input) return guardHolds(search);
  const count = wanted(search, input);
  if (count === null) return false;
  const { key } = search;
  if (bindsMany(input) || input.order || (input.correlate && key === undefined)) {
    for (const tokens of groupsFor(search, input, count)) if (extendWith(search, at, input, tokens)) return true;
    return false;
  }
  // One token of one list, in its order: what most arcs want, and without a generator at each step.
  const wants = wantsOf(search, input, key);
  const { line } = wants;
  for (let slot = line.head; slot !== NONE && search.tries <= MAX_TRIES; slot = line.next(slot)) {
    // What comes behind it came later still.
    if (line.seq(slot) > search.upTo) break;
    if (fits(search, input, wants, slot) && extendWith(search, at, input, [line.placed(slot).token])) return true;
  }
  return false;
}

function extendWith(search: Search, at: number, input: CompiledInput, tokens: Token[]): boolean {
  if (search.tries++ > MAX_TRIES) return false;
  const { key } = search;
  const { arc, name } = input;
  search.bound.push({ name, place: arc.place, mode: arc.mode === "read" ? "read" : "consume", many: bindsMany(input), tokens });
  if (input.correlate && key === undefined && tokens[0]) search.key = keyOfToken(input, tokens[0]);
  if (extend(search, at + 1)) return true;
  search.bound.pop();
  search.key = key;
  return false;
}

/** One by one where one token is wanted, so that a long queue is looked at no further than needed. */
function* groupsFor(search: Search, input: CompiledInput, count: number | "all"): Generator<Token[]> {
  const candidates = candidatesFor(search, input, search.key);
  const ordered = input.order ? sortByOrder(input.order, [...candidates], input.arc.place, search.now) : candidates;
  if (!bindsMany(input)) {
    for (const token of ordered) yield [token];
  } else if (input.correlate && search.key === undefined) yield* groupsByKey(search, input, ordered, count);
  else yield* wholeGroup(search, input, ordered, count);
}

/** Of the first correlated input that takes many: whole groups, by the order of their first tokens. */
function* groupsByKey(search: Search, input: CompiledInput, tokens: Iterable<Token>, count: number | "all"): Generator<Token[]> {
  const seen = new Set<string>();
  for (const token of tokens) {
    const key = keyOfToken(input, token);
    const text = JSON.stringify(key);
    if (seen.has(text)) continue;
    seen.add(text);
    const same = candidatesFor(search, input, key);
    const ordered = input.order ? sortByOrder(input.order, [...same], input.arc.place, search.now) : same;
    yield* wholeGroup(search, input, ordered, count);
  }
}

function wholeGroup(search: Search, input: CompiledInput, tokens: Iterable<Token>, count: number | "all"): Token[][] {
  const most = count === "all" ? TAKE_ALL_LIMIT : count;
  const group: Token[] = [];
  if (most > 0) {
    for (const token of tokens) {
      group.push(token);
      if (group.length >= most) return [group];
    }
  }
  if (count === 0) return [group];
  const isEnough = group.length > 0 && (count === "all" || batchIsLate(search, input, group));
  return isEnough ? [group] : [];
}

function batchIsLate({ state, now }: Search, { arc, batch }: CompiledInput, group: Token[]): boolean {
  if (!batch) return false;
  const placed = state.places.get(arc.place);
  return group.some(({ id }) => now - waitingSince(placed?.get(id)) >= batch.within);
}

/** How many tokens the arc takes, or null while that cannot be said. */
function wanted(search: Search, input: CompiledInput): number | "all" | null {
  if (input.batch) return input.batch.size;
  const value: Json | undefined = input.gather
    ? input.gather.count.evaluate(inputScope(search.bound), search.now)
    : typeof input.take === "object"
      ? rendered(input.take, inputScope(search.bound), search.now)
      : input.take;
  if (value === "all") return "all";
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

/** A template that cannot be rendered says no number: the transition is not enabled, and nothing fails for it. */
function rendered(template: CompiledTemplate, scope: Scope, now: number): Json | undefined {
  try {
    return template.render(scope, now);
  } catch {
    return undefined;
  }
}

/** With a `key`, those that share it. */
function* candidatesFor(search: Search, input: CompiledInput, key: Json | undefined): Generator<Token> {
  const wants = wantsOf(search, input, key);
  const { line } = wants;
  const slots = input.correlate && key === undefined ? joinable(search, input, line) : slotsOf(line);
  for (const slot of slots) if (fits(search, input, wants, slot)) yield line.placed(slot).token;
}

/** What a token must meet, worked out once for all that are looked at. */
interface Wants {
  line: TokenLine;
  earlier: Scope | undefined;
  gatherKey: Json | undefined;
  joinKey: Json | undefined;
}

function wantsOf(search: Search, input: CompiledInput, joinKey: Json | undefined): Wants {
  const gatherKey = input.gather ? groupKey(search, input) : undefined;
  const earlier = input.where !== null || input.gather !== null ? inputScope(search.bound) : undefined;
  return { line: lineFor(search, input, earlier, gatherKey, joinKey), earlier, gatherKey, joinKey };
}

function fits(search: Search, input: CompiledInput, { line, earlier, gatherKey, joinKey }: Wants, slot: number): boolean {
  const { where, gather, correlate, arc } = input;
  const placed = line.placed(slot);
  const { token } = placed;
  if (search.instance !== null && token.instance !== search.instance) return false;
  if (line.seq(slot) > search.upTo || isBound(search, arc.place, token)) return false;
  if (!available(search, placed, arc.place, arc.mode === "read")) return false;
  if (correlate && joinKey !== undefined && !sameKey(keyOfToken(input, token), joinKey)) return false;
  if (where === null && gather === null) return true;
  const scope = scopeOfToken(boundOf(token, arc.place), earlier);
  return (where === null || where.test(scope, search.now)) && (!gather || sameKey(gather.by.evaluate(scope, search.now), gatherKey));
}

function* slotsOf(line: TokenLine): Generator<number> {
  for (let slot = line.head; slot !== NONE; slot = line.next(slot)) yield slot;
}

/**
 * B6. Of the first correlated input, in order of arrival, the tokens for whose key every other one may have enough. As many are
 * looked at one by one as the shortest of the others holds; if more are needed, its keys say which ones are left.
 */
function* joinable(search: Search, input: CompiledInput, line: TokenLine): Generator<number> {
  const others = search.transition.inputs.filter((other) => other !== input && other.correlate !== null);
  const lines = others.map((other) => ({ other, line: search.index.place(other.arc.place).line(overOf(other), null) }));
  const shortest = lines.reduce<(typeof lines)[number] | null>((best, one) => (best && best.line.size <= one.line.size ? best : one), null);
  const isShared = (key: Json | undefined) =>
    key !== undefined && others.every((other) => linedUp(search, other, key).size >= leastOf(other));
  let looked = 0;
  let slot = line.head;
  for (; slot !== NONE && (shortest === null || looked < shortest.line.size); slot = line.next(slot)) {
    looked += 1;
    if (isShared(keyOfToken(input, line.placed(slot).token))) yield slot;
  }
  if (slot === NONE || shortest === null || shortest.line.size === 0) return;
  const from = line.order(slot);
  const left = new Set<number>();
  for (const other of slotsOf(shortest.line)) {
    const key = keyOfToken(shortest.other, shortest.line.placed(other).token);
    if (!isShared(key)) continue;
    for (const own of slotsOf(linedUp(search, input, key))) if (line.order(own) >= from) left.add(own);
  }
  yield* [...left].sort((a, b) => line.order(a) - line.order(b));
}

/** The tokens of an input with this key, and perhaps some of another one. */
function linedUp({ index }: Search, input: CompiledInput, key: Json | undefined): TokenLine {
  return index.place(input.arc.place).line(overOf(input), input.correlate, key);
}

function overOf({ arc }: CompiledInput): "free" | "all" {
  return arc.mode === "read" ? "all" : "free";
}

/** The shortest list that holds every candidate. */
function lineFor(
  search: Search,
  input: CompiledInput,
  earlier: Scope | undefined,
  wantedKey: Json | undefined,
  joinKey: Json | undefined,
): TokenLine {
  const index = search.index.place(input.arc.place);
  const over = overOf(input);
  let best = input.gatherKey && input.gather ? index.line(over, input.gatherKey, wantedKey) : null;
  if (input.correlate && joinKey !== undefined) best = linedUp(search, input, joinKey);
  if (search.instance !== null) {
    const own = index.line(over, INSTANCE_KEY, search.instance);
    if (best === null || own.size < best.size) best = own;
  }
  for (const { key, value } of input.lookups) {
    const line = index.line(over, key, earlier && value.evaluate(earlier, search.now));
    if (best === null || line.size < best.size) best = line;
  }
  return best ?? index.line(over, null);
}

/** B4. */
function isBound(search: Search, place: string, token: Token): boolean {
  return search.bound.length > 0 && search.bound.some((bound) => bound.place === place && bound.tokens.includes(token));
}

/** A gather's key, as the arc says it or as its first input gives it. */
function groupKey(search: Search, input: CompiledInput): Json | undefined {
  const { by, equals } = input.gather ?? { by: null, equals: null };
  if (equals) return equals.evaluate(inputScope(search.bound), search.now);
  const first = search.bound[0];
  const token = first?.tokens[0];
  return first && token ? by?.evaluate(inputScope(search.bound, { $: boundOf(token, first.place) }), search.now) : undefined;
}
function sameKey(a: Json | undefined, b: Json | undefined): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function available(search: Search, entry: Placed, place: string, reading: boolean): boolean {
  // B7.
  const { index, transition, state, now } = search;
  if (transition.delay > 0 && now - waitingSince(entry) < transition.delay) return false;
  // B8.
  if (!reading) return entry.reservedBy === null && !index.held.has(entry.token.id) && readersHaveStarted(search, entry.token, place);
  if (!transition.readsOnly) return true;
  return !state.seen.get(transition.id)?.has(entry.token.id) && !index.held.has(readHold(transition.id, entry.token.id));
}

/** B2. A reader whose `where` needs more than the token itself is not waited for. */
function readersHaveStarted(search: Search, token: Token, place: string): boolean {
  for (const id of search.net.readers.get(place) ?? []) {
    if (search.state.seen.get(id)?.has(token.id)) continue;
    const reader = search.net.transitions.get(id);
    const arcs = reader?.inputs.filter((input) => input.arc.place === place) ?? [];
    const matches = arcs.some(({ where }) => where === null || where.test(scopeOfToken(boundOf(token, place)), search.now));
    if (matches) return false;
  }
  return true;
}

/** B5. */
function isNew(search: Search): boolean {
  if (search.occurrence || search.bound.some(({ mode, tokens }) => mode === "consume" && tokens.length > 0)) return true;
  const read = search.bound.flatMap(({ tokens }) => tokens);
  const seen = search.state.seen.get(search.transition.id);
  return read.length > 0 && !read.some(({ id }) => seen?.has(id));
}

function guardHolds(search: Search): boolean {
  const { guard, inhibitors } = search.transition;
  if (!isNew(search)) return false;
  if (guard === null && inhibitors.length === 0) return true;
  const scope = inputScope(search.bound);
  if (guard && !guard.test(scope, search.now)) return false;
  return !forbidsWith(search.state, search.transition, scope, search.instance, search.now);
}
