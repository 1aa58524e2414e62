import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitMerge: ToolDefinition = {
  name: "git.merge",
  flag: "w",
  description: "Merge a branch or commit into your work, as a merge commit. In a conflict nothing changes, and you are shown it.",
  input: z.strictObject({ from: z.string().min(1).max(200), message: z.string().min(1).max(8000).optional() }),
  output: z.strictObject({
    merged: z.boolean(),
    sha: z.string(),
    conflicts: z.array(z.string()).describe("Files"),
    text: z.string().describe("The places in conflict, with git's marks"),
  }),
  runs: "executor",
  limits: { seconds: 60, bytes: 16 * 1024 },
  errors: {
    "no-such-commit": "the project has no such branch or commit",
    "uncommitted-changes": "there are changes that are not committed",
    "git-failed": "git says no",
  },
};
