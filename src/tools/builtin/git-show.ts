import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitShow: ToolDefinition = {
  name: "git.show",
  flag: "r",
  description: "One commit with its message and change, or with `path` a file as it was there.",
  input: z.strictObject({ commit: z.string().min(1).max(200).default("HEAD"), path: z.string().max(1000).optional() }),
  output: z.strictObject({
    sha: z.string(),
    subject: z.string(),
    author: z.string(),
    at: z.string(),
    message: z.string(),
    text: z.string().describe("The change, or the file"),
    truncated: z.boolean(),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 48 * 1024 },
  errors: {
    "no-such-commit": "the project has no such commit",
    "path-outside": "the path leaves the project",
    "no-such-file": "the commit has no such file",
    "git-failed": "git says no",
  },
};
