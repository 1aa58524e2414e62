/** The inputs of an open firing as routing and templates want them: what it holds, and what it has read. */
import type { CompiledTransition } from "./compiled-net.ts";
import { inputTokens } from "./fold.ts";
import type { BoundInput } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";

export function boundInputs(state: NetState, transition: CompiledTransition, firing: OpenFiring): BoundInput[] {
  const tokens = inputTokens(state, firing);
  return transition.inputs.map(({ name, arc, take, gather }) => ({
    name,
    many: gather !== null || take !== 1,
    place: arc.place,
    tokens: (tokens[name] ?? []).map(({ token }) => token),
  }));
}
