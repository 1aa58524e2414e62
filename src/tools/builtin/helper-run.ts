import * as z from "zod";
import { masterTool } from "../port.ts";

export const helperRun = masterTool({
  name: "helper.run",
  flag: null,
  description:
    "Give a part of your work to a helper: a loop of its own with at most your flags, your tools and your places, paid from your budget. It answers once.",
  input: z.strictObject({
    task: z.string().min(1).max(16_000),
    flags: z
      .string()
      .regex(/^[r-][w-][x-][h-][l-]$/)
      .default("r----"),
    tools: z.array(z.string().max(100)).max(60).default([]),
  }),
  output: z.strictObject({ flags: z.string(), tools: z.array(z.string()), answer: z.record(z.string(), z.json()) }),
  limits: { seconds: 900, bytes: 64 * 1024 },
  errors: { "helper-too-deep": "a helper of a helper has no helpers" },
  run: async ({ task, flags, tools }, { help }) => (await help({ task, flags, tools })) as never,
});
