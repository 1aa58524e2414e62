import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const commandRun: ToolDefinition = {
  name: "command.run",
  flag: "x",
  description:
    "Run a program with arguments in the project's folder, without a shell, in a clean environment. An exit code other than 0 is an answer.",
  input: z.strictObject({
    argv: z.array(z.string().max(8000)).min(1).max(200),
    folder: z.string().max(1000).default("."),
    input: z
      .string()
      .max(512 * 1024)
      .optional()
      .describe("Standard input"),
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
