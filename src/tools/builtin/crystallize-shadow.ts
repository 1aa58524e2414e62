import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const crystallizeShadow = masterTool({
  name: "crystallize.shadow",
  flag: "w",
  also: "l",
  description:
    "Put the proven rule of a step beside its model, without effect: both answer, the model's answer counts. At the end of the shadow people are asked at a gate, or the net's policy decides.",
  input: z.strictObject({
    transition: z.string().min(1).max(160),
    firings: z.int().min(1).max(100_000).optional(),
    withModel: z.boolean().default(false).describe("The rule that a model wrote in crystallize.learn competes, as it stands"),
  }),
  output: z.record(z.string(), z.json()),
  limits: { seconds: 180, bytes: 4 * 1024 },
  errors: {
    "unknown-transition": "the net has no such transition",
    "no-model-step": "the transition asks no model",
    "own-step": "it is the step that the persona works in",
    "shadow-too-short": "the net's policy asks for more firings",
    "same-rule": "that rule answers there already",
    "taken-away": "people or drift took the rule of the step away, and people bring it back",
    "nothing-learned": "the history teaches no rule",
    "not-proven": "the proof is not good enough",
    "unknown-persona": "the equality names a judge that is not there",
    "outdated-base": "the net was changed meanwhile",
  },
  run: ({ transition, firings, withModel }, { crystals }) => given(crystals, "crystallization").shadow(transition, firings, withModel),
});
