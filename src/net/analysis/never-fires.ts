/** What a transition says of itself that keeps it from ever firing, whatever tokens come. */
import type { NetDefinition, Transition } from "../definition.ts";
import { excessOf } from "../excess.ts";
import { neverHolds } from "./conditions.ts";

/** Why it never fires, by what it says of itself; null where it may. */
export function neverFires(one: Transition, { places }: NetDefinition): string | null {
  if (one.guard !== undefined && neverHolds(one.guard)) return `its guard "${one.guard}" never holds`;
  for (const { where, place, mode } of one.in) {
    const binds = mode === "consume" || mode === "read";
    if (binds && where !== undefined && neverHolds(where)) return `the condition "${where}" of its input from "${place}" never holds`;
  }
  const excess = excessOf(one, (name) => places[name]);
  return excess && `each firing brings ${excess.brings} tokens to "${excess.place}", which holds at most ${excess.capacity}`;
}
