/** Whether an input that a rule claims lies near the edge of what it was learned from: such firings are audited more. */
import { canonicalJson, type Json, type JsonObject } from "../../contract/json.ts";
import type { Answer } from "./answer.ts";
import { type Condition, holds } from "./condition.ts";
import type { Rule } from "./rule.ts";
import { readTerm } from "./term.ts";

/** The outermost part of a numeric range, on each side; in a short range of whole numbers it would be too large a part. */
const RIM = 0.02;
const SHORT = 20;
/** A row or a case that rests on fewer examples. */
const FEW = 5;

export function isNearEdge(rule: Rule, input: JsonObject): boolean {
  return rule.guard.some((condition) => onRim(condition, input)) || restsOnFew(rule.answer, input);
}

function onRim(condition: Condition, input: Json): boolean {
  if (condition.test !== "range" || condition.of !== undefined) return false;
  const value = readTerm(input, condition);
  const { atLeast, atMost } = condition;
  if (typeof value !== "number" || atLeast === undefined || atMost === undefined) return false;
  if (atMost - atLeast < SHORT) return false;
  const rim = (atMost - atLeast) * RIM;
  return value < atLeast + rim || value > atMost - rim;
}

function restsOnFew(answer: Answer, input: Json): boolean {
  switch (answer.kind) {
    case "cases": {
      const hit = answer.cases.find((one) => one.if.every((condition) => holds(condition, input)));
      return hit !== undefined && ((hit.seen ?? FEW) < FEW || restsOnFew(hit.give, input));
    }
    case "table": {
      const key = canonicalJson(answer.keys.map((term) => readTerm(input, term)));
      return answer.rows.some(({ when, seen }) => (seen ?? FEW) < FEW && canonicalJson(when) === key);
    }
    case "split":
      return restsOnFew(holds(answer.if, input) ? answer.yes : answer.no, input);
    case "object":
      return Object.values(answer.fields).some((field) => restsOnFew(field, input));
    default:
      return false;
  }
}
