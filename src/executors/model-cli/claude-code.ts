/**
 * Claude Code as a model provider: `claude -p` for each turn, with no tools of its own and nothing of the user's settings.
 * - D1 An answer counts only when the result says that it is one: `is_error` and `permission_denials` are failures, whatever the exit code.
 * - D2 Its environment is what it needs; its configuration lies in a folder of Petrel's own.
 * - D3 When the call is over, no process of it is left.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../contract/clock.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { withDeadline } from "../../models/deadline.ts";
import { type ModelAnswer, type ModelProvider, type ModelRequest, usageOf } from "../../models/port.ts";
import { cutOff, type FailureContext, failureError } from "../../models/provider-errors.ts";
import { redactor } from "../../models/redact.ts";
import { conversationWords, readWords, systemWords } from "./claude-words.ts";
import { runLines } from "./run-lines.ts";

export const CLAUDE_CODE = "claude-code";

export interface ClaudeCodeOptions {
  clock: Clock;
  /** A folder of its own: configuration, work directory. */
  dir: string;
  /** The environment of this process, of which little goes to it. */
  env: Readonly<Record<string, string | undefined>>;
  /** The program; default `claude`, looked for in PATH. */
  command?: string | undefined;
  /** Another address of the API. */
  baseURL?: string | undefined;
  /** The variable that holds the key; without one, it uses the login in its own configuration. */
  keyVariable?: string | undefined;
}

export function claudeCodeProvider(options: ClaudeCodeOptions): ModelProvider {
  const keyVariable = options.keyVariable ?? "ANTHROPIC_API_KEY";
  const context: FailureContext = {
    clock: options.clock,
    keyVariable,
    baseURL: options.baseURL ?? "https://api.anthropic.com",
    redact: redactor(options.env),
  };
  return {
    name: CLAUDE_CODE,
    ask: (request, call) =>
      withDeadline(options.clock, call, `${CLAUDE_CODE} ${request.model}`, async (signal) => {
        const heard = new Heard(request.tools.length === 0 ? call.onText : undefined);
        try {
          const run = await runLines({ ...commandOf(options, request, keyVariable), signal, line: (text) => heard.take(text) });
          return answerOf(heard, run, request, context);
        } catch (error) {
          throw error instanceof PetrelError && error.code === "command-not-found" ? notThere(options) : error;
        }
      }),
  };
}

