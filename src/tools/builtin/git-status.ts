import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitStatus: ToolDefinition = {
  name: "git.status",
  flag: "r",
  description: "Which files differ from the last commit. Status is git's two letters, like ' M' or '??'.",
  input: z.strictObject({}),
  output: z.strictObject({
    branch: z.string(),
    clean: z.boolean(),
    files: z.array(z.strictObject({ path: z.string(), status: z.string() })),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 32 * 1024 },
  errors: {
    "git-failed": "git says no",
  },
};
