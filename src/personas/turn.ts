/** What goes into the turn loop and what comes out. */
import type { Clock } from "../contract/clock.ts";
import type { ErrorData } from "../contract/errors.ts";
import type { ModelUse, ToolUse } from "../contract/event.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Message, ToolSpec } from "../models/port.ts";
import type { Tiers } from "../models/tiers.ts";
import type { RecordedCall } from "../net/rule/follow-calls.ts";
import type { ToolDefinition } from "../tools/port.ts";
import type { ContextPart } from "./context-parts.ts";
import type { Lesson } from "./lessons.ts";
import type { Knowledge, Persona } from "./persona-schema.ts";
import type { Wiring } from "./policy.ts";
import type { Prompt } from "./prompt.ts";
import type { Spent } from "./turn-budget.ts";
import type { Journal } from "./turn-journal.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import type { Troubles } from "./turn-step.ts";

export interface TurnInput {
  /** `llm`: one answer. `agent`: a loop over tools. */
  shape: "llm" | "agent";
  persona: Persona;
  knowledge: readonly Knowledge[];
  /** The transition's `ask`, rendered. */
  ask: string;
  /** The bound tokens' data by the names of their arcs; fenced into the prompt. */
  data?: Readonly<Record<string, Json>>;
  /** Recalled from the persona's memory for this ask. */
  lessons?: readonly Lesson[];
  wiring: Wiring;
  /** What a rule's program has made of the work already: {why, made}. */
  handed?: JsonObject | null;
  /** Effect key `<net>/<transition>/<firing>`. */
  key: string;
}

/** `use`: model calls that the tool itself made; they count against the budget. */
export type ToolOutcome = ({ ok: true; output: Json } | { ok: false; error: ErrorData }) & { use?: ModelUse };

export interface Denied {
  tool: string;
  code: string;
  reason: string;
}

export type Progress =
  | { kind: "asking"; turn: number }
  | { kind: "answered"; turn: number; use: ModelUse }
  /** `code` of the error that the model, or the way to it, ended with. */
  | { kind: "unanswered"; turn: number; code: string }
  | { kind: "tool"; turn: number; tool: string }
  /** `call`: the model's id of the call. `code` of the error, where it failed. */
  | { kind: "tool-done"; turn: number; tool: string; ok: boolean; call?: string; code?: string };

export interface TurnPorts {
  ask: Tiers["ask"];
  /**
   * `call` is the same for the same step of the same firing. What the tool says is wrong comes back as `ok: false` and is told to the
   * model; what ends the attempt (the executor is gone) is thrown.
   */
  callTool(name: string, input: Json, call: string, signal: AbortSignal): Promise<ToolOutcome>;
  clock: Clock;
  signal: AbortSignal;
  onProgress?(progress: Progress): void;
  /** Each call that a tool answered, or said what was wrong with; neither refusals nor what ends the work. */
  onCalled?(call: RecordedCall): void;
  /** Each refusal becomes an event. */
  onDenied?(denied: Denied): void;
  /** Text of the model as it comes. */
  onText?(delta: string): void;
  /** Default: the tools that come with Petrel. */
  tools?: ReadonlyMap<string, ToolDefinition>;
  /** Of a durable loop. */
  journal?: Journal;
}

export interface TurnResult {
  outcome: TurnOutcome;
  /**
   * `llm`: what the output schema asks for, or {text}. `agent`: {status: "done", ...}, {status: "failed", reason},
   * {status: "said", text} when it ended without `done`, or {status: "refused", text}.
   */
  answer: JsonObject;
  model: ModelUse;
  tools: ToolUse[];
  prompt: { sha256: string; text: string; parts: readonly ContextPart[] };
}

/** Name of the tool through which an `llm` gives its answer. */
export const ANSWER = "answer";

/** What the loop knows between its phases. */
export interface TurnRun {
  input: TurnInput;
  ports: TurnPorts;
  prepared: Prepared & { prompt: Prompt };
  messages: Message[];
  spent: Spent;
  troubles: Troubles;
  tools: ToolUse[];
}

/** Fields that the loop made ready once, before the first turn. */
export interface Prepared {
  specs: ToolSpec[];
  toolChoice?: string;
}
