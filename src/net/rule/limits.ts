/**
 * Numbers at which the answer of a rule turns. A limit that moves makes the answers wrong that lie next to it, and no others: a small part of a
 * branch, which the audits of the whole branch hardly show. So what lies near a limit, on either side, is a part of its own for the watch.
 */
import * as z from "zod";
import { canonicalJson, type Json } from "../../contract/json.ts";
import type { Answer } from "./answer.ts";
import { type Condition, holds } from "./condition.ts";
import { readTerm, type Term, termFields } from "./term.ts";

const number = z.number();
export const limitSchema = z
  .strictObject({ ...termFields, from: number, low: number, high: number, to: number })
  .describe(
    "A number at which the answer turns: the last one before it and the first one behind it (`low`, `high`), and how far on both sides what lies near it is watched for itself (`from`, `to`)",
  );
export interface Limit extends Term {
  from: number;
  low: number;
  high: number;
  to: number;
}

/** A number of the input that was compared with the ends of a range, where nothing else kept the range from deciding. */
export interface Compared {
  term: Term;
  value: number;
  ends: number[];
}

/** What begins so is near a limit. */
const NEAR = "~";
export const isNearLimit = (region: string): boolean => region.startsWith(NEAR);

/** The side of the first limit on the way of this input that it is near to; null where it is near none. */
export function nearLimit(limits: readonly Limit[], answer: Answer, input: Json): string | null {
  if (limits.length === 0) return null;
  for (const { term, value, ends } of comparedIn(answer, input)) {
    const at = limits.findIndex((one) => isOf(one, term) && value >= one.from && value <= one.to && ends.some((end) => isAt(one, end)));
    const limit = limits[at];
    if (limit) return `${NEAR}${at}${value - limit.low <= limit.high - value ? "<" : ">"}`;
  }
  return null;
}

const isAt = ({ low, high }: Limit, end: number): boolean => end >= low && end <= high;
const isOf = (one: Term, other: Term): boolean => one.path === other.path && one.of === other.of;
export const termKey = ({ path, of }: Term): string => canonicalJson([path, of ?? null]);

/** In the order in which the rule looks at them. */
export function comparedIn(answer: Answer, input: Json): Compared[] {
  switch (answer.kind) {
    case "split":
      return [...deciding([answer.if], input), ...comparedIn(holds(answer.if, input) ? answer.yes : answer.no, input)];
    case "cases": {
      const found: Compared[] = [];
      for (const { if: conditions, give } of answer.cases) {
        found.push(...deciding(conditions, input));
        if (conditions.every((condition) => holds(condition, input))) return [...found, ...comparedIn(give, input)];
      }
      return answer.else ? [...found, ...comparedIn(answer.else, input)] : found;
    }
    case "object":
      return Object.values(answer.fields).flatMap((field) => comparedIn(field, input));
    default:
      return [];
  }
}

/** The ranges among these conditions whose others all hold. */
function deciding(conditions: readonly Condition[], input: Json): Compared[] {
  return conditions.flatMap((condition): Compared[] => {
    const range = condition.test === "not" ? condition.condition : condition;
    if (range.test !== "range") return [];
    const value = readTerm(input, range);
    if (typeof value !== "number" || !conditions.every((one) => one === condition || holds(one, input))) return [];
    const { path, of, atLeast, atMost, above, below } = range;
    const ends = [atLeast, atMost, above, below].filter((end) => end !== undefined);
    return [{ term: of === undefined ? { path } : { path, of }, value, ends }];
  });
}
