import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitLog: ToolDefinition = {
  name: "git.log",
  flag: "r",
  description: "The newest commits of the branch, newest first.",
  input: z.strictObject({ limit: z.int().min(1).max(100).default(10) }),
  output: z.strictObject({
    commits: z.array(z.strictObject({ sha: z.string(), subject: z.string(), author: z.string(), at: z.string() })),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 32 * 1024 },
  errors: {
    "git-failed": "git says no",
  },
};
