/**
 * Binding: which tokens a transition would take now. Arcs bind in order, each may refer to the ones before it; the first
 * combination that meets every `where`, `gather`, `take` and the guard wins, tokens in order of arrival or of `orderBy`.
 *
 * B1 A token held by a firing is bound by nobody, but may still be read.
 * B2 Read comes before consume: a token is consumable once every read-only transition whose `where` matches has started on it.
 * B3 A search is bounded: after `MAX_TRIES` combinations the transition counts as not enabled.
 * B4 No token is bound twice by one firing. B5 A firing that consumes nothing reads something that it has not read before:
 * otherwise it would be the same firing again, for ever.
 */
import type { PlacedId } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import { TAKE_ALL_LIMIT, type Token } from "../contract/token.ts";
import { sortByOrder } from "./arcql.ts";
import type { CompiledInput, CompiledNet, CompiledTransition } from "./compiled-net.ts";
import { type MarkingIndex, markingIndex } from "./marking-index.ts";
import { type Bound, boundOf, type Scope, scopeOf, scopeOfToken } from "./scope.ts";
import type { NetState, Placed } from "./state.ts";
import type { CompiledTemplate } from "./template.ts";
import type { TokenLine } from "./token-line.ts";

const MAX_TRIES = 10_000;

export interface Binding {
  inputs: { name: string; place: string; mode: "consume" | "read"; many: boolean; tokens: Token[] }[];
}

/** `upTo`: tokens of later events count as not there yet. */
export function findBinding(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  now: number,
  upTo = Number.POSITIVE_INFINITY,
): Binding | null {
  const search: Search = { state, index: markingIndex(state), net, transition, now, upTo, tries: 0, bound: [] };
  return extend(search, 0) ? { inputs: search.bound } : null;
}

/** The scope in which guards, templates and output arcs see the inputs. */
export function inputScope(
  inputs: { name: string; many: boolean; place: string; tokens: Token[] }[],
  extra: Record<string, Bound> = {},
): Scope {
  const entries: Record<string, Bound | Bound[]> = { ...extra };
  for (const { name, many, place, tokens } of inputs) {
    const [first] = tokens;
    if (many) entries[name] = tokens.map((token) => boundOf(token, place));
    else if (first) entries[name] = boundOf(first, place);
  }
  return scopeOf(entries);
}

export function consumedBy(binding: Binding): PlacedId[] {
  return placed(binding, "consume");
}
export function readBy(binding: Binding): PlacedId[] {
  return placed(binding, "read");
}
function placed(binding: Binding, mode: "consume" | "read"): PlacedId[] {
  return binding.inputs.filter((input) => input.mode === mode).flatMap(({ place, tokens }) => tokens.map(({ id }) => ({ place, id })));
}

interface Search {
  state: NetState;
  index: MarkingIndex;
  net: CompiledNet;
  transition: CompiledTransition;
  now: number;
  upTo: number;
  tries: number;
  bound: Binding["inputs"];
}

function extend(search: Search, at: number): boolean {
  const input = search.transition.inputs[at];
  if (!input) return guardHolds(search);
  const count = wanted(search, input);
  if (count === null) return false;
  for (const tokens of groupsFor(search, input, count)) {
    if (search.tries++ > MAX_TRIES) return false;
    search.bound.push({
      name: input.name,
      place: input.arc.place,
      mode: input.arc.mode === "read" ? "read" : "consume",
      many: isMany(input),
      tokens,
    });
    if (extend(search, at + 1)) return true;
    search.bound.pop();
  }
  return false;
}

/** One by one where one token is wanted, so that a long queue is looked at no further than needed. */
function* groupsFor(search: Search, input: CompiledInput, count: number | "all"): Generator<Token[]> {
  const candidates = candidatesFor(search, input);
  const ordered = input.order ? sortByOrder(input.order, [...candidates], input.arc.place, search.now) : candidates;
  if (isMany(input)) yield* wholeGroup([...ordered], count);
  else for (const token of ordered) yield [token];
}

function wholeGroup(candidates: Token[], count: number | "all"): Token[][] {
  if (count === "all") return candidates.length > 0 ? [candidates.slice(0, TAKE_ALL_LIMIT)] : [];
  return candidates.length >= count ? [candidates.slice(0, count)] : [];
}

function isMany(input: CompiledInput): boolean {
  return input.gather !== null || input.take !== 1;
}

/** How many tokens the arc takes, or null while that cannot be said. */
function wanted(search: Search, input: CompiledInput): number | "all" | null {
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

function* candidatesFor(search: Search, input: CompiledInput): Generator<Token> {
  const { where, gather, arc } = input;
  const reading = arc.mode === "read";
  const wantedKey = gather ? groupKey(search, input) : undefined;
  const tested = where !== null || gather !== null;
  const earlier = tested ? inputScope(search.bound) : undefined;
  for (let node = lineFor(search, input, earlier, wantedKey).head; node !== null; node = node.next) {
    const { placed, seq } = node.slot;
    const { token } = placed;
    if (seq > search.upTo || isBound(search, arc.place, token) || !available(search, placed, arc.place, reading)) continue;
    if (tested) {
      const scope = scopeOfToken(boundOf(token, arc.place), earlier);
      if (where && !where.test(scope, search.now)) continue;
      if (gather && !sameKey(gather.by.evaluate(scope, search.now), wantedKey)) continue;
    }
    yield token;
  }
}

/** The shortest list that holds every candidate. */
function lineFor(search: Search, input: CompiledInput, earlier: Scope | undefined, wantedKey: Json | undefined): TokenLine {
  const index = search.index.place(input.arc.place);
  const over = input.arc.mode === "read" ? "all" : "free";
  let best = input.gatherKey && input.gather ? index.line(over, input.gatherKey, wantedKey) : null;
  for (const { key, value } of input.lookups) {
    const line = index.line(over, key, earlier && value.evaluate(earlier, search.now));
    if (best === null || line.size < best.size) best = line;
  }
  return best ?? index.line(over, null);
}

/** B4. */
function isBound(search: Search, place: string, token: Token): boolean {
  return search.bound.some((bound) => bound.place === place && bound.tokens.includes(token));
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
  if (!reading) return entry.reservedBy === null && readersHaveStarted(search, entry.token, place);
  return !(search.transition.readsOnly && search.state.seen.get(search.transition.id)?.has(entry.token.id));
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
  if (search.bound.some(({ mode, tokens }) => mode === "consume" && tokens.length > 0)) return true;
  const read = search.bound.flatMap(({ tokens }) => tokens);
  const seen = search.state.seen.get(search.transition.id);
  return read.length > 0 && !read.some(({ id }) => seen?.has(id));
}

function guardHolds(search: Search): boolean {
  const { guard } = search.transition;
  if (!isNew(search)) return false;
  return guard === null || guard.test(inputScope(search.bound), search.now);
}
