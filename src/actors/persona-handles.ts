/**
 * Capabilities as objects: a persona's actor holds a read handle for each place on its input arcs and a write handle for
 * each place on its output arcs, and has no other way to tokens. What is not wired cannot be named.
 */
import type { Token } from "../contract/token.ts";
import type { CompiledTransition } from "../net/compiled-net.ts";
import type { NetState } from "../net/state.ts";

export interface ReadHandle {
  readonly place: string;
  /** Tokens at rest now, in order of arrival. */
  peek(limit?: number): Token[];
}
export interface WriteHandle {
  readonly place: string;
}
export interface PersonaHandles {
  read: ReadonlyMap<string, ReadHandle>;
  write: ReadonlyMap<string, WriteHandle>;
}

export function handlesFor(state: NetState, transition: CompiledTransition): PersonaHandles {
  const inputs = new Set(transition.inputs.map(({ arc }) => arc.place));
  const outputs = new Set(transition.outputs.map(({ arc }) => arc.to));
  return {
    read: new Map([...inputs].map((place) => [place, { place, peek: (limit = 100) => [...(state.places.get(place)?.values() ?? [])].slice(0, limit).map(({ token }) => token) }])),
    write: new Map([...outputs].map((place) => [place, { place }])),
  };
}
