/**
 * `code.claude`: one session of Claude Code in a worktree of its own. The value is the work, as of `code.session`, and what the session told.
 * K1 A result counts only when it says that it is one: `is_error` and `permission_denials` are failures, whatever the exit code.
 * K2 Its configuration, home and temporary files lie in the attempt's folder; of the user's settings it has none.
 * K3 What it leaves is one commit by the order's author, with the firing in its trailer, whatever it committed by itself.
 * K4 It ends with the attempt, with all that it started.
 */
import { existsSync, mkdirSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { z } from "zod";
import { Retryable, Terminal } from "../../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import type { CommandResult } from "../../process-tree.ts";
import { secretOf } from "../secret-of.ts";
import { claudeCard, claudeInput } from "./claude-card.ts";
import { usesOf } from "./claude-use.ts";
import { commitAll, stampEnvironment } from "./commit.ts";
import { git, gitText } from "./git.ts";
import type { Checkout } from "./git-tools.ts";
import { closeWork, openCheckout } from "./session.ts";

type Input = z.output<typeof claudeInput>;
const OUTPUT_BYTES = 8 * 1024 * 1024;

async function codeClaude(context: HandContext): Promise<Json> {
  const input = parseInput(claudeInput, context.order);
  if (input.baseUrl !== undefined) context.checkHost(input.baseUrl);
  const { mirror, checkout } = await openCheckout(context, input);
  const config = join(context.workDir, "claude");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  if (input.resume) await takeUp(context, checkout.tree, config, input.resume);
  const run = await context.run({
    argv: argvOf(input),
    cwd: checkout.tree,
    env: environmentOf(context, input, config, checkout),
    input: input.ask,
    timeoutMs: context.order.timeoutMs,
    outputBytes: OUTPUT_BYTES,
    // One line of JSON.
    untold: true,
  });
  const result = resultOf(run, context.order.timeoutMs);
  const use = usesOf(result);
  if (use) context.spent(use);
  const session = typeof result.session_id === "string" ? result.session_id : null;
  if (session !== null) await keepSession(context, checkout.tree, config, session);
  mustBeGood(result, run);
  const said = typeof result.result === "string" ? result.result : "";
  await oneCommit(context, checkout, input.message ?? said);
  const work = (await closeWork(context, mirror, checkout)) as JsonObject;
  return {
    ...work,
    said,
    session,
    turns: typeof result.num_turns === "number" ? result.num_turns : null,
    costUsd: typeof result.total_cost_usd === "number" ? result.total_cost_usd : null,
    usage: isJsonObject(result.usage) ? result.usage : null,
    resumed: input.resume ?? null,
  };
}

function argvOf({ program, maxTurns, model, tools, budgetUsd, resume, system }: Input): string[] {
  return [
    ...[program, "-p", "--output-format", "json", "--max-turns", String(maxTurns)],
    ...["--allowedTools", tools.join(","), "--permission-mode", "acceptEdits"],
    ...["--strict-mcp-config", "--setting-sources", ""],
    ...(model === undefined ? [] : ["--model", model]),
    ...(budgetUsd === undefined ? [] : ["--max-budget-usd", String(budgetUsd)]),
    ...(system === undefined ? [] : ["--append-system-prompt", system]),
    ...(resume ? ["--resume", resume] : []),
  ];
}

/** K2 */
function environmentOf(context: HandContext, { keyFrom, baseUrl }: Input, config: string, { stamp }: Checkout): Record<string, string> {
  const home = join(context.workDir, "home");
  return {
    CLAUDE_CONFIG_DIR: config,
    CLAUDE_CODE_TMPDIR: join(context.workDir, "tmp"),
    ANTHROPIC_API_KEY: secretOf(context, keyFrom),
    ...(baseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: baseUrl }),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: "2",
    DISABLE_TELEMETRY: "1",
    DISABLE_AUTOUPDATER: "1",
    HOME: home,
    // What it commits by itself is by the same author.
    ...stampEnvironment(stamp, 0),
  };
}

