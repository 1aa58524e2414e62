/**
 * Capabilities as objects: a persona is handed a read handle for each place on its input arcs and a write handle for each place on its
 * output arcs. It has no other way to a place, and none to another persona. A handle is frozen and holds nothing but its own place.
 */
import { Refused } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";

export interface ReadHandle {
  readonly place: string;
  /** Tokens at rest, reserved ones included, in order of arrival. */
  peek(): Token[];
}
export interface WriteHandle {
  readonly place: string;
  put(data: Json): void;
}
export interface Capabilities {
  readonly reads: ReadonlyMap<string, ReadHandle>;
  readonly writes: ReadonlyMap<string, WriteHandle>;
}

/** What stands behind the handles. `put` collects: its tokens are committed with the firing. */
export interface PlaceAccess {
  peek(place: string): Token[];
  put(place: string, data: Json): void;
}

export function grantCapabilities(arcs: { reads: Iterable<string>; writes: Iterable<string> }, access: PlaceAccess): Capabilities {
  const reads = [...new Set(arcs.reads)].map((place): [string, ReadHandle] => [
    place,
    // Copies: what a persona does to them must not reach the marking.
    Object.freeze({ place, peek: () => structuredClone(access.peek(place)) }),
  ]);
  const writes = [...new Set(arcs.writes)].map((place): [string, WriteHandle] => [
    place,
    Object.freeze({ place, put: (data: Json) => access.put(place, structuredClone(data)) }),
  ]);
  return Object.freeze({ reads: new Map(reads), writes: new Map(writes) });
}

/** The handle of a place that a tool call named. Throws Refused `place-not-wired`. */
export function readHandle(capabilities: Capabilities, place: string): ReadHandle {
  return capabilities.reads.get(place) ?? notWired(place, "read", capabilities.reads);
}
export function writeHandle(capabilities: Capabilities, place: string): WriteHandle {
  return capabilities.writes.get(place) ?? notWired(place, "write to", capabilities.writes);
}

function notWired(place: string, verb: string, handles: ReadonlyMap<string, unknown>): never {
  throw new Refused({
    code: "place-not-wired",
    message: `no arc lets this persona ${verb} ${place}`,
    hint: `It may ${verb} ${[...handles.keys()].join(", ") || "no place"}.`,
  });
}
