/** When it is time to learn, and whether a newer rule is worth taking the place of the one that answers now. */
import { CRYSTAL_POLICY } from "../contract/crystal-policy.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Rule } from "../net/rule/rule.ts";
import { compareRules } from "./compare-rules.ts";

export interface LearningState {
  /** Good examples that there are now. */
  examples: number;
  /** How many there were at the last attempt; 0: none yet. */
  lastTry: number;
  /** Since a rule went live: firings, and those that its guard declined. Null: no rule answers. */
  live: { firings: number; declined: number } | null;
}

/** Each attempt waits for so many more examples: fewer would hardly change what was found. */
export const GROWTH = 1.3;
/** What the guard declines, before it is worth learning again: in number, as a share of the firings, and of what was learned from. */
export const DECLINED = { least: 12, share: 0.02, ofExamples: 0.03 };

/**
 * So many answers of a later rule are compared with the model's beside one that answers. Fewer than in a first shadow: the model is asked about
 * little by then, and what the later rule says alike has been compared already; what it says beyond has its proof.
 */
export const LATER_SHADOW = 12;

export function isTimeToLearn({ examples, lastTry, live }: LearningState, least = CRYSTAL_POLICY.least): boolean {
  if (live === null) return examples >= least && examples >= GROWTH * lastTry;
  return live.declined >= Math.max(DECLINED.least, DECLINED.ofExamples * lastTry) && live.declined >= DECLINED.share * live.firings;
}

/** `declined`: inputs that the old rule left to the model; `claimed`: inputs that it answered. */
export function isWorthProposing(old: Rule, next: Rule, declined: readonly JsonObject[], claimed: readonly JsonObject[]): boolean {
  const wider = compareRules(old, next, declined);
  const elsewhere = compareRules(old, next, claimed);
  return wider.gained >= Math.max(5, 0.1 * declined.length) && elsewhere.lost + elsewhere.changed <= 0.02 * claimed.length;
}
