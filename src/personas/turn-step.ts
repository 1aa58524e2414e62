/** The closed set of what the turn loop does next, and what it remembers for deciding that. */
import type { PetrelError } from "../contract/errors.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Block } from "../models/port.ts";
import type { TurnOutcome } from "./turn-outcome.ts";

export type ToolCall = Extract<Block, { type: "tool-call" }>;

export type NextStep =
  /** Back to the model, with this reply. */
  | { next: "ask"; reply: Block[] }
  | { next: "run-tools"; calls: ToolCall[] }
  | { next: "finish"; outcome: TurnOutcome; answer: JsonObject }
  | { next: "fail"; error: PetrelError };

/** What went wrong so far; in a row, but for `repairs`. */
export interface Troubles {
  /** Answers that did not fit the schema, an agent's `done` included. */
  repairs: number;
  cuts: number;
  malformed: number;
  repeated: { fingerprint: string; times: number };
}

export function noTroubles(): Troubles {
  return { repairs: 0, cuts: 0, malformed: 0, repeated: { fingerprint: "", times: 0 } };
}
