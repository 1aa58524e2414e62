/**
 * An agent's work by an engine: one session of it in the workspace that the agent holds, in place of the turn loop.
 * W5 What it used counts and is told as a model's would be, also where nothing came of it.
 */
import { errorFromData } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { jsonFlaw } from "../contract/json-limits.ts";
import { toldUse } from "../models/told-use.ts";
import { mismatches } from "../personas/output-check.ts";
import { assemblePrompt } from "../personas/prompt.ts";
import type { TurnInput, TurnResult } from "../personas/turn.ts";
import type { ModelGuard } from "./model-guard.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Desk } from "./workspace-desk.ts";

/** The call of the session; see the hand `code.claude-session`. */
const ENGINE_CALL = "session.engine";

export interface EngineParts {
  firing: AssignedFiring;
  engine: NonNullable<AssignedFiring["engine"]>;
  guard: ModelGuard;
  desk: Desk;
  book(use: ModelUse): void;
  signal: AbortSignal;
}

/** Errors: those of the session, coded `claude-...`; BudgetCrossed; Cancelled `workspace-gone`. */
export async function engineTurn(input: TurnInput, parts: EngineParts): Promise<TurnResult> {
  const { guard, desk, engine, signal, book } = parts;
  const { persona, knowledge, ask, data, lessons } = input;
  const prompt = assemblePrompt(persona, knowledge, {
    ask: `${ask.trim()}\n\n${ending(persona.output)}`,
    ...(data ? { data } : {}),
    ...(lessons ? { lessons } : {}),
    ...{ toolNames: [], places: { read: [], write: [] }, answerTool: null, loop: false },
  });
  const { usd, turns } = guard.room();
  const words = prompt.messages.flatMap(({ content }) => content.flatMap((block) => (block.type === "text" ? [block.text] : [])));
  const called = await desk(
    ENGINE_CALL,
    {
      ...{ ask: words.join("\n\n"), system: prompt.system, maxTurns: Math.max(1, Math.floor(turns)) },
      ...(usd === null ? {} : { budgetUsd: usd }),
      ...(engine.model === undefined ? {} : { model: engine.model }),
      ...(engine.baseUrl === undefined ? {} : { baseUrl: engine.baseUrl }),
    },
    "engine",
    signal,
  );
  if (!called.ok) throw errorFromData(called.error);
  const told = isJsonObject(called.output) ? called.output : {};
  const use = toldUse(told.use, persona.tier);
  if (use) {
    guard.took(use);
    book(use);
  }
  if (told.ok !== true) throw errorFromData((told.error ?? {}) as never);
  const { sha256, text, parts: pieces } = prompt;
  const nothing: ModelUse = { provider: engine.kind, name: engine.model ?? "", calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };
  return {
    ...answerOf(String(told.said ?? ""), persona.output),
    model: use ?? nothing,
    tools: [],
    prompt: { sha256, text, parts: pieces },
  };
}

function ending(output: JsonObject | undefined): string {
  const shape = output ? ` that fits this JSON Schema:\n${JSON.stringify(output)}` : ': {"status": "done", "summary": "..."}';
  return `Commit nothing: what you leave in the files is committed after you. When the work is finished and you have checked it, end with one JSON object and nothing besides,${shape}\nIf it cannot be done, end with {"status": "failed", "reason": "..."}. Claim nothing that you have not done.`;
}

/** Words without such an object are what they are: said, and not done. */
function answerOf(said: string, output: JsonObject | undefined): Pick<TurnResult, "outcome" | "answer"> {
  const given = lastObject(said);
  if (given?.status === "failed") return { outcome: "failed", answer: { ...given, status: "failed", reason: String(given.reason ?? "") } };
  if (given === null || (output && mismatches(output, given).length > 0))
    return { outcome: "said", answer: { status: "said", text: said } };
  return { outcome: "done", answer: { ...given, status: "done" } };
}

function lastObject(said: string): JsonObject | null {
  const body = said.trim().replace(/^[\s\S]*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/, "$1");
  for (const text of [body, body.slice(body.lastIndexOf("\n{") + 1)]) {
    try {
      const value = JSON.parse(text.trim()) as Json;
      if (isJsonObject(value) && !jsonFlaw(value)) return value;
    } catch {
      // Not the object alone: perhaps it stands after other words.
    }
  }
  return null;
}
