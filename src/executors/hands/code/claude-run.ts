/**
 * One run of Claude Code in a checkout.
 * K1 A result counts only when it says that it is one: `is_error` and `permission_denials` are failures, whatever the exit code.
 * K2 Its configuration, home and temporary files lie in the attempt's folder; of the user's settings it has none.
 * K3 What it leaves is one commit by the order's author, with the firing in its trailer, whatever it committed by itself.
 * K4 It ends with the attempt, with all that it started.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Retryable, Terminal } from "../../../contract/errors.ts";
import type { ModelUse } from "../../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { mustNotBeKilled } from "../../outside-kill.ts";
import type { CommandResult } from "../../process-tree.ts";
import { secretOf } from "../secret-of.ts";
import { keepSession, takeUp } from "./claude-sessions.ts";
import { usesOf } from "./claude-use.ts";
import { commitAll, stampEnvironment } from "./commit.ts";
import { git, gitText } from "./git.ts";
import type { Checkout } from "./git-tools.ts";

const OUTPUT_BYTES = 8 * 1024 * 1024;

export interface ClaudeAsk {
  ask: string;
  system?: string | undefined;
  /** What it may use without asking; anything else is denied. */
  tools: readonly string[];
  maxTurns: number;
  budgetUsd?: number | undefined;
  model?: string | undefined;
  resume?: string | null | undefined;
  /** The variable of the attempt's secrets that holds the key. */
  keyFrom: string;
  baseUrl?: string | undefined;
  timeoutMs: number;
}
export interface ClaudeSaid {
  said: string;
  session: string | null;
  turns: number | null;
  costUsd: number | null;
  usage: JsonObject | null;
}

/** `spent` hears what it used before anything is made of its result. Throws Retryable and Terminal `claude-...`, Refused `policy-host`. */
export async function runClaude(
  context: HandContext,
  checkout: Checkout,
  ask: ClaudeAsk,
  spent: (use: ModelUse) => void,
): Promise<ClaudeSaid> {
  if (ask.baseUrl !== undefined) context.checkHost(ask.baseUrl);
  const config = join(context.workDir, "claude");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  if (ask.resume) await takeUp(context, checkout.tree, config, ask.resume);
  const run = await context.run({
    argv: argvOf(ask),
    cwd: checkout.tree,
    env: environmentOf(context, ask, config, checkout),
    input: ask.ask,
    timeoutMs: ask.timeoutMs,
    outputBytes: OUTPUT_BYTES,
    // One line of JSON.
    untold: true,
  });
  const result = resultOf(run, ask.timeoutMs);
  const use = usesOf(result);
  if (use) spent(use);
  const session = typeof result.session_id === "string" ? result.session_id : null;
  if (session !== null) keepSession(context, checkout.tree, config, session);
  mustBeGood(result, run);
  return {
    said: typeof result.result === "string" ? result.result : "",
    session,
    turns: typeof result.num_turns === "number" ? result.num_turns : null,
    costUsd: typeof result.total_cost_usd === "number" ? result.total_cost_usd : null,
    usage: isJsonObject(result.usage) ? result.usage : null,
  };
}

function argvOf({ maxTurns, model, tools, budgetUsd, resume, system }: ClaudeAsk): string[] {
  return [
    ...["claude", "-p", "--output-format", "json", "--max-turns", String(maxTurns)],
    ...["--allowedTools", tools.join(","), "--permission-mode", "acceptEdits"],
    ...["--strict-mcp-config", "--setting-sources", ""],
    ...(model === undefined ? [] : ["--model", model]),
    ...(budgetUsd === undefined ? [] : ["--max-budget-usd", String(budgetUsd)]),
    ...(system === undefined ? [] : ["--append-system-prompt", system]),
    ...(resume ? ["--resume", resume] : []),
  ];
}

/** K2 */
function environmentOf(context: HandContext, { keyFrom, baseUrl }: ClaudeAsk, config: string, { stamp }: Checkout): Record<string, string> {
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
  mustNotBeKilled(run, "Claude Code");
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
export async function oneCommit(context: HandContext, { tree, start, stamp }: Checkout, message: string): Promise<void> {
  const subjects = await gitText(context, ["log", "--reverse", "--format=%B", `${start}..HEAD`], tree);
  await git(context, ["reset", "-q", "--soft", start], { cwd: tree });
  await commitAll(context, tree, subjects.trim() || message.slice(0, 4000), stamp, 0).catch((error: unknown) => {
    if (!(error instanceof Terminal) || error.code !== "nothing-to-commit") throw error;
  });
}
