/** What `shell.run` takes and gives. */
import * as z from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
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
    cwd: z
      .string()
      .optional()
      .describe("A folder inside the work directory, or by its absolute path one of this executor that its policy allows"),
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

const INTERPRETER = /(^|\/)(sh|bash|dash|zsh|ksh|ash|fish|busybox|node|python[\d.]*|perl|ruby)$/;
/** In a command: what makes commands of what is read. No part of it passes a separator, or a row of them would take its square in time. */
const RUNS_WHAT_IT_READS = /\b(xargs|parallel|eval|source)\b|[|;&\n][^\S\n]*([^\s|;&]*\/)?(sh|bash|dash|zsh|ksh)\b/;

/**
 * Pushing leaves the work directory, whoever wrote the command. It reads words, wherever they stand, and is no fence: a name that a command
 * puts together itself is not seen. What is read on stdin counts where it is run; data that speaks of pushes is none.
 */
function pushes({ argv, script, shell, args, stdin, json, env }: JsonObject): boolean {
  const command = [argv, shell, script, args].map(textOf).join("\n");
  const variables = isJsonObject(env) ? Object.entries(env).flat().map(textOf).join("\n") : "";
  if (isPush([variables, command, variables])) return true;
  const [program = "", ...rest] = Array.isArray(argv) ? argv.map(textOf) : [];
  const isRun =
    RUNS_WHAT_IT_READS.test([variables, ...rest, textOf(script), textOf(args)].join("\n")) ||
    readsProgram(argv) ||
    (/\bgit\b/.test(command) && !/(^|\/)git$/.test(program));
  return isRun && isPush([variables, command, textOf(stdin), textOf(json), variables]);
}

/** An interpreter that is given no program but on stdin, like `sh`, `env bash -s` or `node -`. */
function readsProgram(argv: Json | undefined): boolean {
  if (!Array.isArray(argv)) return false;
  const words = argv.map(textOf);
  const at = words.findLastIndex((word) => INTERPRETER.test(word));
  return at >= 0 && words.slice(at + 1).every((word) => word.startsWith("-") && !/^-\w*[cep]|^--(eval|print)/.test(word));
}

/** In two looks: one pattern for both words would look to the end from every `git`, and these texts come from tokens too. */
function isPush(texts: readonly string[]): boolean {
  const all = texts.join("\n");
  const at = all.search(/\bgit\b/);
  return at >= 0 && /\b(push|send-pack)\b/.test(all.slice(at + 3));
}

function textOf(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map(textOf).join(" ");
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}

export const shellCard: HandCard = {
  name: "shell.run",
  about: "Runs one command or script",
  ...{ input: shellInput, output: shellOutput, mode: "run", enclosed: false },
  flag: (input) => (pushes(input) ? "x" : null),
};
