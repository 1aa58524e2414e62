/**
 * Routing: which tokens a finished firing produces, and where. Outputs go to the first arc that matches, with
 * `"route": "all"` to every one; what matches nothing is an error and goes where the transition sends its errors.
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
  const extra: Record<string, Bound> = { [name]: { data: value, meta: null } };
  const scope = inputScope(inputs, extra);
  const produced: PlacedToken[] = [];
  let matched = false;
  let arcs = 0;
  for (let index = 0; index < transition.outputs.length; index += 1) {
    const output = transition.outputs[index] as CompiledOutput;
    if ((output.arc.error === true) !== failed) continue;
    arcs += 1;
    if (output.arc.otherwise && matched) continue;
    if (output.when && !perItem(output) && output.when.test(scope, now) === false) continue;
    const tokens = tokensFor(transition, output, index, inputs, extra, scope, value, from, now);
    if (perItem(output) && tokens.length === 0) continue;
    matched = true;
    produced.push(...tokens);
    if (transition.definition.route === "first") break;
  }
  if (!matched && (arcs > 0 || failed)) {
    throw new Terminal({
      code: "no-route",
      message: `no output of ${transition.id} matches ${failed ? "its error" : "its result"}`,
      hint: 'add an output with "otherwise": true, or name a place in onError',
    });
  }
  return produced;
}

function tokensFor(
  transition: CompiledTransition,
  output: CompiledOutput,
  index: number,
  inputs: BoundInput[],
  extra: Record<string, Bound>,
  scope: Scope,
  value: Json,
  from: Provenance,
  now: number,
): PlacedToken[] {
  if (!output.each) {
    const data = laidOver(output, output.value ? output.value.render(scope, now) : value, scope, now);
    return copies(output, 0, (at) => placeToken(output.arc.to, data, index, at, inputs, transition.id, from));
  }
  const items = output.each.evaluate(scope, now);
  if (!Array.isArray(items)) {
    throw new Terminal({
      code: "each-not-array",
      message: `"each" of ${transition.id} -> ${output.arc.to} gives no array but ${JSON.stringify(items)?.slice(0, 80)}`,
      ...(isJsonObject(items) && "$artifact" in items ? { hint: IN_THE_STORE } : {}),
    });
  }
  return items.flatMap((item, at) => {
    const inner = inputScope(inputs, { ...extra, $item: { data: item, meta: null }, $index: { data: at, meta: null } });
    if (output.when && perItem(output) && output.when.test(inner, now) === false) return [];
    const data = laidOver(output, output.value ? output.value.render(inner, now) : item, inner, now);
    return copies(output, at, (copy) => placeToken(output.arc.to, data, index, copy, inputs, transition.id, from));
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

/** A condition that names the item decides for each item. */
function perItem(output: CompiledOutput): boolean {
  return output.each !== null && (output.when?.roots.includes("$item") ?? false);
}

function laidOver(output: CompiledOutput, value: Json, scope: Scope, now: number): Json {
  if (output.set.length === 0) return value;
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
