/**
 * A state as it was at one moment, while the net goes on: for checkpoints and hashes, made between two decisions.
 *
 * Z1 Nothing in it changes when the state does. Tokens and what a put was answered are never changed once they are made, so
 * they are shared; the rest is copied. Z2 The long parts are lists, since to copy a map of 100,000 tokens costs ten times as much.
 */
import type { Token } from "../contract/token.ts";
import { emptyState, type NetState, type OpenFiring, type Origin, type Placed } from "./state.ts";

export interface FrozenPlace {
  place: string;
  tokens: Token[];
  /** The firing that holds the token of the same index, or null. */
  holders: (string | null)[];
  /** When each came there; null where that is not known. */
  since: (number | null)[];
  /** What failures left; empty where none is among them. */
  origins: (Origin | null)[];
}
export interface FrozenMap {
  field: "puts" | "authors";
  keys: string[];
  values: unknown[];
}
export interface FrozenState {
  /** Every other field of the state. */
  rest: Partial<NetState>;
  places: FrozenPlace[];
  maps: FrozenMap[];
}

export function freeze(state: NetState): FrozenState {
  const { places, firings, puts, authors, ...rest } = state;
  return {
    rest: { ...(copied(rest) as typeof rest), firings: frozenFirings(firings) },
    places: [...places].map(([place, tokens]) => frozenPlace(place, tokens)),
    maps: [
      { field: "puts", keys: [...puts.keys()], values: [...puts.values()] },
      { field: "authors", keys: [...authors.keys()], values: [...authors.values()] },
    ],
  };
}

/** The state again. It takes over what the frozen one holds: thaw once. */
export function thaw(net: string, { rest, places, maps }: FrozenState): NetState {
  const state = { ...emptyState(net), ...rest };
  for (const place of places) putBack(state, place);
  for (const map of maps) putBackMap(state, map);
  return state;
}

/** Also piece by piece: a place's later tokens stand behind its earlier ones. Checkpoints of older versions lack the last two. */
export function putBack(state: NetState, piece: Omit<FrozenPlace, "since" | "origins"> & Partial<FrozenPlace>): void {
  const { place, tokens, holders, since, origins } = piece;
  const placed = state.places.get(place) ?? new Map<string, Placed>();
  for (const [at, token] of tokens.entries()) {
    const one: Placed = { token, reservedBy: holders[at] ?? null };
    const came = since?.[at];
    if (typeof came === "number") one.since = came;
    const origin = origins?.[at];
    if (origin) one.origin = origin;
    placed.set(token.id, one);
  }
  state.places.set(place, placed);
}
export function putBackMap(state: NetState, { field, keys, values }: FrozenMap): void {
  const map = state[field] as Map<string, unknown>;
  for (const [at, key] of keys.entries()) map.set(key, values[at]);
}

function frozenPlace(place: string, placed: Map<string, Placed>): FrozenPlace {
  const frozen: FrozenPlace = { place, tokens: [], holders: [], since: [], origins: [] };
  for (const { token, reservedBy, since, origin } of placed.values()) {
    if (origin) frozen.origins[frozen.tokens.length] = origin;
    frozen.tokens.push(token);
    frozen.holders.push(reservedBy);
    frozen.since.push(since ?? null);
  }
  // Without holes.
  if (frozen.origins.length > 0) frozen.origins = frozen.tokens.map((_, at) => frozen.origins[at] ?? null);
  return frozen;
}

function frozenFirings(firings: NetState["firings"]): NetState["firings"] {
  const copy: NetState["firings"] = new Map();
  for (const [id, firing] of firings) {
    const { readTokens, ...rest } = firing;
    copy.set(id, { ...(copied(rest) as Omit<OpenFiring, "readTokens">), readTokens: [...readTokens] });
  }
  return copy;
}

/** Fields that come with later versions are copied deep: nobody has to think of this file. */
function copied(value: unknown): unknown {
  if (value instanceof Map) return copiedMap(value);
  if (value instanceof Set) return new Set(value);
  if (Array.isArray(value)) return value.map(copied);
  if (value === null || typeof value !== "object") return value;
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) copy[key] = copied(each);
  return copy;
}

function copiedMap(map: Map<unknown, unknown>): Map<unknown, unknown> {
  const copy = new Map(map);
  for (const [key, each] of map) if (typeof each === "object" && each !== null) copy.set(key, copied(each));
  return copy;
}