function commandOf(options: ClaudeCodeOptions, request: ModelRequest, keyVariable: string) {
  const config = join(options.dir, "config");
  const work = join(options.dir, "work");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const system = systemWords(request);
  // An argument may be 128 KiB long at most, and can be seen by everybody.
  const systemFile = join(work, `system-${sha256(system).slice(0, 16)}.txt`);
  writeFileSync(systemFile, system, { mode: 0o600 });
  const { command = "claude", env } = options;
  const argv = [
    ...[command, "-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"],
    ...["--model", request.model, "--system-prompt-file", systemFile, "--max-turns", "1"],
    ...["--tools", "", "--strict-mcp-config", "--setting-sources", "", "--no-session-persistence"],
  ];
  const key = env[keyVariable];
  const own: Record<string, string | undefined> = {
    PATH: env.PATH,
    HOME: options.dir,
    TMPDIR: work,
    LANG: "C.UTF-8",
    CLAUDE_CONFIG_DIR: config,
    ANTHROPIC_API_KEY: key,
    CLAUDE_CODE_OAUTH_TOKEN: env.CLAUDE_CODE_OAUTH_TOKEN,
    ANTHROPIC_BASE_URL: options.baseURL ?? env.ANTHROPIC_BASE_URL,
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(request.maxOutputTokens),
    CLAUDE_CODE_MAX_RETRIES: "0",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_AUTOUPDATER: "1",
  };
  const clean = Object.fromEntries(Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  return { argv, cwd: work, env: clean, input: conversationWords(request.messages) };
}

/** What came line by line: pieces of text, and the result at the end. */
class Heard {
  readonly #onText: ((delta: string) => void) | undefined;
  result: JsonObject | null = null;
  stopReason = "";

  constructor(onText: ((delta: string) => void) | undefined) {
    this.#onText = onText;
  }

  take(line: string): void {
    const value = parsed(line);
    if (!value) return;
    if (value.type === "result") this.result = value;
    if (value.type !== "stream_event" || !isJsonObject(value.event)) return;
    const { delta } = value.event;
    if (!isJsonObject(delta)) return;
    if (delta.type === "text_delta" && typeof delta.text === "string") this.#onText?.(delta.text);
    if (typeof delta.stop_reason === "string") this.stopReason = delta.stop_reason;
  }
}

function parsed(line: string): JsonObject | null {
  try {
    const value = JSON.parse(line) as Json;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** D1. */
function answerOf(heard: Heard, run: { exitCode: number; stderr: string }, request: ModelRequest, context: FailureContext): ModelAnswer {
  const { result } = heard;
  const failure = (message: string, status?: number) =>
    failureError({ provider: CLAUDE_CODE, model: request.model, message, status }, context);
  if (!result) {
    if (run.stderr.trim() === "") throw cutOff(CLAUDE_CODE);
    throw failure(run.stderr.trim().slice(-500), statusIn(run.stderr) ?? 400);
  }
  const text = typeof result.result === "string" ? result.result : "";
  if (Array.isArray(result.permission_denials) && result.permission_denials.length > 0)
    throw failure("it tried to use tools of its own, which it has none of", 400);
  const refused = heard.stopReason === "refusal";
  if (result.is_error === true && !refused) {
    // Nothing was answered: it may be another time.
    if (/connection error|ECONN|fetch failed|timed out/i.test(text)) throw failure(text);
    throw failure(text || String(result.subtype), statusIn(text) ?? (/log ?in/i.test(text) ? 401 : 400));
  }
  if (result.subtype !== "success" && !refused) throw failure(`it ended with ${String(result.subtype)}`, 400);
  const turn = request.messages.filter(({ role }) => role === "assistant").length + 1;
  const content = readWords(text, request, turn);
  const calls = content.some((block) => block.type === "tool-call");
  return {
    content: refused ? content.filter((block) => block.type === "text") : content,
    stop: refused ? "refusal" : heard.stopReason === "max_tokens" ? "length" : calls ? "tool-call" : "end",
    usage: usageIn(result.usage),
    model: request.model,
    ...(typeof result.total_cost_usd === "number" ? { costUsd: result.total_cost_usd } : {}),
  };
}

function usageIn(usage: Json | undefined) {
  const count = (name: string) => (isJsonObject(usage) && typeof usage[name] === "number" ? Number(usage[name]) : 0);
  const [read, written] = [count("cache_read_input_tokens"), count("cache_creation_input_tokens")];
  return usageOf(count("input_tokens") + read + written, count("output_tokens"), read, written);
}

/** As it tells of the API's answer: `API Error: 529 {...}`. */
function statusIn(text: string): number | undefined {
  const told = /API Error:?\s*\(?(\d{3})|\bHTTP (\d{3})|\bstatus(?: code)?:? (\d{3})/i.exec(text);
  const status = told?.[1] ?? told?.[2] ?? told?.[3];
  if (status !== undefined) return Number(status);
  if (/overloaded/i.test(text)) return 529;
  return /rate.?limit|usage limit/i.test(text) ? 429 : undefined;
}

function notThere({ command = "claude" }: ClaudeCodeOptions): Terminal {
  return new Terminal({
    code: "model-unknown",
    message: `there is no program ${command} for the provider ${CLAUDE_CODE}`,
    hint: 'install Claude Code, or name its program: "providers": {"claude-code": {"command": "/path/to/claude"}}',
  });
}
