/** What a net file says of a settled step: the rule that may answer in the model's place, and under which conditions. */
import * as z from "zod";
import { CRYSTAL_POLICY, type CrystalPolicy, crystalPolicySchema, promotionFields } from "../../contract/crystal-policy.ts";
import { type Equality, equalitySchema } from "../rule/agree.ts";
import { ruleSchema } from "../rule/rule.ts";

const share = z.number().min(0).max(1);
const equality = equalitySchema.optional().describe("When two answers count as the same; default: when they are equal");
/** Of a step, whether or not its net looks for rules by itself. */
export const stepEquality = equalitySchema
  .optional()
  .describe(
    "When two answers of this step count as the same, for rules in the model's place; counts before the net's; default: when they are equal",
  );
const { audit, bound, shadow, promote, approvers } = promotionFields;

const proofSchema = z.strictObject({
  learner: z.string().describe("What kind of rule it is"),
  from: z.int().min(0).describe("The first event that it was proven on"),
  to: z.int().min(0).describe("The last one"),
  learned: z.int().min(0).describe("Firings that it was learned from"),
  held: z.int().min(0).describe("Later firings that it was proven on"),
  covered: z.int().min(0).describe("Of those: where it claims to be right"),
  wrong: z.int().min(0).describe("Of those: where it differed from the model"),
  unjudged: z
    .int()
    .min(1)
    .optional()
    .describe("Of those: other words than the model's, for which the ones stand that a judge has looked at"),
  bound: share.describe("Upper bound of its error"),
  confidence: share,
  coverage: share.describe("Share of the firings that it answers"),
  savedUsd: z.number().min(0).describe("What it saves in 1,000 firings"),
  savedMs: z.number().min(0).describe("The time that it saves in 1,000 firings"),
  by: z.string(),
  at: z.string(),
});

/** A rule with the conditions that it goes by. */
const ruled = {
  rule: ruleSchema.describe("The deterministic step with the inputs that it claims to be right for"),
  audit: audit.default(CRYSTAL_POLICY.audit),
  bound: bound.default(CRYSTAL_POLICY.bound),
  shadow: shadow.default(CRYSTAL_POLICY.shadow),
  equality,
  promote: promote.default(CRYSTAL_POLICY.promote),
  approvers: approvers.optional(),
  proof: proofSchema.optional().describe("Where it comes from: written by `petrel crystallize`"),
};

export const crystalSchema = z.strictObject({
  mode: z
    .enum(["shadow", "live", "off"])
    .describe(
      "`shadow`: it answers beside the model, without effect. `live`: it answers instead, where it claims to. `off`: the model alone",
    ),
  ...ruled,
  next: z
    .strictObject(ruled)
    .optional()
    .describe("A later rule that is in its shadow beside this one, and takes its place when that is over; of a live rule only"),
});

export const crystallizeSchema = crystalPolicySchema.extend({
  transitions: z.array(z.string()).optional().describe("Only these; default: every `llm` and `agent` transition"),
  equality,
});

export type Crystal = z.output<typeof crystalSchema>;
/** A later rule beside one that answers. */
export type NextRule = NonNullable<Crystal["next"]>;
export type CrystalFile = z.input<typeof crystalSchema>;
export type CrystallizeFile = z.output<typeof crystallizeSchema>;
/** With nothing left open. */
export type CrystallizePolicy = CrystallizeFile & typeof DECIDED;
const DECIDED: { -readonly [Field in keyof typeof CRYSTAL_POLICY]: NonNullable<CrystallizeFile[Field]> } = CRYSTAL_POLICY;

/** What holds for a net: its own file, then petrel.config.json, then what is usual. */
export function policyOf(file: CrystallizeFile | undefined, configured: CrystalPolicy = {}): CrystallizePolicy {
  return { ...DECIDED, ...configured, ...file };
}

/** The same for one step, whose own equality counts before the net's. `given`: what a caller says for this once counts before both. */
export function stepPolicy(policy: CrystallizePolicy, step: object | undefined, given?: Equality): CrystallizePolicy {
  const own = given ?? (step && "equality" in step ? (step.equality as Equality | undefined) : undefined);
  return own === undefined ? policy : { ...policy, equality: own };
}
export type Proof = z.output<typeof proofSchema>;
