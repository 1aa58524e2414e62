/** `shell.run`: one command or script. A non-zero exit is a result, unless `exits` says otherwise. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { z } from "zod";
import { Retryable, Terminal } from "../../../contract/errors.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { mustNotBeKilled } from "../../outside-kill.ts";
import type { CommandResult } from "../../process-tree.ts";
import { shellInput } from "./card.ts";

type Input = z.output<typeof shellInput>;

/** Head and tail of each output in the result. */
const SHOWN_BYTES = 24 * 1024;
/** Of each as JSON: both, and what stands beside them, fit into a token. */
const SHOWN_JSON_BYTES = 27 * 1024;
/** Of a stdout that is parsed. */
const PARSED_BYTES = 8 * 1024 * 1024;

export async function shellRun(context: HandContext): Promise<Json> {
  const input = parseInput(shellInput, context.order);
  const stdin = input.json === undefined ? input.stdin : `${JSON.stringify(input.json)}\n`;
  const argv = argvOf(context, input);
  const outputs = join(context.workDir, "outputs");
  mkdirSync(outputs, { recursive: true });
  const result = await context.run({
    argv,
    cwd: folderOf(context, input),
    env: { ...input.env, ...context.secrets },
    timeoutMs: context.order.timeoutMs,
    ...(stdin === undefined ? {} : { input: stdin }),
    ...(input.parse ? { outputBytes: 2 * PARSED_BYTES } : { outputBytes: SHOWN_BYTES, shownJsonBytes: SHOWN_JSON_BYTES }),
    keep: { dir: outputs, bytes: context.keepBytes },
  });
  if (result.timedOut) {
    throw new Retryable({
      code: "command-timed-out",
      message: `${argv[0]} was ended after ${context.order.timeoutMs} ms; its last words: ${lastWords(result)}`,
      hint: "raise the transition's timeout, or make the command faster",
    });
  }
  // Who maps the exit code knows better what it means.
  if (input.exits?.[String(result.exitCode)] === undefined) mustNotBeKilled(result, argv[0] ?? "");
  const outcome = outcomeOf(input, result, argv[0] ?? "");
  const { kept: _, ...rest } = result;
  return { outcome, ...rest, ...parsed(input, result), ...(await fullOutputs(context, result)) };
}

function argvOf(context: HandContext, { argv, script, shell = "sh", args = [] }: Input): string[] {
  if (script === undefined) return argv ?? [];
  const file = join(context.workDir, "script");
  writeFileSync(file, script, { mode: 0o600 });
  return [shell, file, ...args];
}

function folderOf({ workDir }: HandContext, { cwd }: Input): string {
  if (cwd !== undefined && isAbsolute(cwd)) return mustBeThere(cwd);
  const folder = join(workDir, "tree", cwd ?? "");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Throws Terminal `cwd-missing`: to start something there would say that the program is missing. */
function mustBeThere(folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  const message = `there is no folder ${folder} on this executor, which cwd names`;
  throw new Terminal({ code: "cwd-missing", message, hint: "make it there, or let cwd name another" });
}

/** Throws Retryable or Terminal `command-failed` where the exit code means that. */
function outcomeOf({ exits }: Input, result: CommandResult, program: string): string {
  const code = String(result.exitCode);
  const meant = exits?.[code] ?? exits?.["*"] ?? (result.exitCode === 0 ? "ok" : "failed");
  if (meant !== "retry" && meant !== "fail") return meant;
  const message = `${program} ended with ${code}: ${lastWords(result)}`;
  if (meant === "retry") throw new Retryable({ code: "command-failed", message });
  throw new Terminal({
    code: "command-failed",
    message,
    hint: "petrel events NET shows the firing; `exits` says which exit codes are results",
  });
}

/** Throws Terminal `output-not-json`. Of a command that failed nothing is parsed. */
function parsed({ parse }: Input, { stdout, truncated, exitCode }: CommandResult): JsonObject {
  if (parse === undefined || (exitCode !== 0 && stdout.trim() === "")) return {};
  if (truncated || Buffer.byteLength(stdout) > PARSED_BYTES) throw notJson(`it printed more than ${PARSED_BYTES} bytes`);
  try {
    const texts = parse === "json" ? [stdout] : stdout.split("\n").filter((line) => line.trim() !== "");
    const values = texts.map((text) => JSON.parse(text) as Json);
    return { value: parse === "json" ? (values[0] ?? null) : values, stdout: "" };
  } catch (cause) {
    throw notJson(`${(cause as Error).message}; it begins with ${JSON.stringify(stdout.slice(0, 200))}`);
  }
}

function notJson(why: string): Terminal {
  return new Terminal({
    code: "output-not-json",
    message: `what the command printed is no JSON: ${why}`,
    hint: "leave out `parse`, or print JSON",
  });
}

async function fullOutputs(context: HandContext, { kept }: CommandResult): Promise<JsonObject> {
  const full: JsonObject = {};
  for (const name of ["stdout", "stderr"] as const) {
    const file = kept?.[name]?.file;
    if (file !== undefined) full[name] = { ...(await context.artifact({ file }, { name: `${name}.txt`, mediaType: "text/plain" })) };
  }
  return Object.keys(full).length > 0 ? { full } : {};
}

function lastWords({ stderr, stdout }: CommandResult): string {
  return (stderr.trim() || stdout.trim()).split("\n").at(-1)?.slice(0, 300) ?? "";
}
