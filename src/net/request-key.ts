/**
 * What a step asks, as a key: the transition, the parts of its definition that make the request, the persona's version, and the
 * data of its inputs by name. Two firings with the same key ask the same; ids and times of the tokens are no part of it.
 */
import { hashJson } from "../contract/hash.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import { boundInputs } from "./held-inputs.ts";
import { inputData } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";

/** Of a definition: neither when a transition fires nor where its answer goes. */
const REQUEST = [
  "kind",
  "persona",
  "ask",
  "data",
  "workspace",
  "hand",
  "argv",
  "input",
  "method",
  "url",
  "headers",
  "query",
  "body",
  "answer",
];

/** The parts of a definition that make its request. */
export function requestParts(transition: Pick<CompiledTransition, "definition">): Record<string, unknown> {
  const definition = transition.definition as unknown as Record<string, unknown>;
  return Object.fromEntries(REQUEST.map((field) => [field, definition[field]]));
}

/** 64 hex digits; null for kinds that ask nobody. */
export function requestKey(state: NetState, transition: CompiledTransition, firing: OpenFiring): string | null {
  if (transition.deterministic || transition.definition.kind === "link") return null;
  const request = requestParts(transition);
  const version = firing.persona === null ? null : (state.personas[firing.persona] ?? null);
  return hashJson({ transition: transition.id, request, version, inputs: inputData(boundInputs(state, transition, firing)) });
}
