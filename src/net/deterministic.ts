/** The results of kinds that ask nobody: `pass` and `map`. */
import { errorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { inputScope } from "./binding.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import type { Outcome } from "./decide.ts";
import type { BoundInput } from "./routing.ts";

export function deterministicResult(transition: CompiledTransition, inputs: BoundInput[], now: number): Outcome {
  if (!transition.value) return { ok: true, value: firstInput(inputs) };
  try {
    return { ok: true, value: transition.value.render(inputScope(inputs), now) };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

/** A `pass` hands on what its first input holds. */
function firstInput(inputs: BoundInput[]): Json {
  const first = inputs[0];
  if (!first) return null;
  return first.many ? first.tokens.map(({ data }) => data) : (first.tokens[0]?.data ?? null);
}
