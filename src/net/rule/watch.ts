/**
 * What watches a rule after its promotion: which firings are audited, and when the audits say that the world has changed.
 *
 * A sample of the claimed firings is asked of the model as well. Disagreements are summed up by Page's CUSUM ("Continuous
 * inspection schemes", Biometrika 1954) of log-likelihood ratios: over all audits between the rate that the proof has seen and a rate that
 * would be drift, for each region of the rule (its branches, `regionOf`) between that rate and nearly always, and over the regions' sum
 * (Mei, "Efficient scalable schemes for monitoring a large number of data streams", Biometrika 2010).
 * Two per cent of 200 firings are four audits, so they are spread evenly over the regions, however seldom one is met (two thirds of them over
 * what lies near the limits of the rule, where there is such, the rest over the others), and the share rises by
 * itself: it is multiplied by the likelihood ratio that the CUSUM over all has gathered, up to a half, and of a region that disagreed each
 * firing is audited until its CUSUM is back at nothing. That takes a few audits, as many as if they came late. The share also rises after a
 * bad outcome in a later stage, after a jump in what the guard declines, in the first firings after the promotion and near the guard's edge.
 *
 * - W1 The state is JSON, made by `watched` from the state before and one observation. No clock, no chance: `draw` is an input.
 * - W2 At the plain share, each block of 1/share claimed firings of a region has exactly one audit, at a place that nobody can foresee
 *   without the draws; it lies in the middle fifth of the block, so that no two are far apart: 1.2/share firings of the region at most.
 * - W3 `drift`, once there, stays.
 * - W4 However the blocks of the regions lie, no 2/share claimed firings are without an audit.
 * - W5 Missed audits are made up once the model answers again: the claimed firings that come next are audited, one for each that was missed,
 * `MOST_OWED` at most. Each counts from its beginning, so that none is made up twice however many are under way.
 * - W6 A share of declines that stays as high as it jumped to is usual from then on: it raises the share of audits for a while, not for ever.
 */
import * as z from "zod";
import { isNearLimit } from "./limits.ts";

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
  /** By `regionOf`; the last one is for all that are too many. */
  regions: { [region: string]: Region };
  /** Claimed firings since the last audit; not there in a checkpoint from before it was counted. */
  quiet?: number;
  /** W5. Missed audits that are not made up; `open`: the model has answered since the last one. Absent where there are none. */
  owed?: { count: number; open: boolean };
  /** Audits still to come at a raised share, for another reason than the score. */
  alert: number;
  /** CUSUM of disagreements among audits, and of declines among all firings. */
  score: number;
  declineScore: number;
  /** W6. Since the last jump: the share that is usual by now, and how many had been declined and claimed. Absent before the first one. */
  usual?: { share: number; declined: number; claimed: number };
  drift: string | null;
}

export interface Region {
  claimed: number;
  /** Claimed firings since the block of W2 began, and whether its audit has been. */
  inBlock: number;
  blockDone: boolean;
  /** CUSUM of its own disagreements. */
  score: number;
}

export type Observation =
  | { kind: "crystallized"; region?: string }
  | { kind: "audited"; agreed: boolean; region?: string }
  /** To be audited, but the model could not be asked. */
  | { kind: "missed"; region?: string }
  /** An audit begins; the model has answered, in an audit or where the rule left it to it. */
  | { kind: "begun" }
  | { kind: "heard" }
  | { kind: "declined" }
  /** What a later stage made of an answer of the rule: reworked or rejected is not good. */
  | { kind: "outcome"; good: boolean };

const HIGHEST_SHARE = 0.5;
/** Audits that come closer after a bad outcome or a jump in what is declined, and at what share. */
const ALERT_AUDITS = 8;
const ALERT_SHARE = 0.25;
/** W5. As many as people are asked after. */
const MOST_OWED = 10;
/** The first audits after the promotion come at this multiple of the share; so do those near the guard's edge. */
const EARLY_AUDITS = 10;
const EAGER = 5;
/** A CUSUM of log-likelihood ratios passes ln(n) by chance once in n audits or more (Lorden 1971). */
const DRIFT_SCORE = Math.log(2000);
const DECLINE_SCORE = Math.log(2000);
/** There are many regions, and each of them may be unlucky; and several at a time. */
const REGION_SCORE = Math.log(20_000);
const REGIONS_SCORE = REGION_SCORE + 1;
/** Of a block, what is before its audit at least, and after it. */
const MARGIN = 0.4;
/**
 * Of the firings that one audit stands for at the plain share: after so many without any, the first one of a region that has had none for a part
 * of its block is audited, and after more than that the next one, whatever its region.
 */
