/** How a turn loop can end. One of these stands in the event that ends the firing; only the first two are success. */
import { type ErrorData, type PetrelError, Refused, Terminal } from "../contract/errors.ts";

export const OUTCOMES = [
  /** An `llm` gave an answer that fits. */
  "answered",
  /** An `agent` called `done`. */
  "done",
  /** An `agent` called `fail`. */
  "failed",
  /** It ended with words, and without `done`. */
  "said",
  /** The model or its provider declined. */
  "refused",
  /** Cut at the output limit, again and again. */
  "cut-off",
  /** Tool calls that no tool can take, again and again. */
  "malformed",
  /** The same calls with the same results, again and again. */
  "repeated",
  /** The answer did not fit the persona's schema, and neither did its repair. */
  "invalid",
  "too-many-turns",
  /** Money, tokens or time. */
  "budget",
] as const;
export type TurnOutcome = (typeof OUTCOMES)[number];

const CODES: Partial<Record<TurnOutcome, string>> = {
  failed: "agent-failed",
  said: "agent-said",
  refused: "model-refused",
  "cut-off": "answer-cut-off",
  malformed: "tool-calls-malformed",
  repeated: "tool-calls-repeated",
  invalid: "answer-invalid",
  "too-many-turns": "too-many-turns",
  budget: "budget-exhausted",
};
const BY_CODE = new Map(Object.entries(CODES).map(([outcome, code]) => [code, outcome as TurnOutcome]));

export function isSuccess(outcome: TurnOutcome): boolean {
  return outcome === "answered" || outcome === "done";
}

/** Null: something else went wrong than the persona's own work. */
export function outcomeOf(error: ErrorData): TurnOutcome | null {
  return BY_CODE.get(error.code) ?? null;
}

/** Refused `model-refused`, else Terminal with the code of the outcome. */
export function endedAs(outcome: Exclude<TurnOutcome, "answered" | "done">, message: string, hint?: string): PetrelError {
  const parts = { code: CODES[outcome] ?? outcome, message, ...(hint === undefined ? {} : { hint }) };
  return outcome === "refused" ? new Refused(parts) : new Terminal(parts);
}

/** The error of an agent whose net takes nothing but `done` (the transition's `unfinished`). */
export function unfinished(persona: string, outcome: TurnOutcome, words: string): PetrelError {
  const said = words.trim().slice(0, 500) || "no reason given";
  const hint = 'an arc with "error": true takes such work on; "unfinished": "result" hands on what it said instead';
  if (outcome === "refused") return endedAs("refused", `the model declined to work as ${persona}: ${said}`, hint);
  if (outcome === "failed") return endedAs("failed", `${persona} gave up: ${said}`, hint);
  return endedAs("said", `${persona} ended with words instead of done: ${said}`, hint);
}
