import * as z from "zod";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const crystallizeUndo = masterTool({
  name: "crystallize.undo",
  flag: "w",
  also: "l",
  description: "Take the rule of a step away: its model does all of it again, from the next firing on.",
  input: z.strictObject({ transition: z.string().min(1).max(160), reason: z.string().min(1).max(500) }),
  output: z.strictObject({ transition: z.string(), mode: z.enum(["none", "off"]), changed: z.boolean() }),
  limits: { seconds: 30, bytes: 4 * 1024 },
  errors: {
    "unknown-transition": "the net has no such transition",
    "no-model-step": "the transition asks no model",
    "own-step": "it is the step that the persona works in",
    "outdated-base": "the net was changed meanwhile",
  },
  run: async ({ transition, reason }, { crystals }) =>
    (await given(crystals, "crystallization").undo(transition, reason)) as { transition: string; mode: "none" | "off"; changed: boolean },
});
