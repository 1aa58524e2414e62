/**
 * One step's life, as Petrel leads it: observe, learn and prove, shadow, live, watch, and back to the model when the world changes.
 * The same pure functions that the engine calls, without the engine, so that streams of ten thousand items can be run many times.
 */
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { claimsOf } from "../../src/crystallize/claims.ts";
import { type CrystallizeOptions, crystallize, type Proof, prove, watchPolicyOf } from "../../src/crystallize/crystallize.ts";
import type { Example, ToolCall } from "../../src/crystallize/example.ts";
import { mayGrow } from "../../src/crystallize/grown.ts";
import { isTimeToLearn, LATER_SHADOW } from "../../src/crystallize/relearn.ts";
import { isWithin } from "../../src/net/crystal/notice.ts";
import { agreement } from "../../src/net/rule/agree.ts";
import { isNearEdge } from "../../src/net/rule/edge.ts";
import { followCalls } from "../../src/net/rule/follow-calls.ts";
import { regionOf } from "../../src/net/rule/region.ts";
import { evaluateRule, isProgram, type Rule, type RuleAnswer } from "../../src/net/rule/rule.ts";
import { goesOn, isCalm, startWatch, verdict, type Watch, type WatchPolicy, wantsAudit, watched } from "../../src/net/rule/watch.ts";

/** Firings that a rule claims before it may go live, beside the model. */
const SHADOW = 100;

export interface CourseEvent {
  at: number;
  what: "shadowed" | "turned down" | "promoted" | "beside" | "dropped" | "widened" | "demoted";
  why: string;
}

interface Live {
  rule: Rule;
  watch: Watch;
  firings: number;
  declined: number;
  /** Compared with the model before it answered: its proof, its shadow, and what was seen of the rule whose place it took. */
  covered: number;
  wrong: number;
  /** Since it answers. */
  claimed: number;
  left: number;
  audited: number;
  disagreed: number;
  /** Examples there were when the disagreements of now began. */
  suspect: number;
  /** A later rule that may take its place, and how it agreed with the model so far. */
  next: { rule: Rule; policy: Partial<WatchPolicy>; learner: string; same: number; other: number; beyond: Tally } | null;
}

interface Tally {
  same: number;
  other: number;
}

const NEW = { firings: 0, declined: 0, claimed: 0, left: 0, audited: 0, disagreed: 0 };

/** As the learner wants it. */
function standingOf({ rule, covered, wrong, audited, disagreed, left, claimed }: Live) {
  return { rule, covered: covered + audited, wrong: wrong + disagreed, declines: left / Math.max(1, left + claimed) };
}

export class Course {
  readonly events: CourseEvent[] = [];
  readonly #options: CrystallizeOptions;
  #examples: Example[] = [];
  #lastTry = 0;
  #shadow: { rule: Rule; from: number; claims: number; learner: string } | null = null;
  #live: Live | null = null;
  #audit = false;

  constructor(options: CrystallizeOptions) {
    this.#options = options;
  }

  /** What the rule answers by itself; undefined: the model is to be asked. */
  alone(input: JsonObject, draw: number, tools: readonly ToolCall[] = []): Json | undefined {
    this.#audit = false;
    const live = this.#live;
    if (!live) return undefined;
    live.firings += 1;
    const answer = ruled(live.rule, input, tools);
    if (answer.applies) live.claimed += 1;
    if (!answer.applies) {
      live.declined += 1;
      live.left += 1;
      live.watch = watched(live.watch, { kind: "declined" });
      return undefined;
    }
    if (wantsAudit(live.watch, draw, isNearEdge(live.rule, input), regionOf(live.rule, input)) || this.#differs(input, answer.value)) {
      this.#audit = true;
      return undefined;
    }
    live.watch = watched(live.watch, { kind: "crystallized", region: regionOf(live.rule, input) });
    return answer.value;
  }

  /** Where the rule that is to come says otherwise, the model says who is right. */
  #differs(input: JsonObject, value: Json): boolean {
    const other = this.#live?.next ? evaluateRule(this.#live.next.rule, input) : null;
    return other?.applies === true && agreement(this.#options.equality ?? "exact", other.value, value) === "no";
  }

