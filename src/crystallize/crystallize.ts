/**
 * From the history of a step to a proposal: learn on the earlier part, prove on the later one, and say whether the rule may answer
 * in the model's place, or why not. Pure: the same examples give the same proposal.
 */
import type { ModelUse } from "../contract/event.ts";
import { canonicalJson, type Json, type JsonObject } from "../contract/json.ts";
import type { Equality } from "../net/rule/agree.ts";
import { evaluateRule, isProgram, type Rule } from "../net/rule/rule.ts";
import type { WatchPolicy } from "../net/rule/watch.ts";
import { learnAnswer } from "./answers.ts";
import { beside, type Live, notWorthIt } from "./beside.ts";
import { claimsOf, type JudgedClaim, type Part, partsOf, reasonFor } from "./claims.ts";
import { columnsOf } from "./columns.ts";
import { compareRules } from "./compare-rules.ts";
import { type Example, goodExamples } from "./example.ts";
import { grownRule } from "./grown.ts";
import { guardOf } from "./guards.ts";
import { type Claim, carved, objectionsTo } from "./objections.ts";
import { callsTools, learnProgram, makesEffects } from "./programs.ts";
import { fieldsOfAnswers, unlearnedWords } from "./stand-in.ts";
import { upperBound, upperBoundOfMix, wilson } from "./statistics.ts";
import type { Task } from "./task.ts";
import { withLimits } from "./turning-points.ts";

export interface CrystallizeOptions {
  equality?: Equality;
  /** The highest share of disagreements with the model that is accepted, as an upper bound. Not below what the model itself errs. */
  bound?: number;
  confidence?: number;
  /** Fewer good examples teach nothing. */
  least?: number;
  /** The latest share of them is kept for the proof. */
  holdout?: number;
  /** A rule that claims less of the inputs is not worth a change. */
  coverage?: number;
  /** What a judge said of two answers that are not equal by content; undefined: not asked. */
  judged?: (input: JsonObject, given: Json, wanted: Json) => boolean | undefined;
  /** A rule answers already: the one that is learned may take its place. */
  live?: Live;
  /** Whoever wrote a given rule has seen the history up to this event: only what came later proves it. */
  seenTo?: number;
  /** Answers among the later ones that people or later steps turned down, and that the rule would give again: they are wrong. */
  repeated?: number;
}

export interface Proof {
  /** First and last position in the log that the proof looked at. */
  seqs: [number, number];
  /** Good examples that the rule was learned from, and those that it had not seen. */
  examples: number;
  holdout: number;
  /** Of the holdout: inside the guard; there: other than the model, and left to a judge who has not been asked. */
  covered: number;
  wrong: number;
  unjudged: number;
  /** Beside these: answers that were turned down later, and that the rule would give again. They count as wrong. */
  repeated?: number;
  /** Upper bound on the share of disagreements inside the guard (Clopper-Pearson, one-sided). */
  bound: number;
  confidence: number;
  coverage: number;
  /** Wilson's two-sided 95 % interval of the agreement. */
  interval: [number, number];
}

export interface Shown {
  seq: number;
  input: JsonObject;
  wanted: Json;
  given?: Json;
  reason?: string;
}

