/**
 * Forking: the events with which a net begins as another net was at a moment. The fork's state is the fold of its own log (E1):
 * the tokens stand whole in these events, with their ids, and so does what else of the parent's state still has a meaning.
 *
 * F1 What was under way is not taken along: its tokens are free again, gates are asked anew, and what a reader had only begun on
 * counts as not read. F2 Keys of `put` and letters belong to the parent's doors. F3 Nothing fires until a definition follows.
 */
import { CATEGORY_OF, type EventDraft, type PlacedToken } from "../contract/event.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { IN_TRANSIT } from "./built-in-places.ts";
import type { CrystalRecord, ForkOrigin } from "./records.ts";
import type { NetState } from "./state.ts";

/** Letters of JSON in one event. */
const PART = 150_000;

/** Places are filled in the parent's order. `replaced`: places whose tokens are others now. */
export function forkDrafts(parent: NetState, origin: ForkOrigin, replaced: Map<string, PlacedToken[]>): EventDraft[] {
  const parts = [...partsOf(parent, replaced)];
  return parts.map((part, at): EventDraft => {
    const { produced, ...carried } = part;
    return {
      category: CATEGORY_OF.forked,
      type: "forked",
      status: "info",
      summary: `${origin.by} forked ${origin.net} after its event ${origin.seq}${parts.length > 1 ? `, part ${at + 1} of ${parts.length}` : ""}.`,
      ...(produced ? { produced } : {}),
      attributes: { origin: { ...origin }, part: at + 1, parts: parts.length, carried: carried as JsonObject },
    };
  });
}

interface Part {
  produced?: PlacedToken[];
  seen?: { [transition: string]: string[] };
  authors?: { [correlation: string]: string };
  /** What became of rules: one that was demoted stays so. */
  crystals?: { [transition: string]: CrystalRecord };
  paused?: boolean;
}

function* partsOf(parent: NetState, replaced: Map<string, PlacedToken[]>): Generator<Part> {
  yield { paused: parent.paused };
  for (const tokens of slices(tokensOf(parent, replaced))) yield { produced: tokens };
  for (const [transition, ids] of seenOf(parent)) for (const slice of slices(ids)) yield { seen: { [transition]: slice } };
  for (const [transition, record] of parent.crystals) yield { crystals: { [transition]: { ...record, notice: null, said: null } } };
  for (const authors of slices([...parent.authors])) yield { authors: Object.fromEntries(authors) };
}

function tokensOf(parent: NetState, replaced: Map<string, PlacedToken[]>): PlacedToken[] {
  const places = new Set([...parent.places.keys(), ...replaced.keys()]);
  // What is on its way to another net is the parent's to deliver.
  places.delete(IN_TRANSIT);
  // With its firing, an instance of a sub-net is not taken along: it begins anew.
  const atRest = (place: string) => [...(parent.places.get(place)?.values() ?? [])].filter(({ token }) => token.instance === undefined);
  return [...places].flatMap((place) => replaced.get(place) ?? atRest(place).map(({ token }) => ({ place, token })));
}

/** F1. */
function seenOf(parent: NetState): [string, string[]][] {
  const begun = new Map<string, Set<string>>();
  for (const { transition, consumed, read } of parent.firings.values()) {
    if (consumed.length > 0) continue;
    const ids = begun.get(transition) ?? new Set<string>();
    for (const { id } of read) ids.add(id);
    begun.set(transition, ids);
  }
  return [...parent.seen].map(([transition, ids]) => [transition, [...ids].filter((id) => !begun.get(transition)?.has(id))]);
}

function slices<T>(all: T[]): T[][] {
  const found: T[][] = [];
  let slice: T[] = [];
  let letters = 0;
  for (const one of all) {
    const size = JSON.stringify(one).length;
    if (letters + size > PART && slice.length > 0) {
      found.push(slice);
      slice = [];
      letters = 0;
    }
    slice.push(one);
    letters += size;
  }
  if (slice.length > 0) found.push(slice);
  return found;
}

/** The other side: what the fold takes of such an event beside its tokens. */
export function takeCarried(state: NetState, attributes: { [name: string]: Json }): void {
  const carried = (attributes.carried ?? {}) as unknown as Part;
  state.origin = attributes.origin as unknown as ForkOrigin;
  if (carried.paused !== undefined) state.paused = carried.paused;
  for (const [transition, record] of Object.entries(carried.crystals ?? {})) state.crystals.set(transition, record);
  for (const [correlation, by] of Object.entries(carried.authors ?? {})) state.authors.set(correlation, by);
  for (const [transition, ids] of Object.entries(carried.seen ?? {})) {
    const seen = state.seen.get(transition) ?? new Set<string>();
    for (const id of ids) seen.add(id);
    state.seen.set(transition, seen);
  }
}
