/** The results of kinds that ask nobody: `pass` and `map`. */
import { isoTime } from "../contract/clock.ts";
import { errorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { inputScope } from "./binding.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import type { Outcome } from "./outcome.ts";
import { type BoundInput, inputData } from "./routing.ts";
import { evaluateRule, type Rule } from "./rule/rule.ts";
import type { Occurrence } from "./schedule.ts";

export function deterministicResult(
  transition: CompiledTransition,
  inputs: BoundInput[],
  now: number,
  occurrence: Occurrence | null = null,
): Outcome {
  const { definition } = transition;
  if (definition.kind === "map" && definition.rule) return ruledResult(transition.id, definition.rule, inputs);
  if (!transition.value) return { ok: true, value: inputs.length === 0 ? timeOf(occurrence) : firstInput(inputs) };
  try {
    return { ok: true, value: transition.value.render(inputScope(inputs), now) };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

function ruledResult(transition: string, rule: Rule, inputs: BoundInput[]): Outcome {
  const answer = evaluateRule(rule, inputData(inputs));
  if (answer.applies) return { ok: true, value: answer.value };
  return {
    ok: false,
    error: { outlook: "terminal", code: "rule-declined", message: `the rule of ${transition} has no answer: ${answer.reason}` },
  };
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
