/** What `shell.run` takes and gives. */
import { z } from "zod";
import type { JsonObject } from "../../../contract/json.ts";
import type { HandCard } from "../../hand.ts";

export const shellInput = z.strictObject({
  argv: z.array(z.string()).min(1),
  cwd: z.string().optional().describe("A folder of this executor, or one inside the work directory"),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
  stdin: z.string().optional(),
});

const shellOutput = z.object({
  exitCode: z.number().describe("128 + signal number when a signal ended it"),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  timedOut: z.boolean(),
  durationMs: z.number(),
});

/** Pushing leaves the work directory, whoever wrote the command. */
function pushes({ argv }: JsonObject): boolean {
  return Array.isArray(argv) && /\bgit\b.*\bpush\b/s.test(argv.join(" "));
}

export const shellCard: HandCard = {
  name: "shell.run",
  about: "Runs one fixed argument vector, no shell in between",
  ...{ input: shellInput, output: shellOutput, mode: "run", enclosed: false },
  flag: (input) => (pushes(input) ? "x" : null),
};
