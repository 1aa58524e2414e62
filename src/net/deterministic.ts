/** The results of kinds that ask nobody: `pass` and `map`. */
import { isoTime } from "../contract/clock.ts";
import { errorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { inputScope } from "./binding.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import type { Outcome } from "./decide.ts";
import type { BoundInput } from "./routing.ts";
import type { Occurrence } from "./schedule.ts";

export function deterministicResult(
  transition: CompiledTransition,
  inputs: BoundInput[],
  now: number,
  occurrence: Occurrence | null = null,
): Outcome {
  if (!transition.value) return { ok: true, value: inputs.length === 0 ? timeOf(occurrence) : firstInput(inputs) };
  try {
    return { ok: true, value: transition.value.render(inputScope(inputs), now) };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

/** A `pass` without inputs hands on the time that it stands for. */
function timeOf(occurrence: Occurrence | null): Json {
  return occurrence && { at: isoTime(occurrence.at), missed: occurrence.missed };
}

/** A `pass` hands on what its first input holds. */
function firstInput(inputs: BoundInput[]): Json {
  const first = inputs[0];
  if (!first) return null;
  return first.many ? first.tokens.map(({ data }) => data) : (first.tokens[0]?.data ?? null);
}
