/** A `map` has a template or an expression. */
import { elementOf, type Finding, failure } from "./check-problem.ts";
import type { Transition } from "./definition.ts";
import { syntaxError } from "./expression-error.ts";
import type { JsonPath } from "./locate.ts";

/** Null for JSONata that parses; `offset` in UTF-16 units from 0. Another room knows the language. */
export type JsonataFault = (text: string) => { message: string; offset: number } | null;

export function mapFindings(transition: Transition, path: JsonPath, jsonataFault?: JsonataFault): Finding[] {
  if (transition.kind !== "map") return [];
  const { value, jsonata } = transition;
  const where = elementOf(path);
  if (value === undefined && jsonata === undefined) {
    const hint = 'give a template in "value", or an expression in "jsonata"';
    return [failure("no-value", path, `${where} does not say what it makes`, hint)];
  }
  if (value !== undefined && jsonata !== undefined)
    return [failure("two-values", [...path, "jsonata"], `${where} has both "value" and "jsonata"`, "keep one of them", "key")];
  const fault = jsonata === undefined ? null : (jsonataFault?.(jsonata) ?? null);
  if (jsonata === undefined || !fault) return [];
  const { message } = syntaxError(jsonata, fault.offset, fault.message);
  return [failure("jsonata-syntax", [...path, "jsonata"], `${where}: ${message}`)];
}
