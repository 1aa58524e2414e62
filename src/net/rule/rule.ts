/**
 * A crystallized rule: what a deterministic step answers in a model's place, and for which inputs it claims to be right. It is
 * part of the net file, reads as JSON, and is evaluated with no clock, no chance and no way out: time is linear in the input.
 */
import { z } from "zod";
import type { Json, JsonObject } from "../../contract/json.ts";
import { type Answer, answerSchema, evaluateAnswer } from "./answer.ts";
import { type Condition, conditionSchema, holds } from "./condition.ts";
import { printCondition } from "./print-condition.ts";

export const ruleSchema = z.strictObject({
  guard: z
    .array(conditionSchema)
    .max(500)
    .describe("The inputs for which the rule claims to be right: all must hold; every other input goes to the model"),
  answer: answerSchema.describe("What it answers there"),
});
export interface Rule {
  guard: Condition[];
  answer: Answer;
}

export type RuleAnswer = { applies: true; value: Json } | { applies: false; reason: string };

/** `input` holds the bound inputs by their names. Never throws: what the rule cannot answer it declines, with a reason for people. */
export function evaluateRule(rule: Rule, input: JsonObject): RuleAnswer {
  for (const condition of rule.guard) {
    if (!holds(condition, input)) return { applies: false, reason: `outside the rule's domain: not ${printCondition(condition)}` };
  }
  const answered = evaluateAnswer(rule.answer, input);
  if (!answered.ok) return { applies: false, reason: answered.reason };
  return answered.value === undefined ? { applies: false, reason: "the rule gives no value" } : { applies: true, value: answered.value };
}
