/**
 * The one text form of a state: equal states have equal texts, whoever folded them and from whichever checkpoint on.
 * Order counts where the engine acts by it (tokens of a place, open firings, keys of `put`) and nowhere else. Two fields tell
 * where the state stands in its stream rather than what it is, and are left out: `sequence` and `chain`.
 */
import { canonicalJson } from "../contract/json.ts";
import type { FrozenMap, FrozenPlace, FrozenState } from "./frozen-state.ts";

const OF_THE_STREAM: ReadonlySet<string> = new Set(["sequence", "chain"]);
const IN_ORDER: ReadonlySet<string> = new Set(["firings", "puts"]);

/** Piece by piece, at most one token each, so that a caller may hash a large state without standing still. */
export function* stateText({ rest, places, maps }: FrozenState): Generator<string> {
  for (const [name, value] of Object.entries(rest).sort(byName)) {
    if (OF_THE_STREAM.has(name) || value === undefined) continue;
    yield `${JSON.stringify(name)}:`;
    if (value instanceof Map) yield* mapText([...value], IN_ORDER.has(name));
    else yield canonicalJson(plain(value));
    yield "\n";
  }
  for (const map of maps) yield* listsText(map);
  yield* placesText(places);
}

/** A place that was filled once and is empty now is the same as one that never was. */
function* placesText(places: FrozenPlace[]): Generator<string> {
  for (const { place, tokens, holders, since, origins } of [...places].sort((a, b) => (a.place < b.place ? -1 : 1))) {
    if (tokens.length === 0) continue;
    yield `${JSON.stringify(place)}[`;
    for (const [at, token] of tokens.entries()) {
      yield `${canonicalJson(token)} ${holders[at] ?? ""} ${since[at] ?? ""},`;
      const origin = origins[at];
      if (origin) yield `${canonicalJson(origin)},`;
    }
    yield "]\n";
  }
}

function* listsText({ field, keys, values }: FrozenMap): Generator<string> {
  yield `${JSON.stringify(field)}:`;
  yield* mapText(
    keys.map((key, at) => [key, values[at]]),
    IN_ORDER.has(field),
  );
  yield "\n";
}

function* mapText(all: [unknown, unknown][], inOrder: boolean): Generator<string> {
  const entries = all.filter(([, each]) => !isEmpty(each)).map(([key, each]): [string, unknown] => [String(key), each]);
  if (!inOrder) entries.sort(byName);
  for (const [key, each] of entries) yield `${JSON.stringify(key)}=${canonicalJson(plain(each))},`;
}

function isEmpty(value: unknown): boolean {
  return (value instanceof Map || value instanceof Set) && value.size === 0;
}

/** Maps and sets as sorted lists. */
function plain(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(plain).sort(byText);
  if (value instanceof Map)
    return [...value]
      .filter(([, each]) => !isEmpty(each))
      .map(([key, each]) => [key, plain(each)])
      .sort(byText);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
function byText(one: unknown, other: unknown): number {
  const [a, b] = [canonicalJson(one), canonicalJson(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}
