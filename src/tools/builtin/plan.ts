import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const plan: ToolDefinition = {
  name: "plan",
  flag: null,
  description: "Write down your plan as steps and say where you stand. Call it again when the plan changes; the last one counts.",
  input: z.strictObject({
    steps: z
      .array(z.strictObject({ step: z.string().min(1).max(400), state: z.enum(["open", "doing", "done", "dropped"]).default("open") }))
      .min(1)
      .max(40),
  }),
  output: z.strictObject({ noted: z.literal(true) }),
  runs: "loop",
  limits: { seconds: 1, bytes: 32 * 1024 },
  errors: {},
};
