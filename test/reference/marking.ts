/** Markings of both sides, as data by place in order of arrival. */
import { expect } from "vitest";
import type { NetState } from "../../src/net/state.ts";
import type { Reference } from "./interpreter.ts";

/** Of what failed only the number is compared: the reference tells no reasons. */
export function markingOf(state: NetState): Record<string, unknown[]> {
  const places = [...state.places].filter(([, tokens]) => tokens.size > 0);
  return Object.fromEntries(
    places.map(([place, tokens]) => [place, [...tokens.values()].map(({ token }) => (place === "dead-letter" ? "error" : token.data))]),
  );
}

export function expectSameMarking(state: NetState, reference: Reference): void {
  const [engine, wanted] = [markingOf(state), reference.marking()];
  if (textOf(engine) !== textOf(wanted)) expect(engine).toEqual(wanted);
}

function textOf(marking: Record<string, unknown[]>): string {
  const fields = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(marking, fields);
}
