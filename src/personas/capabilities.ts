/**
 * Capabilities as objects: a persona is handed a read handle for each place on its input arcs, a handle to take from those that it
 * consumes, and a write handle for each place on its output arcs. It has no other way to a place, and none to another persona.
 *
 * K1 A handle is frozen and reaches its own place alone. K2 What it shows is a copy. K3 A token moves only between two handles that
 * were granted together.
 */
import { Refused } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";

/** For which step of which firing a handle is used. */
export interface Step {
  firing: string;
  attempt: number;
  /** The same for the same step of the firing. */
  call: string;
}
export interface Resting {
  token: Token;
  /** The firing that holds it. */
  reservedBy: string | null;
}
export interface ReadHandle {
  readonly place: string;
  /** Tokens at rest, reserved ones included, in order of arrival; those of the instance that the firing belongs to. */
  peek(firing: string): Resting[];
}
export interface WriteHandle {
  readonly place: string;
  put(data: Json, step: Step): Promise<{ id: string }>;
}
export interface TakeHandle {
  readonly place: string;
  move(id: string, to: WriteHandle, data: Json | undefined, step: Step): Promise<{ id: string }>;
}
export interface Capabilities {
  readonly reads: ReadonlyMap<string, ReadHandle>;
  readonly writes: ReadonlyMap<string, WriteHandle>;
  readonly takes: ReadonlyMap<string, TakeHandle>;
}

export interface Arcs {
  reads: Iterable<string>;
  writes: Iterable<string>;
  takes: Iterable<string>;
}

/** What stands behind the handles. */
export interface PlaceAccess {
  peek(place: string, firing: string): Resting[];
  put(place: string, data: Json, step: Step): Promise<{ id: string }>;
  move(place: string, id: string, to: string, data: Json | undefined, step: Step): Promise<{ id: string }>;
}

export function grantCapabilities(arcs: Arcs, access: PlaceAccess): Capabilities {
  const reads = handles(arcs.reads, (place): ReadHandle => ({ place, peek: (firing) => structuredClone(access.peek(place, firing)) })); // K2
  const writes = handles(
    arcs.writes,
    (place): WriteHandle => ({ place, put: (data, step) => access.put(place, structuredClone(data), step) }),
  );
  const takes = handles(
    arcs.takes,
    (place): TakeHandle => ({
      place,
      move: async (id, to, data, step) => {
        if (writes.get(to.place) !== to) return notWired(to.place, "write to", writes); // K3
        return access.move(place, id, to.place, structuredClone(data), step);
      },
    }),
  );
  return Object.freeze({ reads, writes, takes });
}

function handles<T extends object>(places: Iterable<string>, make: (place: string) => T): ReadonlyMap<string, T> {
  return new Map([...new Set(places)].map((place): [string, T] => [place, Object.freeze(make(place))])); // K1
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