export interface Proposal {
  rule: Rule | null;
  learner: string;
  promotable: boolean;
  /** Why it may not be promoted; empty when it may. */
  reasons: string[];
  proof: Proof | null;
  contests: { field: string; learner: string; score: number }[];
  /** Of the holdout: answered as the model did, answered otherwise, left to the model. */
  answered: Shown[];
  disagreements: Shown[];
  declined: Shown[];
  savings: { usdPer1000: number; msPer1000: number; usdPerFiring: number };
  /** What the watch should start from. */
  watch: Partial<WatchPolicy>;
  examples: { good: number; bad: number };
  /** A model was asked for a rule too. */
  written?: Written;
  /** A judge persona was asked about so many pairs of answers. */
  judged?: Judged;
}
export interface Judged {
  by: string;
  /** Different pairs that it has judged; how many it might have been asked about. */
  asked: number;
  open: number;
  model?: ModelUse;
  /** It answered in a form that is no verdict, so often: what it said last, and what was wanted. */
  unread?: { code: "bad-verdict"; count: number; said: string; wanted: string };
  /** It was not asked further: it could not have turned out well any more, or it gave no verdict at all. */
  stopped?: string;
  /** Of answers that were turned down later, the rule would give so many again. */
  turnedDown?: { asked: number; same: number };
}
export interface Written {
  /** None: the rule is one that was kept from an earlier time, or that somebody has given. */
  rounds: number;
  /** What asking cost. */
  model?: ModelUse;
  /** `none`: it wrote no sound rule. `behind`: what was learned is as good. `unproven`: not good enough, nor is what was learned. */
  outcome: "none" | "behind" | "unproven" | "taken";
  /** Of its rule. */
  proof?: Proof | null;
  /** What it wrote, so that the later stages are about the same rule; and the last event of the part that it was shown. */
  rule?: Rule;
  seenTo?: number;
}

export const DEFAULTS = { equality: "exact" as Equality, bound: 0.05, confidence: 0.95, least: 150, holdout: 0.3, coverage: 0.5 };
/** Older examples than the last so many cost time and teach what may no longer hold. */
const MOST_EXAMPLES = 2500;
const MOST_SHOWN = 8;
/** The watch counts as usual what lies a little above what the proof has seen, since a proof may have been lucky. */
const USUAL = 0.95;

export function watchPolicyOf({ wrong, covered, unjudged, coverage }: Proof): Partial<WatchPolicy> {
  return { expected: Math.min(0.5, upperBound(wrong, covered - unjudged, USUAL)), declines: Math.min(1, 1 - coverage + 0.01) };
}

/** What a study looks at: the latest good examples, and of the bad ones only that they are there. */
export function useful(examples: readonly Example[]): Example[] {
  const bad = examples.filter((example) => example.bad !== undefined);
  return [...bad.map((example) => ({ ...example, input: {}, output: null, tools: [] })), ...goodExamples(examples).slice(-MOST_EXAMPLES)];
}

export function crystallize(examples: readonly Example[], options: CrystallizeOptions = {}): Proposal {
  const settings = { ...DEFAULTS, ...options };
  const good = goodExamples(examples).slice(-MOST_EXAMPLES);
  const counts = { good: good.length, bad: examples.filter(({ bad }) => bad !== undefined).length };
  if (good.length < settings.least) return nothing(counts, `${good.length} good examples; ${settings.least} are the fewest to learn from`);
  const split = Math.floor(good.length * (1 - settings.holdout));
  const early = good.slice(0, split);
  const unlearned = settings.live ? notBeside(settings.live, good) : null;
  if (unlearned !== null) return nothing(counts, unlearned);
  const byCalls = !settings.live && callsTools(good) ? programProposal(early, good, split, settings) : null;
  if (byCalls && "rule" in byCalls && (byCalls.promotable || makesEffects(good))) return { ...byCalls, examples: counts };
  if (byCalls && makesEffects(good)) return nothing(counts, "reason" in byCalls ? byCalls.reason : byCalls.reasons.join("; "));
  const mute = new Set<string>();
  const learned = proposalBy((some) => learnRule(some, settings.equality, mute), good, split, settings);
  const { live } = settings;
  const proposal = live ? widerOf(live.rule, learned, grownProposal(live.rule, good, split, settings), good) : learned;
  if (!proposal)
    return nothing(counts, unlearnedWords("no learner found a rule that holds on later examples", mute, fieldsOfAnswers(early)));
  return { ...proposal, examples: counts };
}

/** A rule out of examples, with the names of the learners that won. */
type Way = (examples: readonly Example[]) => { rule: Rule; learners: string[]; contests: Proposal["contests"] } | null;
type Proposed = Omit<Proposal, "examples">;

