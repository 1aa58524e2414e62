/**
 * A rule that a model has written, beside the ones that were learned. It is data in the same small language, so nothing of it can run
 * away; it gets the guard and the proof of any other rule, and calls no tool that the step has not called. Pure: who asks the model is
 * not here.
 */
import { canonicalJson, type Json } from "../contract/json.ts";
import { ruleProblems, ruleReads } from "../net/rule/reads.ts";
import { isProgram, type Rule, ruleSchema } from "../net/rule/rule.ts";
import { claimsOf, reasonFor } from "./claims.ts";
import { columnsOf } from "./columns.ts";
import { type CrystallizeOptions, DEFAULTS, type Proposal, proveRule } from "./crystallize.ts";
import { type Example, goodExamples } from "./example.ts";
import { guardOf } from "./guards.ts";
import { carved } from "./objections.ts";
import { hardened, makesEffects, namesOfCalls } from "./programs.ts";

/** What the model is shown, and what its rule gets its guard from: never the part that the proof is made on. */
export function earlyPart(examples: readonly Example[], options: CrystallizeOptions = {}): Example[] {
  const good = goodExamples(examples).slice(-MOST);
  return good.slice(0, Math.floor(good.length * (1 - (options.holdout ?? DEFAULTS.holdout))));
}
const MOST = 2500;

/** Examples to show: of each answer in turn the latest ones, so that rare answers are among them. */
export function shownExamples(early: readonly Example[], most: number): Example[] {
  const byAnswer = new Map<string, Example[]>();
  for (const example of early.toReversed()) {
    const key = canonicalJson(example.output);
    byAnswer.set(key, [...(byAnswer.get(key) ?? []), example]);
  }
  const groups = [...byAnswer.values()];
  const shown: Example[] = [];
  for (let round = 0; shown.length < most && groups.some((group) => group.length > round); round += 1) {
    shown.push(...groups.flatMap((group) => group[round] ?? []).slice(0, most - shown.length));
  }
  return shown;
}

export type Read = { rule: Rule } | { problems: string[] };

/** What the model wrote, as a rule with a guard; or what is wrong with it, for the model to mend. */
export function readWritten(value: Json, early: readonly Example[], options: CrystallizeOptions = {}): Read {
  const parsed = ruleSchema.safeParse(value);
  if (!parsed.success) return { problems: schemaProblems(parsed.error) };
  const problems = problemsOf(parsed.data, early);
  return problems.length > 0 ? { problems } : { rule: guarded(parsed.data, early, options) };
}

/** A rule that is there already, as it stands: one that a model wrote before, or that somebody has written. */
export function readGiven(value: Json, examples: readonly Example[]): Read {
  const parsed = ruleSchema.safeParse(value);
  if (!parsed.success) return { problems: schemaProblems(parsed.error) };
  const problems = problemsOf(parsed.data, goodExamples(examples));
  return problems.length > 0 ? { problems } : { rule: parsed.data };
}

function schemaProblems({ issues }: { issues: { path: PropertyKey[]; message: string }[] }): string[] {
  return issues.slice(0, 8).map(({ path, message }) => `${path.join(".") || "the rule"}: ${message}`);
}

function problemsOf(rule: Rule, early: readonly Example[]): string[] {
  const unsound = ruleProblems(rule).map(({ path, message }) => `${path.join(".")}: ${message}`);
  return [...unsound, ...strangeReads(rule, early), ...narrowness(rule, early)].slice(0, 8);
}

/** A rule for another step: what it looks at is never there. */
function strangeReads(rule: Rule, early: readonly Example[]): string[] {
  const names = new Set(early.flatMap(({ input }) => Object.keys(input)));
  if (names.size === 0) return [];
  const strange = ruleReads(rule).filter((pointer) => pointer !== "" && !names.has(pointer.split("/")[1] ?? ""));
  return strange.map((pointer) => `it looks at ${pointer}, and the inputs of this step are ${[...names].join(", ")}`);
}

/** It reaches no further than the step has reached by itself. */
function narrowness(rule: Rule, early: readonly Example[]): string[] {
  if (!isProgram(rule))
    return makesEffects(early) ? ["something happens by the calls of this step: only a rule with a program may stand for it"] : [];
  const known = new Set(early.flatMap(({ tools }) => tools.map(({ name }) => name)));
  const foreign = namesOfCalls(rule.program).filter((name) => !known.has(name));
  return foreign.map((name) => `program: this step has never called ${name}`);
}

/** Its own guard narrowed to inputs like the seen ones, and its branches to those that the examples bear out. */
function guarded(rule: Rule, early: readonly Example[], options: CrystallizeOptions): Rule {
  const inputs = early.map(({ input }) => input);
  if (isProgram(rule)) {
    const { program, guard } = hardened(rule.program, early);
    return { ...rule, program, guard: joined(rule.guard, guard) };
  }
  const claims = claimsOf(rule, early, { equality: options.equality ?? DEFAULTS.equality });
  const answer = carved(rule.answer, claims, columnsOf(inputs));
  return { guard: joined(rule.guard, guardOf(answer, inputs)), answer };
}

function joined(own: Rule["guard"], learned: Rule["guard"]): Rule["guard"] {
  const texts = new Set(learned.map((one) => JSON.stringify(one)));
  return [...learned, ...own.filter((one) => !texts.has(JSON.stringify(one)))];
}

export interface Trial {
  claimed: number;
  wrong: number;
  /** Where it says otherwise than the model did, and what it leaves, as far as there is room to tell. */
  mistakes: { input: Json; given: Json; wanted: Json }[];
  left: { input: Json; why: string }[];
  /** The higher the better: a wrong answer counts eight times a question to the model. */
  score: number;
}
const MOST_TOLD = 8;

/** How the rule does on the examples that the model may know of. */
export function trialOf(rule: Rule, early: readonly Example[], options: CrystallizeOptions = {}): Trial {
  const claims = claimsOf(rule, early, { equality: options.equality ?? DEFAULTS.equality });
  const wrong = claims.filter(({ agreed }) => !agreed);
  const rows = new Set(claims.map(({ row }) => row));
  const left = early.filter((_, at) => !rows.has(at));
  return {
    claimed: claims.length,
    wrong: wrong.length,
    mistakes: wrong.slice(0, MOST_TOLD).map(({ input, given, wanted }) => ({ input, given, wanted })),
    left: left.slice(0, MOST_TOLD).map((example) => ({ input: example.input, why: reasonFor(rule, example) })),
    score: claims.length - wrong.length - 8 * wrong.length,
  };
}

/** The proof of any rule, on the later part. */
export function proveWritten(rule: Rule, examples: readonly Example[], options: CrystallizeOptions = {}): Proposal {
  return { ...proveRule(rule, examples, options), learner: WRITTEN };
}
export const WRITTEN = "written by a model";

/** The written one wins only where it is good enough and claims more than the learned one, or that is not good enough. */
export function betterOf(learned: Proposal, written: Proposal): Proposal {
  if (!learned.rule) return written;
  if (written.promotable !== learned.promotable) return written.promotable ? written : learned;
  const [more, less] = [written.proof?.coverage ?? 0, learned.proof?.coverage ?? 0];
  const isNoWorse = (written.proof?.bound ?? 1) <= (learned.proof?.bound ?? 1);
  return written.promotable ? (more > less + GAIN ? written : learned) : isNoWorse && more > less ? written : learned;
}
/** A rule whose learning can be followed is worth some coverage. */
const GAIN = 0.02;
