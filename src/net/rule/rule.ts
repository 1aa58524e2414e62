/**
 * A crystallized rule: what a deterministic step answers in a model's place, and for which inputs it claims to be right. It is
 * part of the net file, reads as JSON, and is evaluated with no clock, no chance and no way out: time is linear in the input.
 */
import * as z from "zod";
import type { Json, JsonObject } from "../../contract/json.ts";
import { type Answer, answerSchema, evaluateAnswer } from "./answer.ts";
import { type Condition, conditionSchema, holds } from "./condition.ts";
import { type Limit, limitSchema } from "./limits.ts";
import { printOpposite } from "./print-condition.ts";
import { type Program, programSchema } from "./program.ts";

export const ruleSchema = z.strictObject({
  guard: z
    .array(conditionSchema)
    .max(500)
    .describe("The inputs for which the rule claims to be right: all must hold; every other input goes to the model"),
  answer: answerSchema.describe("What it answers there"),
  limits: z.array(limitSchema).max(20).optional().describe("Numbers at which the answer turns: what lies near them is audited for itself"),
  program: programSchema
    .optional()
    .describe("Of an `agent`: the calls that it makes before it answers, as steps of a sub-net of their own"),
});
export interface Rule {
  guard: Condition[];
  answer: Answer;
  limits?: Limit[] | undefined;
  /** With it, `answer` says nothing: the program's end does. */
  program?: Program | undefined;
}
export type ProgramRule = Rule & { program: Program };

/** What a rule with a program answers by itself. */
export const AFTER_ITS_CALLS: Answer = { kind: "decline", reason: "it answers after its calls" };

export function isProgram(rule: Rule): rule is ProgramRule {
  return rule.program !== undefined;
}

export type RuleAnswer = { applies: true; value: Json } | { applies: false; reason: string };

/** `input` holds the bound inputs by their names. Never throws: what the rule cannot answer it declines, with a reason for people. */
export function evaluateRule(rule: Rule, input: JsonObject): RuleAnswer {
  const outside = outsideOf(rule, input);
  if (outside !== null) return { applies: false, reason: outside };
  const answered = evaluateAnswer(rule.answer, input);
  if (!answered.ok) return { applies: false, reason: answered.reason };
  return answered.value === undefined ? { applies: false, reason: "the rule gives no value" } : { applies: true, value: answered.value };
}

/** In words, which condition of its guard does not hold; null inside its domain. */
export function outsideOf({ guard }: Rule, input: JsonObject): string | null {
  const broken = guard.find((condition) => !holds(condition, input));
  return broken ? `outside the rule's domain: ${printOpposite(broken)}` : null;
}
