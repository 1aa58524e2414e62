import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const commandScript: ToolDefinition = {
  name: "command.script",
  flag: "x",
  description:
    "Run a script of several lines in the project's folder by sh, node or python3, in a clean environment. An exit code other than 0 is an answer.",
  input: z.strictObject({
    script: z
      .string()
      .min(1)
      .max(256 * 1024),
    by: z.enum(["sh", "node", "python3"]).default("sh"),
    folder: z.string().max(1000).default("."),
    seconds: z.int().min(1).max(600).default(120),
  }),
  output: z.strictObject({ exitCode: z.int(), stdout: z.string(), stderr: z.string(), truncated: z.boolean(), timedOut: z.boolean() }),
  runs: "executor",
  limits: { seconds: 630, bytes: 64 * 1024 },
  errors: {
    "path-outside": "the folder leaves the project",
    "command-not-found": "there is no such program on the executor",
    "command-pushes": "it pushes, which is for git.push",
    "no-such-file": "there is no such folder",
  },
};