  /** Why it did not. */
  why(input: JsonObject, tools: readonly ToolCall[] = []): string {
    if (!this.#live) return "no rule";
    const answer = ruled(this.#live.rule, input, tools);
    return answer.applies ? "audit" : answer.reason;
  }

  /** The model's answer, after `alone` gave none. */
  observed(at: number, example: Example): void {
    this.#examples.push(example);
    if (this.#audit) this.#audited(at, example);
    if (this.#shadow) this.#shadowed(at, example);
    if (this.#live?.next) this.#compared(at, this.#live, example);
    const live = this.#live && { firings: this.#live.firings, declined: this.#live.declined, grows: mayGrow(this.#live.rule) };
    // Nothing is learned beside a program that answers.
    const mayLearn = !this.#shadow && !(this.#live && (this.#live.next || isProgram(this.#live.rule)));
    if (mayLearn && isTimeToLearn({ examples: this.#examples.length, lastTry: this.#lastTry, live }, this.#options.least)) this.#learn(at);
  }

  /** A later stage sent an answer of the rule back. */
  reworked(): void {
    if (this.#live) this.#live.watch = watched(this.#live.watch, { kind: "outcome", good: false });
  }

  #audited(at: number, example: Example): void {
    const live = this.#live;
    if (!live) return;
    const agreed = claimsOf(live.rule, [example], { equality: this.#options.equality ?? "exact" })[0]?.agreed === true;
    if (isCalm(live.watch)) live.suspect = this.#examples.length - 1;
    live.watch = watched(live.watch, { kind: "audited", agreed, region: regionOf(live.rule, example.input) });
    live.audited += 1;
    if (!agreed) live.disagreed += 1;
    const now = verdict(live.watch);
    if (!now.drift) return;
    this.events.push({ at, what: "demoted", why: now.reason });
    // What was true before the change is no example any more.
    this.#examples = this.#examples.slice(live.suspect);
    this.#live = null;
    this.#shadow = null;
    this.#lastTry = 0;
  }

  #shadowed(at: number, { input, tools }: Example): void {
    const shadow = this.#shadow;
    if (!shadow) return;
    if (ruled(shadow.rule, input, tools).applies) shadow.claims += 1;
    if (shadow.claims < SHADOW) return;
    this.#shadow = null;
    const { reasons, proof } = prove(shadow.rule, this.#examples, shadow.from, this.#options);
    if (reasons.length > 0) this.events.push({ at, what: "turned down", why: reasons.join("; ") });
    else this.#promote(at, shadow.rule, proof, shadow.learner);
  }

  #learn(at: number): void {
    this.#lastTry = this.#examples.length;
    const live = this.#live;
    const options = live ? { ...this.#options, live: standingOf(live) } : this.#options;
    const { rule, promotable, watch, learner, proof } = crystallize(this.#examples, options);
    if (live) {
      if (rule && promotable) {
        live.next = { rule, policy: watch, learner, same: 0, other: 0, beyond: { same: 0, other: 0 } };
        this.events.push({ at, what: "beside", why: learner });
      }
      Object.assign(live, { declined: 0, firings: 0 });
      return;
    }
    if (!rule || !promotable || !proof) return;
    this.#shadow = { rule, from: proof.examples, claims: 0, learner };
    this.events.push({ at, what: "shadowed", why: learner });
  }

  /** The model was asked while a later rule stands beside the one that answers. */
  #compared(at: number, live: Live, { input, output }: Example): void {
    const { next } = live;
    const answer = next && evaluateRule(next.rule, input);
    if (!next || !answer?.applies) return;
    const as = agreement(this.#options.equality ?? "exact", answer.value, output) === "yes" ? "same" : "other";
    next[as] += 1;
    if (!evaluateRule(live.rule, input).applies) next.beyond[as] += 1;
    const seen = next.same + next.other;
    if (seen < LATER_SHADOW) return;
    live.next = null;
    const bound = this.#options.bound ?? 0.05;
    const isGood = isWithin(next, bound) && isWithin(next.beyond, bound);
    if (!isGood) return void this.events.push({ at, what: "dropped", why: `${next.other} of ${seen} answers were not the model's` });
    const { covered, wrong } = standingOf(live);
    const watch = goesOn(live.watch, next.policy);
    this.#live = { ...live, ...NEW, rule: next.rule, watch, covered: covered + seen, wrong: wrong + next.other };
    this.events.push({ at, what: "widened", why: next.learner });
  }

  #promote(at: number, rule: Rule, proof: Proof, learner: string): void {
    const { covered, wrong } = proof;
    this.#live = { rule, watch: startWatch(watchPolicyOf(proof)), ...NEW, covered, wrong, suspect: 0, next: null };
    this.events.push({ at, what: "promoted", why: learner });
  }
}

/** What a rule does by itself in a world whose tools answer the right calls with `tools`: another call is an answer that is wrong. */
function ruled(rule: Rule, input: JsonObject, tools: readonly ToolCall[]): RuleAnswer {
  if (!isProgram(rule)) return evaluateRule(rule, input);
  const way = followCalls(rule, input, tools);
  if (way.kind === "left") return { applies: false, reason: way.reason };
  return { applies: true, value: way.kind === "ended" ? way.value : { called: way.given } };
}
