import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const think: ToolDefinition = {
  name: "think",
  flag: null,
  description: "Write down a thought or a plan. Nothing happens by it; use it before a step that is hard to undo.",
  input: z.strictObject({ thought: z.string().min(1).max(20_000) }),
  output: z.strictObject({ noted: z.literal(true) }),
  runs: "loop",
  limits: { seconds: 1, bytes: 32 * 1024 },
  errors: {},
};
