/**
 * Inhibit and reset arcs: what they see and take in a state.
 *
 * W1 An inhibit arc counts whatever lies in its place, tokens under work too. W2 A reset takes free tokens alone, and none is no
 * reason to wait. W3 It takes nothing that the same firing binds.
 */
import type { PlacedId } from "../contract/event.ts";
import type { Token } from "../contract/token.ts";
import type { CompiledTransition, CompiledWatch } from "./compiled-net.ts";
import { boundOf, type Scope, scopeOfToken } from "./scope.ts";
import type { NetState } from "./state.ts";

/** The most tokens that reset arcs take in one firing, so that an entry of the log can name them all. */
export const RESET_LIMIT = 4000;

/** Whether an inhibit arc forbids any firing, whatever would be bound. */
export function forbidsAlone(state: NetState, { inhibitors }: CompiledTransition, now: number): boolean {
  return inhibitors.some((watch) => !namesInputs(watch) && forbids(state, watch, undefined, now));
}

/** Whether one forbids the firing with these inputs. */
export function forbidsWith(state: NetState, { inhibitors }: CompiledTransition, inputs: Scope, now: number): boolean {
  return inhibitors.some((watch) => namesInputs(watch) && forbids(state, watch, inputs, now));
}

function namesInputs({ where }: CompiledWatch): boolean {
  return where?.roots.some((root) => root !== "$") ?? false;
}

/** W1. */
function forbids(state: NetState, watch: CompiledWatch, inputs: Scope | undefined, now: number): boolean {
  const placed = state.places.get(watch.place);
  if (!placed || placed.size < watch.limit) return false;
  if (!watch.where) return true;
  let found = 0;
  for (const { token } of placed.values()) if (matches(watch, token, inputs, now) && ++found >= watch.limit) return true;
  return false;
}

/** W2, W3. */
export function sweptBy(state: NetState, { resets }: CompiledTransition, inputs: Scope, bound: readonly Token[], now: number): PlacedId[] {
  const swept: PlacedId[] = [];
  const known = new Set(bound.map(({ id }) => id));
  for (const watch of resets) {
    for (const { token, reservedBy } of state.places.get(watch.place)?.values() ?? []) {
      if (swept.length >= RESET_LIMIT) return swept;
      if (reservedBy !== null || known.has(token.id) || !matches(watch, token, inputs, now)) continue;
      known.add(token.id);
      swept.push({ place: watch.place, id: token.id });
    }
  }
  return swept;
}

function matches({ where, place }: CompiledWatch, token: Token, inputs: Scope | undefined, now: number): boolean {
  return where === null || where.test(scopeOfToken(boundOf(token, place), inputs), now);
}
