/**
 * One step's life, as Petrel leads it: observe, learn and prove, shadow, live, watch, and back to the model when the world changes.
 * The same pure functions that the engine calls, without the engine, so that streams of ten thousand items can be run many times.
 */
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { type CrystallizeOptions, crystallize, prove, watchPolicyOf } from "../../src/crystallize/crystallize.ts";
import type { Example } from "../../src/crystallize/example.ts";
import { isTimeToLearn, isWorthProposing } from "../../src/crystallize/relearn.ts";
import { agreement } from "../../src/net/rule/agree.ts";
import { isNearEdge } from "../../src/net/rule/edge.ts";
import { evaluateRule, type Rule } from "../../src/net/rule/rule.ts";
import { startWatch, verdict, type Watch, type WatchPolicy, wantsAudit, watched } from "../../src/net/rule/watch.ts";

/** Firings that a rule claims before it may go live, beside the model. */
const SHADOW = 100;

export interface CourseEvent {
  at: number;
  what: "shadowed" | "turned down" | "promoted" | "widened" | "demoted";
  why: string;
}

interface Live {
  rule: Rule;
  watch: Watch;
  policy: Partial<WatchPolicy>;
  firings: number;
  declined: JsonObject[];
  claimed: JsonObject[];
  /** Examples there were when the disagreements of now began. */
  suspect: number;
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
  alone(input: JsonObject, draw: number): Json | undefined {
    this.#audit = false;
    const live = this.#live;
    if (!live) return undefined;
    live.firings += 1;
    const answer = evaluateRule(live.rule, input);
    if (!answer.applies) {
      live.declined.push(input);
      live.watch = watched(live.watch, { kind: "declined" });
      return undefined;
    }
    if (wantsAudit(live.watch, draw, isNearEdge(live.rule, input))) {
      this.#audit = true;
      return undefined;
    }
    live.claimed.push(input);
    live.watch = watched(live.watch, { kind: "crystallized" });
    return answer.value;
  }

  /** Why it did not. */
  why(input: JsonObject): string {
    if (!this.#live) return "no rule";
    const answer = evaluateRule(this.#live.rule, input);
    return answer.applies ? "audit" : answer.reason;
  }

  /** The model's answer, after `alone` gave none. */
  observed(at: number, example: Example): void {
    this.#examples.push(example);
    if (this.#audit) this.#audited(at, example);
    if (this.#shadow) this.#shadowed(at, example);
    const live = this.#live && { firings: this.#live.firings, declined: this.#live.declined.length };
    if (!this.#shadow && isTimeToLearn({ examples: this.#examples.length, lastTry: this.#lastTry, live }, this.#options.least))
      this.#learn(at);
  }

  /** A later stage sent an answer of the rule back. */
  reworked(): void {
    if (this.#live) this.#live.watch = watched(this.#live.watch, { kind: "outcome", good: false });
  }

  #audited(at: number, { input, output }: Example): void {
    const live = this.#live;
    if (!live) return;
    const answer = evaluateRule(live.rule, input);
    const agreed = answer.applies && agreement(this.#options.equality ?? "exact", answer.value, output) === "yes";
    if (live.watch.score === 0) live.suspect = this.#examples.length - 1;
    live.watch = watched(live.watch, { kind: "audited", agreed });
    const now = verdict(live.watch);
    if (!now.drift) return;
    this.events.push({ at, what: "demoted", why: now.reason });
    // What was true before the change is no example any more.
    this.#examples = this.#examples.slice(live.suspect);
    this.#live = null;
    this.#shadow = null;
    this.#lastTry = 0;
  }

  #shadowed(at: number, { input }: Example): void {
    const shadow = this.#shadow;
    if (!shadow) return;
    if (evaluateRule(shadow.rule, input).applies) shadow.claims += 1;
    if (shadow.claims < SHADOW) return;
    this.#shadow = null;
    const { reasons, proof } = prove(shadow.rule, this.#examples, shadow.from, this.#options);
    if (reasons.length > 0) this.events.push({ at, what: "turned down", why: reasons.join("; ") });
    else this.#promote(at, shadow.rule, watchPolicyOf(proof), shadow.learner);
  }

  #learn(at: number): void {
    this.#lastTry = this.#examples.length;
    const { rule, promotable, watch, learner, proof } = crystallize(this.#examples, this.#options);
    const live = this.#live;
    if (live) {
      const { declined, claimed } = live;
      Object.assign(live, { declined: [], claimed: [], firings: 0 });
      // A wider rule needs no shadow of its own: what it adds was proven on the model's own answers, and its first firings are audited more.
      if (rule && promotable && isWorthProposing(live.rule, rule, declined, claimed)) {
        this.#live = null;
        this.#promote(at, rule, watch, learner, "widened");
      }
      return;
    }
    if (!rule || !promotable || !proof) return;
    this.#shadow = { rule, from: proof.examples, claims: 0, learner };
    this.events.push({ at, what: "shadowed", why: learner });
  }

  #promote(at: number, rule: Rule, policy: Partial<WatchPolicy>, learner: string, what: "promoted" | "widened" = "promoted"): void {
    this.#live = { rule, policy, watch: startWatch(policy), firings: 0, declined: [], claimed: [], suspect: 0 };
    this.events.push({ at, what, why: learner });
  }
}
