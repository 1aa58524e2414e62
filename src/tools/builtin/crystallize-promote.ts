import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const crystallizePromote = masterTool({
  name: "crystallize.promote",
  flag: "w",
  also: "l",
  description:
    "Ask that a rule whose shadow is over answers in the model's place. Nothing is promoted by this call: it says whether people decide, and at which gate, or the net's policy.",
  input: z.strictObject({ transition: z.string().min(1).max(160) }),
  output: z.strictObject({
    transition: z.string(),
    mode: z.string(),
    decides: z.enum(["people", "policy", "decided"]),
    gate: z.string().nullable(),
    approvers: z.array(z.string()),
  }),
  limits: { seconds: 5, bytes: 4 * 1024 },
  errors: {
    "unknown-transition": "the net has no such transition",
    "no-model-step": "the transition asks no model",
    "own-step": "it is the step that the persona works in",
    "no-rule": "the step has no rule",
    "shadow-not-over": "the rule has not been beside the model for long enough",
    "rule-demoted": "the rule was demoted; people are asked",
    "rule-off": "the rule was switched off by people",
  },
  run: ({ transition }, { crystals }) => given(crystals, "crystallization").promote(transition) as never,
});
