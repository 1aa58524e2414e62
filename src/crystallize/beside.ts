/**
 * A later rule that may take the place of the one that answers now. While a rule answers, the model is asked about what it declines, and
 * about a sample. So what the later rule says alike rests on the proof and the audits of the one that answers, and what it claims beyond on
 * the later examples; the bound is of both together, each weighed by its share of the firings.
 */
import type { JsonObject } from "../contract/json.ts";
import { evaluateRule, type Rule } from "../net/rule/rule.ts";
import { type JudgedClaim, partsOf } from "./claims.ts";
import type { Example } from "./example.ts";
import { isWorthProposing } from "./relearn.ts";
import { upperBoundOfMix } from "./statistics.ts";

/** The rule that answers now. */
export interface Live {
  rule: Rule;
  /** Its answers that were compared with the model's, in its proof, its shadow and its audits, and how many differed. */
  covered: number;
  wrong: number;
  /** Share of the firings that it leaves to the model. */
  declines: number;
}

/** Bound and coverage of the later rule over all firings. */
export function beside(
  { rule, covered, wrong, declines }: Live,
  later: readonly Example[],
  claims: readonly JudgedClaim[],
  { confidence }: { confidence: number },
): { bound: number; coverage: number } {
  const isLeft = (input: JsonObject): boolean => !evaluateRule(rule, input).applies;
  const left = later.filter(({ input }) => isLeft(input)).length;
  const gained = claims.filter(({ input }) => isLeft(input));
  const more = (declines * gained.length) / Math.max(1, left);
  const known = 1 - declines;
  const parts = [{ weight: known, bad: wrong, all: covered }, ...partsOf(gained, more)];
  return { bound: upperBoundOfMix(parts, confidence), coverage: known + more };
}

/** Why it is no gain; empty where it is one. */
export function notWorthIt(live: Rule, next: Rule, examples: readonly Example[]): string[] {
  const inputs = examples.map(({ input }) => input);
  const claimed = inputs.filter((input) => evaluateRule(live, input).applies);
  const declined = inputs.filter((input) => !evaluateRule(live, input).applies);
  if (isWorthProposing(live, next, declined, claimed)) return [];
  return ["it claims little of what the rule that answers now leaves to the model, or says otherwise where that one answers"];
}