/** Learned from the earlier part, proven on the later one; what is good enough is learned again from all. Null: there is none. */
function proposalBy(way: Way, good: readonly Example[], split: number, settings: Settings, grew = false): Proposed | null {
  const learned = way(good.slice(0, split));
  if (!learned) return null;
  const { learners, contests } = learned;
  const proposal = proposalOf(learned.rule, learners.join(", "), good, split, settings);
  const chosen = proposal.promotable ? widened(learned.rule, learners, way, good, settings) : learned.rule;
  const rule = withLimits(
    chosen,
    good.map(({ input }) => input),
  );
  const worse = settings.live && proposal.promotable ? notWorthIt(settings.live.rule, rule, good, settings, grew) : [];
  const reasons = [...proposal.reasons, ...worse];
  return { ...proposal, rule, contests, promotable: reasons.length === 0, reasons };
}

/** Null: its tables have no more to gain. */
function grownProposal(live: Rule, good: readonly Example[], split: number, settings: Settings): Proposed | null {
  if (grownRule(live, good, settings.equality) === live) return null;
  const way: Way = (some) => ({ rule: grownRule(live, some, settings.equality), learners: ["more rows"], contests: [] });
  return proposalBy(way, good, split, settings, true);
}

/** Of two that may take the live one's place, that which claims more of what it leaves to the model; of equals the one that is learned anew. */
function widerOf(live: Rule, learned: Proposed | null, grew: Proposed | null, good: readonly Example[]): Proposed | null {
  if (!learned?.promotable || !grew?.promotable) return grew?.promotable ? grew : (learned ?? grew);
  const declined = good.map(({ input }) => input).filter((input) => !evaluateRule(live, input).applies);
  const gain = ({ rule }: Proposed) => (rule ? compareRules(live, rule, declined).gained : 0);
  return gain(grew) > gain(learned) ? { ...grew, contests: learned.contests } : learned;
}

/** The same proof for a rule that somebody else has written: a person, or a model that was asked for one. */
export function proveRule(rule: Rule, examples: readonly Example[], options: CrystallizeOptions = {}): Proposal {
  const settings = { ...DEFAULTS, ...options };
  const good = goodExamples(examples).slice(-MOST_EXAMPLES);
  const counts = { good: good.length, bad: examples.filter(({ bad }) => bad !== undefined).length };
  if (good.length === 0) return { ...nothing(counts, "no good examples to prove it on"), rule };
  const { seenTo = 0 } = options;
  const unseen = good.findIndex(({ seq }) => seq > seenTo);
  const split = Math.max(Math.floor(good.length * (1 - settings.holdout)), unseen < 0 ? good.length : unseen);
  const proposal = proposalOf(rule, "given", good, split, settings);
  const worse = settings.live && proposal.promotable ? notWorthIt(settings.live.rule, rule, good, settings) : [];
  return { ...proposal, promotable: proposal.promotable && worse.length === 0, reasons: [...proposal.reasons, ...worse], examples: counts };
}

/** A program and another rule do not stand beside each other: which way a program goes shows only as its calls are made. */
function notBeside({ rule }: Live, good: readonly Example[]): string | null {
  if (isProgram(rule)) return "its calls are made by a program that answers now: nothing else is learned before that is undone";
  if (!makesEffects(good)) return null;
  return "something happens by its calls: only a program could stand for them, and none is learned beside a rule that answers";
}

/** Calls as they are made, rather than what they once answered: a program is taken before a rule that makes none. */
function programProposal(early: readonly Example[], good: readonly Example[], split: number, settings: Settings) {
  const outcome = learnProgram(early, settings.equality);
  if ("reason" in outcome) return outcome;
  const { rule, learners } = outcome.learned;
  // Nothing is learned beside it later: a way that is missing now would be missing for good.
  const coverage = good.length < PATIENT ? Math.max(settings.coverage, WHOLE) : settings.coverage;
  return proposalOf(rule, learners.join(", "), good, split, { ...settings, coverage });
}
/** A program that leaves more than a tenth to its model waits for so many examples. */
const WHOLE = 0.9;
const PATIENT = 1000;

