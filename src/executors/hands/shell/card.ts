/** What `shell.run` takes and gives. */
import { z } from "zod";
import type { JsonObject } from "../../../contract/json.ts";
import type { HandCard } from "../../hand.ts";
import { keptArtifact } from "../kept-artifact.ts";

const OUTCOME = /^[a-z][a-z0-9-]{0,39}$/;

export const shellInput = z
  .strictObject({
    argv: z.array(z.string()).min(1).optional().describe("Program and arguments, no shell in between"),
    script: z
      .string()
      .min(1)
      .optional()
      .describe("Text of a script, instead of argv; it holds no template: values come in by `args`, `env`, `stdin` or `json`"),
    shell: z.enum(["sh", "bash", "node", "python3"]).optional().describe("What runs the script; default: sh"),
    args: z.array(z.string()).optional().describe("Arguments of the script"),
    cwd: z.string().optional().describe("A folder of this executor, or one inside the work directory"),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
    stdin: z.string().optional(),
    json: z.json().optional().describe("Any JSON, given on stdin as one line"),
    parse: z
      .enum(["json", "json-lines"])
      .optional()
      .describe("What stdout holds: it becomes `value`, and stdout is left out. For exit codes that are results"),
    exits: z
      .record(z.string().regex(/^(\d{1,3}|\*)$/, 'an exit code, or "*" for the others'), z.string().regex(OUTCOME))
      .optional()
      .describe("What an exit code means: `retry` and `fail` are errors, any other word is the `outcome`. Default: 0 is ok, others failed"),
  })
  .refine(({ argv, script }) => (argv === undefined) !== (script === undefined), "one of argv and script")
  .refine(
    ({ script, shell, args }) => script !== undefined || (shell === undefined && args === undefined),
    "shell and args are for a script",
  )
  .refine(({ stdin, json }) => stdin === undefined || json === undefined, "one of stdin and json");

const shellOutput = z.object({
  outcome: z.string().describe("By `exits`; else ok or failed"),
  exitCode: z.number().describe("128 + signal number when a signal ended it"),
  signal: z.string().optional().describe("What ended it, like SIGTERM"),
  value: z.json().optional().describe("With `parse`"),
  stdout: z.string().describe("Whole, or its head and tail"),
  stderr: z.string(),
  truncated: z.boolean(),
  full: z
    .object({ stdout: keptArtifact.optional(), stderr: keptArtifact.optional() })
    .optional()
    .describe("Outputs that were cut, whole, up to the limit of the machine's policy"),
  timedOut: z.boolean(),
  durationMs: z.number(),
});

/** Pushing leaves the work directory, whoever wrote the command. */
function pushes({ argv, script }: JsonObject): boolean {
  const text = Array.isArray(argv) ? argv.join(" ") : typeof script === "string" ? script : "";
  return /\bgit\b.*\bpush\b/s.test(text);
}

export const shellCard: HandCard = {
  name: "shell.run",
  about: "Runs one command or script",
  ...{ input: shellInput, output: shellOutput, mode: "run", enclosed: false },
  flag: (input) => (pushes(input) ? "x" : null),
};
