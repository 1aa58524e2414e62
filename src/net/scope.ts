/**
 * What the names in an expression stand for: inputs by their `as` names, `$` the token under test, and
 * `$result`, `$item`, `$index`, `$error`. A name carries its data and, for tokens, the envelope behind `$meta`.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";

export interface Bound {
  data: Json;
  /** The envelope of a token; null for what is no token, like `$result`. */
  meta: JsonObject | null;
}

export interface Scope {
  /** An array for an input that binds other than one token. */
  get(name: string): Bound | Bound[] | undefined;
}

/** A scope of the given names, laid over `parent` if there is one. */
export function scopeOf(entries: Record<string, Bound | Bound[]>, parent?: Scope): Scope {
  // A map, because a record would answer for `constructor` too.
  const names = new Map(Object.entries(entries));
  return { get: (name) => names.get(name) ?? parent?.get(name) };
}

/** The `$meta` of a token: `{id, at, by, correlation, place}`. */
export function metaOf(token: Token, place: string): JsonObject {
  return { id: token.id, at: token.at, by: token.by, correlation: token.correlation, place };
}

/** A token at rest in a place, as a scope takes it. */
export function boundOf(token: Token, place: string): Bound {
  return { data: token.data, meta: metaOf(token, place) };
}