function resultOf(run: CommandResult, limitMs: number): JsonObject {
  if (run.timedOut)
    throw new Retryable({
      code: "claude-timed-out",
      message: `Claude Code was ended after ${limitMs} ms`,
      hint: "raise the transition's timeout",
    });
  for (const line of run.stdout.trim().split("\n").reverse()) {
    try {
      const value = JSON.parse(line) as Json;
      if (isJsonObject(value) && value.type === "result") return value;
    } catch {
      // Not its result.
    }
  }
  const said = (run.stderr.trim() || run.stdout.trim()).slice(-500);
  throw new Terminal({ code: "claude-failed", message: `Claude Code gave no result and ended with ${run.exitCode}: ${said}` });
}

/** K1 */
function mustBeGood({ subtype, is_error: isError, result, permission_denials: denials }: JsonObject, run: CommandResult): void {
  if (Array.isArray(denials) && denials.length > 0) {
    const tools = [...new Set(denials.map((one) => (isJsonObject(one) ? String(one.tool_name) : "a tool")))];
    throw new Terminal({
      code: "claude-denied",
      message: `Claude Code wanted what it may not: ${tools.join(", ")}`,
      hint: "name it in `tools`, like Bash(npm test:*), or ask for less",
    });
  }
  if (subtype === "error_max_turns")
    throw new Terminal({
      code: "claude-max-turns",
      message: "Claude Code did not end within its turns",
      hint: "raise `maxTurns`, or ask for less",
    });
  if (subtype === "error_max_budget_usd")
    throw new Terminal({ code: "claude-budget", message: "Claude Code has spent its budget", hint: "raise `budgetUsd`, or ask for less" });
  if (isError !== true && subtype === "success") return;
  const said = typeof result === "string" ? result : String(subtype ?? run.stderr.slice(-300));
  const passing = /connection error|ECONN|fetch failed|timed out|overloaded|\b(429|500|502|503|504|529)\b/i.test(said);
  if (passing) throw new Retryable({ code: "claude-unreachable", message: `Claude Code could not ask its model: ${said.slice(0, 500)}` });
  throw new Terminal({ code: "claude-failed", message: `Claude Code ended with an error: ${said.slice(0, 500)}` });
}

/** K3 */
async function oneCommit(context: HandContext, { tree, start, stamp }: Checkout, message: string): Promise<void> {
  const subjects = await gitText(context, ["log", "--reverse", "--format=%B", `${start}..HEAD`], tree);
  await git(context, ["reset", "-q", "--soft", start], { cwd: tree });
  await commitAll(context, tree, subjects.trim() || message.slice(0, 4000), stamp, 0).catch((error: unknown) => {
    if (!(error instanceof Terminal) || error.code !== "nothing-to-commit") throw error;
  });
}

/** A session is a file under the name of its folder: it is kept beside the mirrors, for one that takes it up. */
function sessionFile(config: string, tree: string, session: string): string {
  return join(config, "projects", tree.replace(/[^A-Za-z0-9]/g, "-"), `${session}.jsonl`);
}
function keptFile({ workshop }: HandContext, session: string): string {
  return join(workshop.dir, "claude-sessions", `${session}.jsonl`);
}

async function keepSession(context: HandContext, tree: string, config: string, session: string): Promise<void> {
  const file = sessionFile(config, tree, session);
  if (!/^[A-Za-z0-9-]{1,64}$/.test(session) || !existsSync(file)) return;
  mkdirSync(join(context.workshop.dir, "claude-sessions"), { recursive: true, mode: 0o700 });
  await copyFile(file, keptFile(context, session));
}

/** Throws Terminal `claude-session-missing`. */
async function takeUp(context: HandContext, tree: string, config: string, session: string): Promise<void> {
  const kept = keptFile(context, session);
  if (!existsSync(kept))
    throw new Terminal({
      code: "claude-session-missing",
      message: `the session ${session} is not on this executor`,
      hint: "a session is taken up where it was: give both transitions a label that one executor has",
    });
  const file = sessionFile(config, tree, session);
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  await copyFile(kept, file);
}

export const claudeHand: HandDefinition = {
  ...claudeCard,
  run: codeClaude,
  lack: async ({ environment }) => {
    const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
    return folders.some((folder) => existsSync(join(folder, "claude"))) ? null : "Claude Code (claude) is not installed";
  },
};
