/** What crystallization learns from: one finished firing of an `llm` or `agent` transition, as the log tells it. */
import type { Json, JsonObject } from "../contract/json.ts";

export interface Example {
  /** The bound inputs by their `as` names: their data, an array where an arc binds many. */
  input: JsonObject;
  /** What the model answered. */
  output: Json;
  /** ISO 8601, UTC. */
  at: string;
  /** Position in the log; examples are learned from in this order. */
  seq: number;
  /** What it cost, at list prices where nothing was paid. */
  costUsd: number;
  latencyMs: number;
  /** Of the latency: in calls of tools. A program makes these as well. */
  toolMs?: number;
  /** Calls that the agent made, in order. */
  tools: ToolCall[];
  /** Why this answer is no example: it was reworked or rejected later. Such a one is counted and never learned from. */
  bad?: string;
}

export interface ToolCall {
  name: string;
  /** An object; null where the log does not hold what was asked. */
  input: Json;
  output: Json;
  /** The tool said what was wrong instead of answering. */
  failed?: boolean;
}

/** The good ones, in the order of the log. */
export function goodExamples(examples: readonly Example[]): Example[] {
  return examples.filter(({ bad }) => bad === undefined).sort((one, other) => one.seq - other.seq);
}
