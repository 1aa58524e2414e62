/**
 * A later rule that may take the place of the one that answers now. While a rule answers, the model is asked about what it declines, and
 * about a sample. So what the later rule says alike rests on the proof and the audits of the one that answers, and what it claims beyond on
 * the later examples; the bound is of both together, each weighed by its share of the firings.
 */
import type { JsonObject } from "../contract/json.ts";
import type { Equality } from "../net/rule/agree.ts";
import { evaluateRule, type Rule } from "../net/rule/rule.ts";
import { claimsOf, type JudgedClaim, partsOf } from "./claims.ts";
import { compareRules } from "./compare-rules.ts";
import type { Example } from "./example.ts";
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

/** So many more of the examples it has to claim at least, and such a part of those that the live one leaves; where that one only grew, few are enough. */
const GAINED = { least: 5, share: 0.1 };
/** It may say otherwise, or nothing, in such a part of what the live one answers as the model does. */
const OTHERWISE = 0.02;

/** Why it is no gain; empty where it is one. `grew`: the later rule is the live one, grown. */
export function notWorthIt(
  live: Rule,
  next: Rule,
  examples: readonly Example[],
  { equality, bound }: { equality: Equality; bound: number },
  grew = false,
): string[] {
  const declined = examples.filter(({ input }) => !evaluateRule(live, input).applies);
  const beyond = claimsOf(next, declined, { equality });
  const gained = beyond.length;
  const wrong = beyond.filter(({ agreed }) => !agreed).length;
  if (wrong > 1 + bound * gained)
    return [`of what the rule that answers now leaves to the model it claims ${gained}, and ${wrong} of these answers are not the model's`];
  const right = claimsOf(live, examples, { equality }).filter(({ agreed }) => agreed);
  const elsewhere = compareRules(
    live,
    next,
    right.map(({ input }) => input),
  );
  const isGain = gained >= Math.max(GAINED.least, grew ? 0 : GAINED.share * declined.length);
  if (isGain && elsewhere.lost + elsewhere.changed <= OTHERWISE * right.length) return [];
  return ["it claims little of what the rule that answers now leaves to the model, or says otherwise where that one answers"];
}