function proposalOf(rule: Rule, learner: string, good: readonly Example[], split: number, settings: Settings): Omit<Proposal, "examples"> {
  const { proof, reasons, late } = proved(rule, good, split, settings);
  const later = good.slice(split);
  return {
    ...{ rule, learner, promotable: reasons.length === 0, reasons, proof, contests: [] },
    ...shownOf(rule, later, late, split),
    savings: savingsOf(later, proof.coverage, isProgram(rule)),
    watch: watchPolicyOf(proof),
  };
}

export function learnRule(
  examples: readonly Example[],
  equality: Equality = "exact",
  unlearned?: Set<string>,
): { rule: Rule; learners: string[]; contests: Proposal["contests"] } | null {
  const inputs = examples.map(({ input }) => input);
  const columns = columnsOf(inputs);
  const task: Task = { inputs, targets: examples.map(({ output }) => output), columns, equality };
  const learned = learnAnswer(task, "", 0, unlearned);
  if (!learned) return null;
  const guard = guardOf(learned.answer, inputs);
  const claims = claimsOf({ guard, answer: learned.answer }, examples, { ...DEFAULTS, equality });
  const answer = carved(learned.answer, claims, columns);
  return {
    rule: { guard: answer === learned.answer ? guard : guardOf(answer, inputs), answer },
    learners: learned.learners,
    contests: learned.contests,
  };
}

/**
 * Proves a rule again, on examples that came after the ones that it was learned from: the shadow's, or those of the model's answers
 * since. `unseen` is the position of the first of them among `examples`.
 */
export function prove(
  rule: Rule,
  examples: readonly Example[],
  unseen: number,
  options: CrystallizeOptions = {},
): { proof: Proof; reasons: string[] } {
  const { proof, reasons } = proved(rule, goodExamples(examples), unseen, { ...DEFAULTS, ...options });
  return { proof, reasons };
}

function proved(rule: Rule, good: readonly Example[], unseen: number, settings: Settings) {
  const columns = columnsOf(good.map(({ input }) => input));
  const all = claimsOf(rule, good, settings);
  const late = all.filter(({ row }) => row >= unseen);
  const own = proofOf(good.slice(unseen), unseen, late, settings);
  const proof = settings.live ? { ...own, ...beside(settings.live, good.slice(unseen), late, settings) } : own;
  // Where a judge has spoken, he has spoken of the later ones: earlier ones that nobody has looked at would make every fault a late one.
  const told = all.some(({ unjudged }) => unjudged) ? late.filter(({ unjudged }) => !unjudged) : all;
  return { proof, late, reasons: [...shortcomings(proof, late, settings), ...objectionsTo(told, columns)] };
}

type Settings = typeof DEFAULTS & Pick<CrystallizeOptions, "judged" | "live" | "repeated">;

/**
 * The proven rule, with what the later examples add: rows of a table, values of a guard. The same learners have to come to it, and where it
 * does not say what the proven one says, it leaves next to nothing to the model, or what the model has mostly answered otherwise too; its
 * shadow and its first audits look at what is new.
 */
function widened(proven: Rule, learners: string[], way: Way, good: readonly Example[], settings: Settings): Rule {
  const again = way(good);
  if (!again || again.learners.join() !== learners.join()) return proven;
  const inputs = good.map(({ input }) => input);
  const { changed, lost } = compareRules(proven, again.rule, inputs);
  if (changed === 0 && lost <= 0.01 * good.length) return again.rule;
  const parted = claimsOf(proven, good, settings).filter(({ input, given }) => {
    const answer = evaluateRule(again.rule, input);
    return !answer.applies || canonicalJson(answer.value) !== canonicalJson(given);
  });
  return parted.filter(({ agreed }) => !agreed).length > parted.length / 2 ? again.rule : proven;
}

