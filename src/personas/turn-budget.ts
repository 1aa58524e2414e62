/** The budget of one firing, looked at before anything is spent. */
import { Terminal } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import { estimateInput } from "../models/estimate-tokens.ts";
import type { Message, ToolSpec } from "../models/port.ts";
import type { Persona } from "./persona-schema.ts";

/** With less room than this a model cannot say anything of use. */
const LEAST_OUTPUT = 256;
/** No single model call may take longer, whatever the budget still has. */
const CALL_LIMIT_MS = 300_000;

export interface Spent {
  turns: number;
  use: ModelUse | null;
  startedAt: number;
}

/** What the next model call may take. Throws Terminal `budget-exhausted` and `too-many-turns` (exit code 6). */
export function nextCallLimits(
  persona: Persona,
  spent: Spent,
  next: { system: string; messages: Message[]; tools: ToolSpec[] },
  now: number,
): { maxOutputTokens: number; timeoutMs: number } {
  const { budget } = persona;
  if (spent.turns >= budget.turns) throw exhausted(persona, `${budget.turns} turns`, "too-many-turns");
  const timeLeft = millisecondsLeft(persona, spent, now);
  if (timeLeft <= 0) throw exhausted(persona, `${budget.seconds} seconds`);
  if (budget.usd !== undefined && (spent.use?.costUsd ?? 0) >= budget.usd && spent.turns > 0) throw exhausted(persona, `${budget.usd} USD`);
  let room = persona.maxOutputTokens;
  if (budget.tokens !== undefined) {
    const used = (spent.use?.inputTokens ?? 0) + (spent.use?.outputTokens ?? 0);
    room = Math.min(room, budget.tokens - used - estimateInput(next));
    if (room < LEAST_OUTPUT) throw exhausted(persona, `${budget.tokens} tokens`);
  }
  return { maxOutputTokens: room, timeoutMs: Math.min(timeLeft, CALL_LIMIT_MS) };
}

export function millisecondsLeft(persona: Persona, spent: Spent, now: number): number {
  return spent.startedAt + persona.budget.seconds * 1000 - now;
}

export function exhausted(persona: Persona, what: string, code = "budget-exhausted"): Terminal {
  return new Terminal({
    code,
    message: `${persona.persona} has used up its budget of ${what} for this firing`,
    hint: `Raise the budget in the file of persona ${persona.persona}, or give it a smaller task.`,
    exitCode: 6,
  });
}
