import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitDiff: ToolDefinition = {
  name: "git.diff",
  flag: "r",
  description: 'The difference of the files to the last commit (`since`: "commit"), or to where the branch began ("base").',
  input: z.strictObject({ since: z.enum(["commit", "base"]).default("commit"), path: z.string().max(1000).optional() }),
  output: z.strictObject({ diff: z.string(), truncated: z.boolean() }),
  runs: "executor",
  limits: { seconds: 20, bytes: 32 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "git-failed": "git says no",
  },
};