function proofOf(holdout: readonly Example[], examples: number, claims: JudgedClaim[], { confidence, repeated = 0 }: Settings): Proof {
  const unjudged = claims.filter((claim) => claim.unjudged).length;
  const wrong = claims.filter(({ agreed }) => !agreed).length;
  const covered = claims.length;
  return {
    ...{ seqs: [holdout[0]?.seq ?? 0, holdout.at(-1)?.seq ?? 0], examples, holdout: holdout.length, covered, wrong, unjudged, confidence },
    ...(repeated > 0 ? { repeated } : {}),
    bound: upperBoundOfMix(withRepeated(partsOf(claims), repeated, covered), confidence),
    coverage: covered / Math.max(1, holdout.length),
    interval: wilson(covered - unjudged - wrong, covered - unjudged),
  };
}

/** What was turned down and would be given again belongs to the part that is compared by content, which weighs so much more: it may be all there is of it. */
function withRepeated([told, ...more]: Part[], repeated: number, claimed: number): Part[] {
  const weight = (told?.weight ?? 0) + repeated / Math.max(1, claimed);
  return told ? [{ weight, bad: told.bad + repeated, all: told.all + repeated }, ...more] : [];
}

function shortcomings(proof: Proof, late: readonly JudgedClaim[], { bound, coverage }: { bound: number; coverage: number }): string[] {
  const reasons: string[] = [];
  if (proof.coverage < coverage) reasons.push(`it claims ${percent(proof.coverage)} of the inputs; ${percent(coverage)} are asked for`);
  if (proof.unjudged > 0 && !late.some(({ open, unjudged }) => open && !unjudged))
    reasons.push(
      `${proof.unjudged} answers are other words than the model's, and no judge has looked at them (--judge asks the one that the equality names)`,
    );
  if (proof.bound > bound) {
    const seen = `${proof.wrong} of ${proof.covered - proof.unjudged} answers differ from the model's${repeatedWords(proof)}`;
    reasons.push(
      `${seen}: with ${percent(proof.confidence)} confidence no more than ${percent(proof.bound)}, and ${percent(bound)} is the bound`,
    );
  }
  return reasons;
}

const repeatedWords = ({ repeated = 0 }: Proof): string =>
  repeated === 0 ? "" : `, and ${repeated} that ${repeated === 1 ? "was" : "were"} turned down would be given again`;

export const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

function shownOf(
  rule: Rule,
  holdout: readonly Example[],
  late: JudgedClaim[],
  split: number,
): Pick<Proposal, "answered" | "disagreements" | "declined"> {
  const shown = ({ row, input, given, wanted }: Claim): Shown => ({ seq: holdout[row - split]?.seq ?? 0, input, given, wanted });
  const claimed = new Set(late.map(({ row }) => row - split));
  const declined = holdout.filter((_, at) => !claimed.has(at)).slice(0, MOST_SHOWN);
  return {
    answered: late
      .filter(({ agreed }) => agreed)
      .slice(0, MOST_SHOWN)
      .map(shown),
    disagreements: late
      .filter(({ agreed }) => !agreed)
      .slice(0, MOST_SHOWN)
      .map(shown),
    declined: declined.map((example) => ({
      ...{ seq: example.seq, input: example.input, wanted: example.output },
      reason: reasonFor(rule, example),
    })),
  };
}

/** A program spares what the model took; its calls take as long as the agent's did. */
function savingsOf(examples: readonly Example[], coverage: number, callsTools: boolean): Proposal["savings"] {
  const mean = (of: (example: Example) => number): number => examples.reduce((sum, one) => sum + of(one), 0) / Math.max(1, examples.length);
  const usdPerFiring = mean(({ costUsd }) => costUsd);
  const spared = mean(({ latencyMs, toolMs = 0 }) => Math.max(0, latencyMs - (callsTools ? toolMs : 0)));
  return { usdPerFiring, usdPer1000: 1000 * coverage * usdPerFiring, msPer1000: 1000 * coverage * spared };
}

function nothing(examples: Proposal["examples"], reason: string): Proposal {
  const empty = { contests: [], answered: [], disagreements: [], declined: [], watch: {} };
  return {
    rule: null,
    learner: "none",
    promotable: false,
    reasons: [reason],
    proof: null,
    ...empty,
    savings: { usdPer1000: 0, msPer1000: 0, usdPerFiring: 0 },
    examples,
  };
}