const LONG_QUIET = 1.5;
const LONGEST_QUIET = 2;
const DUE = 0.3;
/** More are one. */
const MOST_REGIONS = 16;
const REST = "...";
/** No region is audited less than at this part of the share, nor more, without cause, than at this multiple. */
const LEAST_OF_SHARE = 0.5;
const MOST_OF_SHARE = 10;
/** What is seldom met would else be heard of too late, and costs little to ask about a little more. */
const SELDOM = 1.2;
/** Of the audits, for what lies near the limits of the rule: a limit that moves shows there alone, and a branch that changes there too. */
const NEAR_LIMITS = 2 / 3;
/** What a region that has changed would disagree. */
const CHANGED = 0.8;
const NEW_REGION: Region = { claimed: 0, inBlock: 0, blockDone: false, score: 0 };

export function startWatch(policy: Partial<WatchPolicy> = {}): Watch {
  const counts = { claimed: 0, audited: 0, disagreed: 0, declined: 0, badOutcomes: 0 };
  return { policy: watchPolicySchema.parse(policy), ...counts, regions: {}, alert: 0, score: 0, declineScore: 0, drift: null };
}

/**
 * The watch of a rule that has taken another's place and says the same where both answer: what was seen of that one still counts, but not
 * by its regions, since the branches are others; kept, they would take audits that nobody gets. It
 * expects as many disagreements as either proof, since the model that errs is the same.
 */
export function goesOn(watch: Watch, policy: Partial<WatchPolicy>): Watch {
  const next = watchPolicySchema.parse(policy);
  const expected = Math.max(next.expected, watch.policy.expected);
  const { usual: _, ...counts } = watch;
  return { ...counts, policy: { ...next, expected }, regions: {}, declineScore: 0 };
}

/** The share at which the next claimed firing of a region is audited. */
export function auditShare(watch: Watch, region = ""): number {
  const { policy, alert, audited, score, regions } = watch;
  if ((regions[nameOf(watch, region)]?.score ?? 0) > 0) return 1;
  const early = audited < EARLY_AUDITS ? EAGER * policy.audit : 0;
  const gathered = score > 0 ? policy.audit * Math.exp(score) : 0;
  return Math.max(spreadShare(watch, region), Math.min(HIGHEST_SHARE, Math.max(gathered, alert > 0 ? ALERT_SHARE : 0, early)));
}

/** As many audits for each region of its kind, within reason. */
function spreadShare(watch: Watch, region: string): number {
  const { policy, regions } = watch;
  const names = Object.keys(regions);
  const name = nameOf(watch, region);
  const own = regions[name]?.claimed ?? 0;
  // All of them is said for each region.
  if (names.length < 2 || policy.audit === 1) return policy.audit;
  const claimed = Object.values(regions).reduce((sum, one) => sum + one.claimed, 0);
  const near = names.filter(isNearLimit).length;
  const kind = isNearLimit(name) ? near : names.length - near;
  const part = near === 0 || near === names.length ? 1 : isNearLimit(name) ? NEAR_LIMITS : 1 - NEAR_LIMITS;
  const even = (part * policy.audit * (claimed + names.length)) / (Math.max(1, kind) * (own + 1));
  const share = even > policy.audit ? SELDOM * even : even;
  return Math.min(1, Math.max(LEAST_OF_SHARE * policy.audit, Math.min(MOST_OF_SHARE * policy.audit, share)));
}

function nameOf({ regions }: Watch, region: string): string {
  return region in regions || Object.keys(regions).length < MOST_REGIONS - 1 ? region : REST;
}

/** Whether this claimed firing is audited. `draw`: a number from 0 up to 1 that belongs to the firing alone. `edge`: near the guard's edge. */
export function wantsAudit(known: Watch, draw: number, edge = false, region = ""): boolean {
  const watch = withRegions(known);
  if (watch.owed?.open) return true;
  if (edge && draw >= 1 - Math.min(1, EAGER * watch.policy.audit)) return true;
  const { blockDone, inBlock } = watch.regions[nameOf(watch, region)] ?? NEW_REGION;
  const block = blockOf(watch, region);
  const margin = Math.floor(block * MARGIN);
  // W4.
  const quiet = (watch.quiet ?? 0) + 1;
  if (quiet >= LONGEST_QUIET / watch.policy.audit || (quiet >= LONG_QUIET / watch.policy.audit && !blockDone && inBlock >= DUE * block))
    return true;
  // A block of one has its audit, whatever there was in the longer one that it cuts short.
  if (block > 1 && (blockDone || inBlock < margin)) return false;
  return draw < 1 / Math.max(1, block - margin - inBlock);
}

const blockOf = (watch: Watch, region: string): number => Math.max(1, Math.round(1 / auditShare(watch, region)));

