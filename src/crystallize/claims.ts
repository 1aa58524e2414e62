/** What a rule claims of a history: for each example inside its domain what it gives, and whether that is what the model gave. */
import type { Json, JsonObject } from "../contract/json.ts";
import { agreement, type Equality } from "../net/rule/agree.ts";
import { callsThatCount, followCalls } from "../net/rule/follow-calls.ts";
import { evaluateRule, isProgram, type ProgramRule, type Rule } from "../net/rule/rule.ts";
import { type Example, goodExamples } from "./example.ts";
import type { Claim } from "./objections.ts";

export interface JudgedClaim extends Claim {
  /** The two are not equal by content, and a judge may say more. */
  open: boolean;
  /** Equal content would have been enough, and no judge has said more. */
  unjudged: boolean;
}
export interface Judging {
  equality: Equality;
  /** What a judge said of two answers that are not equal by content; undefined: not asked. */
  judged?: ((input: JsonObject, given: Json, wanted: Json) => boolean | undefined) | undefined;
}

export function claimsOf(rule: Rule, examples: readonly Example[], judging: Judging): JudgedClaim[] {
  return examples.flatMap((example, row): JudgedClaim[] => {
    if (isProgram(rule)) return followed(rule, example, row, judging);
    const answer = evaluateRule(rule, example.input);
    return answer.applies ? [judgedClaim(row, example.input, answer.value, example.output, judging)] : [];
  });
}

/** What only a judge can say more of, among the examples of the proof: `seqs`, its first and last position in the log. */
export function unjudgedIn(rule: Rule, examples: readonly Example[], [from, to]: [number, number], equality: Equality): JudgedClaim[] {
  const late = goodExamples(examples).filter(({ seq }) => seq >= from && seq <= to);
  return claimsOf(rule, late, { equality }).filter(({ unjudged }) => unjudged);
}

/** Why the rule leaves this example to the model; empty where it does not. */
export function reasonFor(rule: Rule, { input, tools }: Example): string {
  if (isProgram(rule)) {
    const way = followCalls(rule, input, tools);
    return way.kind === "left" ? way.reason : "";
  }
  const answer = evaluateRule(rule, input);
  return answer.applies ? "" : answer.reason;
}

/** Calls and answer together: the same answer by other calls is not the same. */
function followed(rule: ProgramRule, { input, output, tools }: Example, row: number, judging: Judging): JudgedClaim[] {
  const way = followCalls(rule, input, tools);
  if (way.kind === "left") return [];
  if (way.kind === "ended") {
    const made = Object.fromEntries(callsThatCount(tools).map(({ name, input: given }, at) => [at + 1, { tool: name, input: given }]));
    const claim = judgedClaim(row, input, way.value, output, judging);
    return [{ ...claim, given: { calls: made, answer: claim.given }, wanted: { calls: made, answer: output } }];
  }
  // Up to the call at which they part; what comes after says nothing.
  const none = { tool: null, input: null };
  const number = way.at + 1;
  const [given, wanted] = [way.given, way.wanted].map((call): Json => ({ calls: { [number]: { ...(call ?? none) } } }));
  return [{ row, input, given: given ?? null, wanted: wanted ?? null, agreed: false, unjudged: false, open: false }];
}

function judgedClaim(row: number, input: JsonObject, given: Json, wanted: Json, { equality, judged }: Judging): JudgedClaim {
  const agreed = agreement(equality, given, wanted);
  const verdict = agreed === "ask" ? judged?.(input, given, wanted) : undefined;
  const unjudged = agreed === "ask" && verdict === undefined;
  return { row, input, given, wanted, agreed: agreed === "yes" || verdict === true || unjudged, unjudged, open: agreed === "ask" };
}

export interface Part {
  weight: number;
  bad: number;
  all: number;
}

/**
 * What the bound rests on. Where a judge has looked at some only of the answers that he alone can compare, these stand for the others of their
 * kind; what is told by content is a part of its own.
 */
export function partsOf(claims: readonly JudgedClaim[], weight = 1): Part[] {
  const part = (some: readonly JudgedClaim[]): Part => {
    const known = some.filter(({ unjudged }) => !unjudged);
    return {
      weight: (weight * some.length) / Math.max(1, claims.length),
      bad: known.filter(({ agreed }) => !agreed).length,
      all: known.length,
    };
  };
  if (!claims.some(({ unjudged }) => unjudged)) return [{ ...part(claims), weight }];
  return [part(claims.filter(({ open }) => !open)), part(claims.filter(({ open }) => open))];
}
