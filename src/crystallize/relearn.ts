/** When it is time to learn. */
import { CRYSTAL_POLICY } from "../contract/crystal-policy.ts";

export interface LearningState {
  /** Good examples that there are now. */
  examples: number;
  /** How many there were at the last attempt; 0: none yet. */
  lastTry: number;
  /** Since a rule went live: firings, and those that its guard declined; whether it has tables, which may grow. Null: no rule answers. */
  live: { firings: number; declined: number; grows?: boolean } | null;
}

/** Each attempt waits for so many more examples: fewer would hardly change what was found. */
export const GROWTH = 1.3;
/**
 * What the guard declines, before it is worth learning again: in number, as a share of the firings, and of what was learned from. The last does
 * not hold for a table: a row needs its own examples, however many others there are.
 */
export const DECLINED = { least: 12, share: 0.02, ofExamples: 0.03 };

/**
 * So many answers of a later rule are compared with the model's beside one that answers. Fewer than in a first shadow: the model is asked about
 * little by then, and what the later rule says alike has been compared already; what it says beyond has its proof.
 */
export const LATER_SHADOW = 12;

export function isTimeToLearn({ examples, lastTry, live }: LearningState, least = CRYSTAL_POLICY.least): boolean {
  if (live === null) return examples >= least && examples >= GROWTH * lastTry;
  const ofExamples = live.grows ? 0 : DECLINED.ofExamples * lastTry;
  return live.declined >= Math.max(DECLINED.least, ofExamples) && live.declined >= DECLINED.share * live.firings;
}