/** No disagreement speaks for a change. */
export function isCalm({ score, regions }: Watch): boolean {
  return score === 0 && Object.values(regions).every((region) => region.score === 0);
}

/** A checkpoint from before there were regions has none. */
function withRegions(watch: Watch): Watch {
  return watch.regions === undefined ? { ...watch, regions: {} } : watch;
}

export function watched(before: Watch, seen: Observation): Watch {
  const watch = withRegions(before);
  switch (seen.kind) {
    case "crystallized":
      return onDecline(stepped(watch, seen.region ?? "", false), false);
    case "missed":
      // Else a model out of reach would be asked about each firing that comes next.
      return onDecline(owing(stepped(watch, seen.region ?? "", true), 1, false), false);
    case "begun":
      return watch.owed?.open ? owing(watch, -1, true) : watch;
    case "heard":
      return watch.owed ? owing(watch, 0, true) : watch;
    case "audited":
      return onDecline(onAudit(stepped(watch, seen.region ?? "", true), seen.region ?? "", seen.agreed), false);
    case "declined":
      return onDecline({ ...watch, declined: watch.declined + 1 }, true);
    case "outcome":
      return seen.good ? watch : { ...watch, badOutcomes: watch.badOutcomes + 1, alert: ALERT_AUDITS };
  }
}

/** W5. */
function owing({ owed, ...watch }: Watch, more: number, open: boolean): Watch {
  const count = Math.min(MOST_OWED, (owed?.count ?? 0) + more);
  return count > 0 ? { ...watch, owed: { count, open } } : watch;
}

function stepped(watch: Watch, region: string, audited: boolean): Watch {
  const name = nameOf(watch, region);
  const known = watch.regions[name] ?? NEW_REGION;
  const inBlock = known.inBlock + 1;
  const over = inBlock >= blockOf(watch, region);
  const next = { ...known, claimed: known.claimed + 1, inBlock: over ? 0 : inBlock, blockDone: over ? false : known.blockDone || audited };
  const quiet = audited ? 0 : (watch.quiet ?? 0) + 1;
  return { ...watch, claimed: watch.claimed + 1, quiet, regions: { ...watch.regions, [name]: next } };
}

function onAudit(watch: Watch, region: string, agreed: boolean): Watch {
  const { fine, drifted } = ratesOf(watch.policy);
  const name = nameOf(watch, region);
  const known = watch.regions[name] ?? NEW_REGION;
  const score = summed(watch.score, agreed, fine, drifted);
  const own = summed(known.score, agreed, fine, Math.max(CHANGED, drifted));
  const audited = watch.audited + 1;
  const disagreed = watch.disagreed + (agreed ? 0 : 1);
  const alert = Math.max(0, watch.alert - 1);
  const said = `${disagreed} of ${audited} audits disagree with the rule; ${percent(fine)} was expected`;
  const where = `the audits of one branch of the rule disagree again and again, ${said}`;
  const next = { ...watch, score, audited, disagreed, alert, regions: { ...watch.regions, [name]: { ...known, score: own } } };
  const branch = own >= REGION_SCORE || sumOf(next) >= REGIONS_SCORE;
  return { ...next, drift: watch.drift ?? (score >= DRIFT_SCORE ? said : branch ? where : null) };
}

const sumOf = ({ regions }: Watch): number => Object.values(regions).reduce((sum, { score }) => sum + score, 0);

function summed(score: number, agreed: boolean, fine: number, drifted: number): number {
  return Math.max(0, score + (agreed ? Math.log((1 - drifted) / (1 - fine)) : Math.log(drifted / fine)));
}

/** Declined firings do no harm, since the model answers them; a jump in them says that the input has changed, so audits come closer. */
function onDecline(watch: Watch, declined: boolean): Watch {
  const usual = Math.min(0.6, Math.max(0.02, watch.policy.declines, watch.usual?.share ?? 0));
  const many = Math.min(0.95, Math.max(3 * usual, usual + 0.25));
  const score = Math.max(0, watch.declineScore + (declined ? Math.log(many / usual) : Math.log((1 - many) / (1 - usual))));
  if (score < DECLINE_SCORE) return { ...watch, declineScore: score };
  return { ...watch, declineScore: 0, alert: ALERT_AUDITS, usual: usualSince(watch) };
}

/** W6. The first jump is reckoned from what was before it as well, so a second one follows; by then it is known what stays. */
function usualSince({ usual, declined, claimed }: Watch): NonNullable<Watch["usual"]> {
  const since = usual ?? { share: 0, declined: 0, claimed: 0 };
  const [left, taken] = [declined - since.declined, claimed - since.claimed];
  return { share: Math.max(since.share, left / Math.max(1, left + taken)), declined, claimed };
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
