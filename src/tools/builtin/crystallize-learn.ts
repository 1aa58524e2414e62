import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const crystallizeLearn = masterTool({
  name: "crystallize.learn",
  flag: "l",
  description:
    "Learn a rule for a step from the earlier part of its history and prove it on the later part, which it has not seen. Told as events; nothing is changed. Says the rule in readable form, whether it is good enough, and examples of what it answers, where it differs and what it declines.",
  input: z.strictObject({
    transition: z.string().min(1).max(160),
    withModel: z.boolean().default(false).describe("Also a rule that a model writes: one is asked where none was written before"),
  }),
  output: z.record(z.string(), z.json()),
  limits: { seconds: 600, bytes: 16 * 1024 },
  errors: {
    "unknown-transition": "the net has no such transition",
    "no-model-step": "the transition asks no model",
    "study-too-long": "learning took too long",
    "study-too-much": "learning took too much memory",
    "study-failed": "the process that learns ended early",
    "no-model": "no model can be asked",
    "unknown-persona": "the equality names a judge that is not there",
  },
  run: ({ transition, withModel }, { crystals }) => given(crystals, "crystallization").learn(transition, withModel),
});
