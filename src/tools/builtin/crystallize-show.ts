import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const crystallizeShow = masterTool({
  name: "crystallize.show",
  flag: "l",
  description: "The rule that a step has now, in readable form: its mode, its proof, how it agrees with the model, and what it waits for.",
  input: z.strictObject({ transition: z.string().min(1).max(160) }),
  output: z.record(z.string(), z.json()),
  limits: { seconds: 5, bytes: 16 * 1024 },
  errors: { "unknown-transition": "the net has no such transition", "no-model-step": "the transition asks no model" },
  run: ({ transition }, { crystals }) => given(crystals, "crystallization").show(transition),
});
