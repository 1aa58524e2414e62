/** A `map` has a template or an expression. */
import { ruleFindings } from "./check-crystal.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import type { Transition } from "./definition.ts";
import { syntaxError } from "./expression-error.ts";
import type { JsonPath } from "./locate.ts";

/** Null for JSONata that parses; `offset` in UTF-16 units from 0. Another room knows the language. */
export type JsonataFault = (text: string) => { message: string; offset: number } | null;

export function mapFindings(transition: Transition, path: JsonPath, jsonataFault?: JsonataFault): Finding[] {
  if (transition.kind !== "map") return [];
  const { value, jsonata, rule } = transition;
  const where = elementOf(path);
  const [first, second] = Object.entries({ value, jsonata, rule }).flatMap(([name, given]) => (given === undefined ? [] : [name]));
  if (first === undefined) {
    const hint = 'give a template in "value", an expression in "jsonata", or a "rule"';
    return [failure("no-value", path, `${where} does not say what it makes`, hint)];
  }
  if (second !== undefined)
    return [failure("two-values", [...path, second], `${where} has both "${first}" and "${second}"`, "keep one of them", "key")];
  if (rule?.program) {
    const at = [...path, "rule", "program"];
    return [failure("rule-program", at, `${where} makes no calls, and its rule has some`, "only an agent makes calls", "key")];
  }
  if (rule !== undefined) return ruleFindings(transition, rule, [...path, "rule"], path);
  const fault = jsonata === undefined ? null : (jsonataFault?.(jsonata) ?? null);
  if (jsonata === undefined || !fault) return [];
  const { message } = syntaxError(jsonata, fault.offset, fault.message);
  return [failure("jsonata-syntax", [...path, "jsonata"], `${where}: ${message}`)];
}
