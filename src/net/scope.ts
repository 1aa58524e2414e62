/**
 * What the names in an expression stand for: inputs by their `as` names, `$` the token under test, and
 * `$result`, `$item`, `$index`, `$error`. A name carries its data and, for tokens, the envelope behind `$meta`.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";

export interface Bound {
  readonly data: Json;
  /** The envelope of a token; null for what is no token, like `$result`. */
  readonly meta: JsonObject | null;
}

export interface Scope {
  /** An array for an input that binds other than one token. */
  get(name: string): Bound | Bound[] | undefined;
}

/** A scope of the given names, laid over `parent` if there is one. */
export function scopeOf(entries: Record<string, Bound | Bound[]>, parent?: Scope): Scope {
  // Own names only, because a record would answer for `constructor` too.
  return { get: (name) => (Object.hasOwn(entries, name) ? entries[name] : parent?.get(name)) };
}

/** A scope in which `$` is this, laid over `parent` if there is one. */
export function scopeOfToken(token: Bound, parent?: Scope): Scope {
  return { get: (name) => (name === "$" ? token : parent?.get(name)) };
}

/** The `$meta` of a token: `{id, at, by, correlation, place}`; in outputs also how many transitions have read it. */
export function metaOf(token: Token, place: string, readers?: number): JsonObject {
  const { id, at, by, correlation, instance } = token;
  const meta: JsonObject = instance === undefined ? { id, at, by, correlation, place } : { id, at, by, correlation, place, instance };
  if (readers !== undefined) meta.readers = readers;
  return meta;
}

/** How many transitions have read a token, by its id. */
export type ReadersOf = (token: string) => number;

/** A token at rest in a place, as a scope takes it. */
export function boundOf(token: Token, place: string, readers?: ReadersOf): Bound {
  return new BoundToken(token, place, readers);
}

/** Its envelope is made when somebody asks: most conditions look at the data alone, and there is one for each candidate. */
class BoundToken implements Bound {
  readonly #token: Token;
  readonly #place: string;
  readonly #readers: ReadersOf | undefined;

  constructor(token: Token, place: string, readers: ReadersOf | undefined) {
    this.#token = token;
    this.#place = place;
    this.#readers = readers;
  }
  get data(): Json {
    return this.#token.data;
  }
  get meta(): JsonObject {
    return metaOf(this.#token, this.#place, this.#readers?.(this.#token.id));
  }
}

/** Tokens of one input, as a scope takes them. */
export interface InputTokens {
  name: string;
  /** The name stands for an array. */
  many: boolean;
  place: string;
  tokens: Token[];
  readers?: ReadersOf;
}

/** Inputs by their names, over `extra`. What stands behind a name is made when somebody asks for it. */
export class InputScope implements Scope {
  readonly #inputs: readonly InputTokens[];
  /** A search goes on to bind more behind these. */
  readonly #count: number;
  readonly #extra: Record<string, Bound>;
  readonly #known: (Bound | Bound[] | undefined)[] = [];

  constructor(inputs: readonly InputTokens[], extra: Record<string, Bound>) {
    this.#inputs = inputs;
    this.#count = inputs.length;
    this.#extra = extra;
  }

  get(name: string): Bound | Bound[] | undefined {
    for (let at = this.#count - 1; at >= 0; at -= 1) {
      const input = this.#inputs[at];
      if (input?.name !== name) continue;
      this.#known[at] ??= boundTokens(input);
      if (this.#known[at]) return this.#known[at];
    }
    // Own names only, because a record would answer for `constructor` too.
    return Object.hasOwn(this.#extra, name) ? this.#extra[name] : undefined;
  }
}

/** Undefined for an input that has bound nothing. */
function boundTokens({ many, place, tokens, readers }: InputTokens): Bound | Bound[] | undefined {
  if (many) return tokens.map((token) => boundOf(token, place, readers));
  return tokens[0] && boundOf(tokens[0], place, readers);
}
