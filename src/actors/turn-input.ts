/** What goes into a turn loop for a transition: the same for the firing itself and for a look at its request beforehand. */
import { isJsonObject, type Json } from "../contract/json.ts";
import { inputScope } from "../net/binding.ts";
import type { CompiledTransition } from "../net/compiled-net.ts";
import type { BoundInput } from "../net/routing.ts";
import type { Capabilities } from "../personas/capabilities.ts";
import type { Wiring } from "../personas/policy.ts";

/** The rendered request and its material. `at`: when the firing was opened, ms since the epoch. */
export function askOf(
  transition: CompiledTransition,
  inputs: BoundInput[],
  at: number,
): { ask: string | null; data: { [name: string]: Json } } {
  const scope = inputScope(inputs);
  const ask = transition.ask?.render(scope, at) ?? null;
  const data = transition.data?.render(scope, at) ?? null;
  return { ask: ask === null ? null : String(ask), data: isJsonObject(data) ? sorted(data) : {} };
}

/** What the net gives the firing: the persona's handles are made of the same arcs. */
export function wiringOf(
  { reads, writes, takes }: Capabilities,
  gives: { workspace: boolean; browser: boolean; release: boolean; memory: boolean },
): Wiring {
  return { ...gives, reads: [...reads.keys()], writes: [...writes.keys()], takes: [...takes.keys()] };
}

/** By name: two files that differ in the order of their keys are one version, and must ask with the same words. */
function sorted(data: { [name: string]: Json }): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
}
