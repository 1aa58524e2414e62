/** What a net file says of a settled step: the rule that may answer in the model's place, and under which conditions. */
import { z } from "zod";
import { equalitySchema } from "../rule/agree.ts";
import { ruleSchema } from "../rule/rule.ts";

const approver = z.string().regex(/^(role|user):[A-Za-z0-9._@-]+$/, 'an approver is "role:NAME" or "user:NAME"');
const share = z.number().min(0).max(1);

/** Conditions that a policy and a crystal share. */
const conditions = {
  audit: z
    .number()
    .min(0.001)
    .max(1)
    .default(0.02)
    .describe("Share of the firings whose rule's answer is compared with a model's all the same, by a hash of the firing"),
  bound: z
    .number()
    .min(0.001)
    .max(0.5)
    .default(0.05)
    .describe("The most that the rule may differ from the model; beyond it the rule is demoted"),
  shadow: z.int().min(0).max(100_000).default(20).describe("So many firings the rule answers beside the model, without effect"),
  equality: equalitySchema.optional().describe("When two answers count as the same; default: when they are equal"),
  promote: z.enum(["people", "policy"]).default("people").describe("Who says yes after the shadow: people at a gate, or this file"),
  approvers: z.array(approver).min(1).optional().describe('Who decides on the rule; default: "role:maintainer"'),
};

const proofSchema = z.strictObject({
  learner: z.string().describe("What kind of rule it is"),
  from: z.int().min(0).describe("The first event that it was proven on"),
  to: z.int().min(0).describe("The last one"),
  learned: z.int().min(0).describe("Firings that it was learned from"),
  held: z.int().min(0).describe("Later firings that it was proven on"),
  covered: z.int().min(0).describe("Of those: where it claims to be right"),
  wrong: z.int().min(0).describe("Of those: where it differed from the model"),
  bound: share.describe("Upper bound of its error"),
  confidence: share,
  coverage: share.describe("Share of the firings that it answers"),
  savedUsd: z.number().min(0).describe("What it saves in 1,000 firings"),
  savedMs: z.number().min(0).describe("The time that it saves in 1,000 firings"),
  by: z.string(),
  at: z.string(),
});

export const crystalSchema = z.strictObject({
  mode: z
    .enum(["shadow", "live", "off"])
    .describe(
      "`shadow`: it answers beside the model, without effect. `live`: it answers instead, where it claims to. `off`: the model alone",
    ),
  rule: ruleSchema.describe("The deterministic step with the inputs that it claims to be right for"),
  ...conditions,
  proof: proofSchema.optional().describe("Where it comes from: written by `petrel crystallize`"),
});

export const crystallizeSchema = z.strictObject({
  transitions: z.array(z.string()).optional().describe("Only these; default: every `llm` and `agent` transition"),
  every: z.int().min(1).default(25).describe("The history is looked through again after so many further firings of a transition"),
  least: z.int().min(10).default(150).describe("So many good examples it takes at least"),
  holdout: z.number().min(0.1).max(0.9).default(0.3).describe("The latest share of them is kept for the proof"),
  coverage: share.default(0.3).describe("The least share of the firings that a rule must answer to be worth it"),
  confidence: z.number().min(0.5).max(0.999).default(0.95),
  ...conditions,
});

export type Crystal = z.output<typeof crystalSchema>;
export type CrystalFile = z.input<typeof crystalSchema>;
export type CrystallizePolicy = z.output<typeof crystallizeSchema>;
export type Proof = z.output<typeof proofSchema>;
