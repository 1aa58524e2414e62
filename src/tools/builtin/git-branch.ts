import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitBranch: ToolDefinition = {
  name: "git.branch",
  flag: "w",
  description: "List the branches, or with `name` mark the last commit as a branch. Your work stays on the branch it is on.",
  input: z.strictObject({
    name: z
      .string()
      .regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,100}$/)
      .optional(),
  }),
  output: z.strictObject({
    current: z.string(),
    created: z.string().nullable(),
    branches: z.array(z.strictObject({ name: z.string(), sha: z.string() })),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 32 * 1024 },
  errors: { "branch-exists": "there is a branch of that name", "git-failed": "git says no" },
};
