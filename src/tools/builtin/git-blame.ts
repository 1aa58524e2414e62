import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitBlame: ToolDefinition = {
  name: "git.blame",
  flag: "r",
  description: "Who changed which line of a file last, and in which commit.",
  input: z.strictObject({
    path: z.string().min(1).max(1000),
    from: z.int().min(1).default(1),
    lines: z.int().min(1).max(500).default(100),
  }),
  output: z.strictObject({
    path: z.string(),
    lines: z.array(z.strictObject({ line: z.int(), sha: z.string(), author: z.string(), at: z.string(), text: z.string() })),
  }),
  runs: "executor",
  limits: { seconds: 20, bytes: 64 * 1024 },
  errors: {
    "path-outside": "the path leaves the project",
    "no-such-file": "the last commit has no such file",
    "git-failed": "git says no",
  },
};
