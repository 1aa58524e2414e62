/**
 * Inhibit and reset arcs: what they see and take in a state.
 *
 * W1 An inhibit arc counts whatever lies in its place, tokens under work too. W2 A reset takes free tokens alone, and none is no
 * reason to wait. W3 It takes nothing that the same firing binds. W4 Inside a sub-net with instances both see the firing's own.
 */
import type { PlacedId } from "../contract/event.ts";
import type { Token } from "../contract/token.ts";
import type { CompiledTransition, CompiledWatch } from "./compiled-net.ts";
import { boundOf, type Scope, scopeOfToken } from "./scope.ts";
import type { NetState } from "./state.ts";

/** The most tokens that reset arcs take in one firing, so that an entry of the log can name them all. */
export const RESET_LIMIT = 4000;

/** Whether an inhibit arc forbids any firing, whatever would be bound. */
export function forbidsAlone(state: NetState, { inhibitors }: CompiledTransition, instance: string | null, now: number): boolean {
  return inhibitors.some((watch) => !namesInputs(watch) && forbids(state, watch, undefined, instance, now));
}

/** Whether one forbids the firing with these inputs. */
export function forbidsWith(
  state: NetState,
  { inhibitors }: CompiledTransition,
  inputs: Scope,
  instance: string | null,
  now: number,
): boolean {
  return inhibitors.some((watch) => namesInputs(watch) && forbids(state, watch, inputs, instance, now));
}

/** Those that forbid it, and how many tokens each finds: without `inputs` of those that look at no input, with them of the others. */
export function forbidding(
  state: NetState,
  { inhibitors }: CompiledTransition,
  inputs: Scope | undefined,
  instance: string | null,
  now: number,
): { watch: CompiledWatch; have: number }[] {
  return inhibitors.flatMap((watch) => {
    if (namesInputs(watch) !== (inputs !== undefined)) return [];
    const placed = [...(state.places.get(watch.place)?.values() ?? [])];
    const have = placed.filter(({ token }) => isOf(token, instance) && matches(watch, token, inputs, now)).length;
    return have < watch.limit ? [] : [{ watch, have }];
  });
}

function namesInputs({ where }: CompiledWatch): boolean {
  return where?.roots.some((root) => root !== "$") ?? false;
}

/** W1. */
function forbids(state: NetState, watch: CompiledWatch, inputs: Scope | undefined, instance: string | null, now: number): boolean {
  const placed = state.places.get(watch.place);
  if (!placed || placed.size < watch.limit) return false;
  if (!watch.where && instance === null) return true;
  let found = 0;
  for (const { token } of placed.values()) {
    if (isOf(token, instance) && matches(watch, token, inputs, now) && ++found >= watch.limit) return true;
  }
  return false;
}

/** W2, W3. */
export function sweptBy(
  state: NetState,
  { resets }: CompiledTransition,
  { inputs, bound, instance }: { inputs: Scope; bound: readonly Token[]; instance: string | null },
  now: number,
): PlacedId[] {
  const swept: PlacedId[] = [];
  const known = new Set(bound.map(({ id }) => id));
  for (const watch of resets) {
    for (const { token, reservedBy } of state.places.get(watch.place)?.values() ?? []) {
      if (swept.length >= RESET_LIMIT) return swept;
      if (reservedBy !== null || !isOf(token, instance) || known.has(token.id) || !matches(watch, token, inputs, now)) continue;
      known.add(token.id);
      swept.push({ place: watch.place, id: token.id });
    }
  }
  return swept;
}

/** W4. */
function isOf(token: Token, instance: string | null): boolean {
  return instance === null || token.instance === instance;
}

function matches({ where, place }: CompiledWatch, token: Token, inputs: Scope | undefined, now: number): boolean {
  return where === null || where.test(scopeOfToken(boundOf(token, place), inputs), now);
}
