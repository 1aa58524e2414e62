/** A stream of tasks whose truth is known to its generator, and to the model that errs now and then. */
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { ToolCall } from "../../src/crystallize/example.ts";
import type { Chance } from "./draws.ts";

export interface Item {
  input: JsonObject;
  truth: Json;
  /** The calls that an agent makes on the way, in order. */
  tools?: ToolCall[];
}

export interface Stream {
  name: string;
  /** What crystallization should make of it. */
  kind: "learnable" | "unlearnable" | "changing";
  /** The item at this position, from 0. */
  item(at: number, chance: Chance): Item;
  /** What an erring model says instead of the truth. */
  slip(truth: Json, chance: Chance): Json;
  /** The same for streams with calls: other calls, another answer, or both. */
  slipCalls?(item: Item, chance: Chance): { tools: ToolCall[]; output: Json };
  /** For changing ones: the position of the change. */
  changesAt?: number;
  /** Chance that a later stage sends a wrong answer back. */
  reworks?: number;
}
