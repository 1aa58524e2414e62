import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitCommit: ToolDefinition = {
  name: "git.commit",
  flag: "w",
  description: "Commit all changes of the project on your branch. The first line of `message` is the subject.",
  input: z.strictObject({ message: z.string().min(1).max(8000) }),
  output: z.strictObject({ sha: z.string(), subject: z.string(), files: z.array(z.string()) }),
  runs: "executor",
  limits: { seconds: 60, bytes: 32 * 1024 },
  errors: {
    "nothing-to-commit": "no file differs from the last commit",
    "git-failed": "git says no",
  },
};
