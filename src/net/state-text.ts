/**
 * The one text form of a state: equal states have equal texts, whoever folded them and from whichever checkpoint on.
 * Order counts where the engine acts by it (tokens of a place, open firings, keys of `put`) and nowhere else. Two fields tell
 * where the state stands in its stream rather than what it is, and are left out: `sequence` and `chain`.
 */
import { canonicalJson } from "../contract/json.ts";
import type { NetState, Placed } from "./state.ts";

const OF_THE_STREAM: ReadonlySet<string> = new Set(["sequence", "chain"]);
const IN_ORDER: ReadonlySet<string> = new Set(["firings", "puts"]);

/** Piece by piece, at most one token each, so that a caller may hash a large state without standing still. */
export function* stateText(state: NetState): Generator<string> {
  const fields = Object.entries(state as unknown as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of fields) {
    if (OF_THE_STREAM.has(name) || value === undefined) continue;
    yield `${JSON.stringify(name)}:`;
    if (name === "places") yield* placesText(state);
    else yield* valueText(value, IN_ORDER.has(name));
    yield "\n";
  }
}

/** A place that was filled once and is empty now is the same as one that never was. */
function* placesText(state: NetState): Generator<string> {
  for (const [place, tokens] of [...state.places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (tokens.size === 0) continue;
    yield `${JSON.stringify(place)}[`;
    for (const placed of tokens.values()) yield `${canonicalJson(plain(placed as Placed))},`;
    yield "]";
  }
}

function* valueText(value: unknown, inOrder: boolean): Generator<string> {
  if (value instanceof Map) {
    const entries = [...value].filter(([, each]) => !isEmpty(each)).map(([key, each]) => [String(key), each] as const);
    if (!inOrder) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, each] of entries) yield `${JSON.stringify(key)}=${canonicalJson(plain(each))},`;
  } else yield canonicalJson(plain(value));
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

function byText(one: unknown, other: unknown): number {
  const [a, b] = [canonicalJson(one), canonicalJson(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}
