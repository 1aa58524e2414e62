/**
 * Routing: which tokens a finished firing produces, and where. A result, or each element of an array in it, goes to the first arc that
 * matches, with `"route": "all"` to every one; what matches nothing is an error and goes where the transition sends its errors.
 */
import type { ErrorData } from "../contract/errors.ts";
import { errorData, Terminal } from "../contract/errors.ts";
import type { PlacedToken } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { ERROR_DEPTH, jsonFlaw } from "../contract/json-limits.ts";
import { inputScope } from "./binding.ts";
import { DEAD_LETTER } from "./built-in-places.ts";
import type { CompiledOutput, CompiledTransition } from "./compiled-net.ts";
import type { Bound, Scope } from "./scope.ts";
import { type WaysOut, waysOut } from "./ways-out.ts";

export interface Provenance {
  net: string;
  firing: string;
  /** ISO time given to the produced tokens. */
  at: string;
  by: string;
  correlation: string;
  /** Where a rule answered. */
  rule?: string;
}
export type BoundInput = Parameters<typeof inputScope>[0][number];

export type Routed = { ok: true; produced: PlacedToken[] } | { ok: false; error: ErrorData };

/** Tokens of a firing that succeeded. */
export function routeResult(transition: CompiledTransition, inputs: BoundInput[], result: Json, from: Provenance, now: number): Routed {
  return attempt(() => route(transition, inputs, "$result", result, from, now, false));
}

const IN_THE_STORE =
  "it made a token larger than 64 KiB and lies in the artefact store: put smaller parts, or split it where it is made, by the each of that step";

/** Tokens of a firing that finally failed: its error arcs, else `onError`, else the dead-letter place. Never throws, never empty. */
export function routeError(
  transition: CompiledTransition,
  inputs: BoundInput[],
  error: ErrorData,
  from: Provenance,
  now: number,
): PlacedToken[] {
  const routed = attempt(() => route(transition, inputs, "$error", { ...error } as Json, from, now, true));
  if (routed.ok && routed.produced.length > 0 && routed.produced.every(({ token }) => !jsonFlaw(token.data, ERROR_DEPTH)))
    return routed.produced;
  const cause = routed.ok || routed.error.code === "no-route" ? error : routed.error;
  const held = inputData(inputs);
  // Failures of failures lay one around the other: at last only the ids of the inputs are told, in the token's provenance.
  const told: JsonObject = jsonFlaw(held, ERROR_DEPTH) ? {} : { inputs: held };
  const data: Json = { error: { ...cause } as Json, transition: transition.id, ...told };
  return [placeToken(transition.definition.onError ?? DEAD_LETTER, data, "error", 0, inputs, transition.id, from)];
}

/** What the inputs held, by name. */
export function inputData(inputs: BoundInput[]): { [name: string]: Json } {
  return Object.fromEntries(
    inputs.map(({ name, many, tokens }): [string, Json] => [name, many ? tokens.map(({ data }) => data) : (tokens[0]?.data ?? null)]),
  );
}

