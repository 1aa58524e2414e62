/** `shell.run`: one fixed command. {argv, cwd?, env?, stdin?} -> {exitCode, stdout, stderr, truncated, timedOut, durationMs}. A non-zero exit is a result. */
import { mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { Retryable } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { HandContext } from "../hand.ts";
import { parseInput } from "../hand-input.ts";

const inputSchema = z.strictObject({
  argv: z.array(z.string()).min(1),
  cwd: z.string().optional().describe("A folder of this executor, or one inside the work directory"),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
  stdin: z.string().optional(),
});

export async function shellRun(context: HandContext): Promise<Json> {
  const input = parseInput(inputSchema, context.order);
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
