/** The inputs of an open firing as routing and templates want them: what it holds, and what it has read. */
import { bindsMany, type CompiledTransition } from "./compiled-net.ts";
import { inputTokens } from "./fold.ts";
import type { BoundInput } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";

/** The inputs of a binding, with the number of transitions that have read each token, for `$meta.readers` in outputs. */
export function withReaders<T extends BoundInput>(state: NetState, inputs: T[]): T[] {
  if (state.seen.size === 0) return inputs;
  const readers = (id: string) => {
    let count = 0;
    for (const seen of state.seen.values()) if (seen.has(id)) count += 1;
    return count;
  };
  return inputs.map((input) => ({ ...input, readers }));
}

export function boundInputs(state: NetState, transition: CompiledTransition, firing: OpenFiring): BoundInput[] {
  const tokens = inputTokens(state, firing);
  const inputs = transition.inputs.map((input) => ({
    name: input.name,
    many: bindsMany(input),
    place: input.arc.place,
    tokens: (tokens[input.name] ?? []).map(({ token }) => token),
  }));
  return withReaders(state, inputs);
}
