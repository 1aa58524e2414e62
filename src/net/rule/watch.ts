/**
 * What watches a rule after its promotion: which firings are audited, and when the audits say that the world has changed.
 *
 * A sample of the claimed firings is asked of the model as well. Disagreements are summed up by Page's CUSUM ("Continuous
 * inspection schemes", Biometrika 1954) of log-likelihood ratios between the rate that the proof has seen and a rate that would be drift.
 * Two per cent of 200 firings are four audits, so the share rises by itself. It is multiplied by the likelihood ratio that the CUSUM has
 * gathered: where drift has become ten times likelier than not, ten times as much is audited, up to a half. It also rises after a bad
 * outcome in a later stage, after a jump in what the guard declines, in the first firings after the promotion and near the guard's edge.
 *
 * - W1 The state is JSON, made by `watched` from the state before and one observation. No clock, no chance: `draw` is an input.
 * - W2 At the plain share, each block of 1/share claimed firings has exactly one audit, at a place that nobody can foresee without the draws.
 * - W3 `drift`, once there, stays.
 */
import { z } from "zod";

export const watchPolicySchema = z.strictObject({
  audit: z.number().min(0.001).max(1).default(0.02).describe("Share of the claimed firings that the model is asked about as well"),
  expected: z.number().min(0).max(0.5).default(0.01).describe("Share of disagreements that the proof has seen"),
  declines: z.number().min(0).max(1).default(0.05).describe("Share of firings that the guard declined in the proof"),
});
export type WatchPolicy = z.output<typeof watchPolicySchema>;

export interface Watch {
  policy: WatchPolicy;
  /** Firings that the rule has claimed, the audited ones among them. */
  claimed: number;
  audited: number;
  disagreed: number;
  declined: number;
  badOutcomes: number;
  /** Claimed firings since the block of W2 began, and whether its audit has been. */
  inBlock: number;
  blockDone: boolean;
  /** Audits still to come at a raised share, for another reason than the score. */
  alert: number;
  /** CUSUM of disagreements among audits, and of declines among all firings. */
  score: number;
  declineScore: number;
  drift: string | null;
}

export type Observation =
  | { kind: "crystallized" }
  | { kind: "audited"; agreed: boolean }
  | { kind: "declined" }
  /** What a later stage made of an answer of the rule: reworked or rejected is not good. */
  | { kind: "outcome"; good: boolean };

const HIGHEST_SHARE = 0.5;
/** Audits that come closer after a bad outcome or a jump in what is declined, and at what share. */
const ALERT_AUDITS = 8;
const ALERT_SHARE = 0.25;
/** The first audits after the promotion come at this multiple of the share; so do those near the guard's edge. */
const EARLY_AUDITS = 10;
const EAGER = 5;
/** A CUSUM of log-likelihood ratios passes ln(n) by chance once in n audits or more (Lorden 1971). */
const DRIFT_SCORE = Math.log(2000);
const DECLINE_SCORE = Math.log(2000);

export function startWatch(policy: Partial<WatchPolicy> = {}): Watch {
  const counts = { claimed: 0, audited: 0, disagreed: 0, declined: 0, badOutcomes: 0, inBlock: 0 };
  return { policy: watchPolicySchema.parse(policy), ...counts, blockDone: false, alert: 0, score: 0, declineScore: 0, drift: null };
}

/** The share at which the next claimed firing is audited. */
export function auditShare({ policy, alert, audited, score }: Watch): number {
  const early = audited < EARLY_AUDITS ? EAGER * policy.audit : 0;
  const raised = Math.min(HIGHEST_SHARE, Math.max(policy.audit * Math.exp(score), alert > 0 ? ALERT_SHARE : 0, early));
  return Math.max(policy.audit, raised);
}

/** Whether this claimed firing is audited. `draw`: a number from 0 up to 1 that belongs to the firing alone. `edge`: near the guard's edge. */
export function wantsAudit(watch: Watch, draw: number, edge = false): boolean {
  if (edge && draw >= 1 - Math.min(1, EAGER * watch.policy.audit)) return true;
  if (watch.blockDone) return false;
  return draw < 1 / Math.max(1, blockOf(watch) - watch.inBlock);
}

const blockOf = (watch: Watch): number => Math.max(1, Math.round(1 / auditShare(watch)));

export function watched(watch: Watch, seen: Observation): Watch {
  switch (seen.kind) {
    case "crystallized":
      return onDecline(stepped({ ...watch, claimed: watch.claimed + 1 }, false), false);
    case "audited":
      return onDecline(onAudit(stepped({ ...watch, claimed: watch.claimed + 1 }, true), seen.agreed), false);
    case "declined":
      return onDecline({ ...watch, declined: watch.declined + 1 }, true);
    case "outcome":
      return seen.good ? watch : { ...watch, badOutcomes: watch.badOutcomes + 1, alert: ALERT_AUDITS };
  }
}

function stepped(watch: Watch, audited: boolean): Watch {
  const inBlock = watch.inBlock + 1;
  const over = inBlock >= blockOf(watch);
  return { ...watch, inBlock: over ? 0 : inBlock, blockDone: over ? false : watch.blockDone || audited };
}

function onAudit(watch: Watch, agreed: boolean): Watch {
  const { fine, drifted } = ratesOf(watch.policy);
  const score = Math.max(0, watch.score + (agreed ? Math.log((1 - drifted) / (1 - fine)) : Math.log(drifted / fine)));
  const audited = watch.audited + 1;
  const disagreed = watch.disagreed + (agreed ? 0 : 1);
  const alert = Math.max(0, watch.alert - 1);
  const said = `${disagreed} of ${audited} audits disagree with the rule; ${percent(fine)} was expected`;
  return { ...watch, score, audited, disagreed, alert, drift: watch.drift ?? (score >= DRIFT_SCORE ? said : null) };
}

/** Declined firings do no harm, since the model answers them; a jump in them says that the input has changed, so audits come closer. */
function onDecline(watch: Watch, declined: boolean): Watch {
  const usual = Math.min(0.6, Math.max(0.02, watch.policy.declines));
  const many = Math.min(0.95, Math.max(3 * usual, usual + 0.25));
  const score = Math.max(0, watch.declineScore + (declined ? Math.log(many / usual) : Math.log((1 - many) / (1 - usual))));
  if (score < DECLINE_SCORE) return { ...watch, declineScore: score };
  return { ...watch, declineScore: 0, alert: ALERT_AUDITS };
}

function ratesOf({ expected }: WatchPolicy): { fine: number; drifted: number } {
  const fine = Math.min(0.25, Math.max(0.01, expected));
  return { fine, drifted: Math.min(0.9, Math.max(3 * fine, fine + 0.2)) };
}

const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

export type Verdict = { drift: false } | { drift: true; reason: string };

export function verdict({ drift }: Watch): Verdict {
  return drift === null ? { drift: false } : { drift: true, reason: drift };
}