function attempt(make: () => PlacedToken[]): Routed {
  try {
    return { ok: true, produced: make() };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

function route(
  transition: CompiledTransition,
  inputs: BoundInput[],
  name: "$result" | "$error",
  value: Json,
  from: Provenance,
  now: number,
  failed: boolean,
): PlacedToken[] {
  const outputs = transition.outputs.filter(({ arc }) => (arc.error === true) === failed);
  const share = new Shared(transition, inputs, name, value, now);
  const ways = waysOut(outputs, transition.definition.route === "first", {
    holds: (at) => share.holds(outputs[at] as CompiledOutput),
    holdsFor: (at, item) => share.holdsFor(outputs[at] as CompiledOutput, item),
    size: (at) => share.items(outputs[at] as CompiledOutput).length,
  });
  if (ways.left.length > 0 || (ways.nothing && (outputs.length > 0 || failed)))
    throw noRoute(transition, ways.left, outputs, share, failed);
  return ways.taken.flatMap(({ way, item }) => {
    const output = outputs[way] as CompiledOutput;
    const data = item === null ? share.whole(output) : share.item(output, item);
    return copies(output, item ?? 0, (at) => placeToken(output.arc.to, data, output.index, at, inputs, transition.id, from));
  });
}

/** What the outputs of one firing look at: the inputs, the result, and the elements of its arrays, each array worked out once. */
class Shared {
  readonly #transition: CompiledTransition;
  readonly #inputs: BoundInput[];
  readonly #extra: Record<string, Bound>;
  readonly #value: Json;
  readonly #now: number;
  #known: Scope | null = null;
  #lists: Map<string, { items: Json[]; scopes: Scope[] }> | null = null;

  constructor(transition: CompiledTransition, inputs: BoundInput[], name: "$result" | "$error", value: Json, now: number) {
    this.#transition = transition;
    this.#inputs = inputs;
    const bound: Bound = { data: value, meta: null };
    this.#extra = name === "$result" ? { $result: bound } : { $error: bound };
    this.#value = value;
    this.#now = now;
  }

  /** Made when an arc looks at it: most hand on the result as it is. */
  get #scope(): Scope {
    this.#known ??= inputScope(this.#inputs, this.#extra);
    return this.#known;
  }

  holds({ when }: CompiledOutput): boolean {
    return when === null || when.test(this.#scope, this.#now);
  }

  holdsFor(output: CompiledOutput, at: number): boolean {
    return output.when?.test(this.#scopeOf(output, at), this.#now) !== false;
  }

  whole(output: CompiledOutput): Json {
    const value = output.value ? output.value.render(this.#scope, this.#now) : this.#value;
    return output.set.length === 0 ? value : laidOver(output, value, this.#scope, this.#now);
  }

  item(output: CompiledOutput, at: number): Json {
    const scope = this.#scopeOf(output, at);
    const plain = this.items(output)[at] as Json;
    const value = output.value ? output.value.render(scope, this.#now) : plain;
    return output.set.length === 0 ? value : laidOver(output, value, scope, this.#now);
  }

  items(output: CompiledOutput): Json[] {
    return this.#listOf(output).items;
  }

  #listOf(output: CompiledOutput) {
    const key = output.list ?? "";
    this.#lists ??= new Map();
    const known = this.#lists.get(key);
    if (known) return known;
    const items = output.each?.evaluate(this.#scope, this.#now);
    if (!Array.isArray(items)) throw notArray(this.#transition, output, items);
    const list = { items, scopes: [] };
    this.#lists.set(key, list);
    return list;
  }

  #scopeOf(output: CompiledOutput, at: number): Scope {
    const { items, scopes } = this.#listOf(output);
    scopes[at] ??= inputScope(this.#inputs, {
      ...this.#extra,
      $item: { data: items[at] as Json, meta: null },
      $index: { data: at, meta: null },
    });
    return scopes[at];
  }
}

function notArray({ id }: CompiledTransition, { arc }: CompiledOutput, value: Json | undefined): Terminal {
  return new Terminal({
    code: "each-not-array",
    message: `"each" of ${id} -> ${arc.to} gives no array but ${JSON.stringify(value)?.slice(0, 80)}`,
    ...(isJsonObject(value) && "$artifact" in value ? { hint: IN_THE_STORE } : {}),
  });
}

/** One element that no output takes fails the whole firing: nothing of it has happened, so that it can be tried again. */
function noRoute(
  { id }: CompiledTransition,
  left: WaysOut["left"],
  outputs: readonly CompiledOutput[],
  share: Shared,
  failed: boolean,
): Terminal {
  const [first] = left;
  const output = first && outputs[first.way];
  if (!first || !output) {
    const message = `no output of ${id} matches ${failed ? "its error" : "its result"}`;
    return new Terminal({ code: "no-route", message, hint: 'add an output with "otherwise": true, or name a place in onError' });
  }
  const [at = 0] = first.items;
  const shown = JSON.stringify(share.items(output)[at])?.slice(0, 80);
  const { each } = output.arc;
  const which = first.items.length === 1 ? `element ${at} of ${each}` : `${first.items.length} elements of ${each}, the first at ${at}`;
  return new Terminal({
    code: "no-route",
    message: `no output of ${id} takes ${which}: ${shown}`,
    hint: `add an output with "each": ${JSON.stringify(each)} and "otherwise": true`,
  });
}

function idsOf(inputs: BoundInput[]): string[] {
  const ids: string[] = [];
  for (const { tokens } of inputs) for (const { id } of tokens) ids.push(id);
  return ids;
}

/** As many tokens as the arc's weight says. */
function copies({ arc: { weight = 1 } }: CompiledOutput, at: number, make: (at: number) => PlacedToken): PlacedToken[] {
  const made: PlacedToken[] = [];
  for (let copy = 0; copy < weight; copy += 1) made.push(make(at * weight + copy));
  return made;
}

function laidOver(output: CompiledOutput, value: Json, scope: Scope, now: number): Json {
  if (!isJsonObject(value)) {
    throw new Terminal({
      code: "set-not-object",
      message: `"set" on the arc to ${output.arc.to} needs an object, the value is ${JSON.stringify(value)?.slice(0, 80)}`,
    });
  }
  return { ...value, ...Object.fromEntries(output.set.map(([field, template]): [string, Json] => [field, template.render(scope, now)])) };
}

/** Ids derive from the firing and the place in its output: deciding the same firing again makes the same tokens. The firing's id is
 * a hash of all that tells it apart, so nothing is hashed again. */
function placeToken(
  place: string,
  data: Json,
  arc: number | string,
  at: number,
  inputs: BoundInput[],
  transition: string,
  from: Provenance,
): PlacedToken {
  return {
    place,
    token: {
      id: `t-${from.firing.slice(2)}-${arc}-${at}`,
      data,
      from:
        from.rule === undefined
          ? { net: from.net, transition, firing: from.firing, tokens: idsOf(inputs) }
          : { net: from.net, transition, firing: from.firing, tokens: idsOf(inputs), rule: from.rule },
      by: from.by,
      at: from.at,
      correlation: from.correlation,
      v: 1,
    },
  };
}
