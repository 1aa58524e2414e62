import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const fail: ToolDefinition = {
  name: "fail",
  flag: null,
  description: "End the work as not done, when it cannot or must not be done. Say why in `reason`.",
  input: z.strictObject({ reason: z.string().min(1).max(4000) }),
  output: z.strictObject({ ended: z.literal(true) }),
  runs: "loop",
  limits: { seconds: 1, bytes: 8 * 1024 },
  errors: {},
};
