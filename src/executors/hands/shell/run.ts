/** `shell.run`: one fixed command. {argv, cwd?, env?, stdin?} -> {exitCode, stdout, stderr, truncated, timedOut, durationMs}. A non-zero exit is a result. */
import { mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { Retryable } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { shellInput } from "./card.ts";

export async function shellRun(context: HandContext): Promise<Json> {
  const input = parseInput(shellInput, context.order);
  const cwd =
    input.cwd === undefined ? join(context.workDir, "tree") : isAbsolute(input.cwd) ? input.cwd : join(context.workDir, "tree", input.cwd);
  if (input.cwd === undefined || !isAbsolute(input.cwd)) mkdirSync(cwd, { recursive: true });
  const result = await context.run({
    argv: input.argv,
    cwd,
    env: { ...input.env, ...context.secrets },
    timeoutMs: context.order.timeoutMs,
    ...(input.stdin === undefined ? {} : { input: input.stdin }),
    outputBytes: 24 * 1024,
  });
  if (result.timedOut) {
    throw new Retryable({
      code: "command-timed-out",
      message: `${input.argv[0]} was ended after ${context.order.timeoutMs} ms; its last words: ${lastLine(result.stderr || result.stdout)}`,
      hint: "raise the transition's timeout, or make the command faster",
    });
  }
  return { ...result };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}
