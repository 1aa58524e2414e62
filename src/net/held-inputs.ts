/** The inputs of an open firing as routing and templates want them: what it holds, and what it has read. */
import { bindsMany, type CompiledTransition } from "./compiled-net.ts";
import { inputTokens } from "./fold.ts";
import type { BoundInput } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";

export function boundInputs(state: NetState, transition: CompiledTransition, firing: OpenFiring): BoundInput[] {
  const tokens = inputTokens(state, firing);
  return transition.inputs.map((input) => ({
    name: input.name,
    many: bindsMany(input),
    place: input.arc.place,
    tokens: (tokens[input.name] ?? []).map(({ token }) => token),
  }));
}
