/** Who may put a learned rule in a model's place, and how good it has to be: declared in petrel.config.json for every net, and per net in its file. */
import * as z from "zod";

const approver = z.string().regex(/^(role|user):[A-Za-z0-9._@-]+$/, 'an approver is "role:NAME" or "user:NAME"');

/** What a rule takes with it into the net file. */
export const promotionFields = {
  audit: z
    .number()
    .min(0.001)
    .max(1)
    .describe("Share of the firings whose rule's answer is compared with a model's all the same, by a hash of the firing; default 0.02"),
  bound: z
    .number()
    .min(0.001)
    .max(0.5)
    .describe("The most that the rule may differ from the model; beyond it the rule is demoted; default 0.05"),
  shadow: z.int().min(0).max(100_000).describe("So many firings the rule answers beside the model, without effect; default 20"),
  promote: z.enum(["people", "policy"]).describe("Who says yes after the shadow: people at a gate, or this file; default people"),
  approvers: z.array(approver).min(1).describe('Who decides on the rule; default: "role:maintainer"'),
};

/** What a study of the history goes by. */
const learningFields = {
  every: z.int().min(1).describe("The history is looked through again after so many further firings of a transition; default 25"),
  least: z.int().min(10).describe("So many good examples it takes at least; default 150"),
  holdout: z.number().min(0.1).max(0.9).describe("The latest share of them is kept for the proof; default 0.3"),
  coverage: z.number().min(0).max(1).describe("The least share of the firings that a rule must answer to be worth it; default 0.3"),
  withModel: z
    .union([z.boolean(), z.enum(["frontier", "standard", "economy"])])
    .describe("Where nothing learned is good enough, a model is asked to write a rule, by this tier (true: frontier); default false"),
  confidence: z.number().min(0.5).max(0.999).describe("Of the bound; default 0.95"),
};

export const crystalPolicySchema = z.strictObject({ ...promotionFields, ...learningFields }).partial();
export type CrystalPolicy = z.output<typeof crystalPolicySchema>;

/** Where nobody says otherwise. */
export const CRYSTAL_POLICY = {
  ...{ audit: 0.02, bound: 0.05, shadow: 20, promote: "people" as const },
  ...{
    every: 25,
    least: 150,
    holdout: 0.3,
    coverage: 0.3,
    confidence: 0.95,
    withModel: false as boolean | "frontier" | "standard" | "economy",
  },
};
