import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

/** The loop may lay a persona's own output schema over `result`. */
export const done: ToolDefinition = {
  name: "done",
  flag: null,
  description: "End the work as done. Say in `summary` what was done; put the answer that was asked for in `result`.",
  input: z.strictObject({ summary: z.string().min(1).max(4000), result: z.json().optional() }),
  output: z.strictObject({ ended: z.literal(true) }),
  runs: "loop",
  limits: { seconds: 1, bytes: 64 * 1024 },
  errors: {},
};
