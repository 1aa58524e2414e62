/** A program beside what an agent did: the calls that it would have made, given the answers that the agent got. Nothing is called. */
import { canonicalJson, type Json, type JsonObject } from "../../contract/json.ts";
import { callName, nextMove, type Program, unexpected } from "./program.ts";
import { outsideOf, type Rule } from "./rule.ts";
import { stepAnswer, toolStep } from "./tool-steps.ts";

export interface RecordedCall {
  name: string;
  input: Json;
  output: Json;
  /** The tool said what was wrong instead of answering. */
  failed?: boolean;
}

export type Followed =
  /** Outside the guard, or an answer on the way was not as expected: the model goes on from there. */
  | { kind: "left"; reason: string; after: number }
  /** At this call, counted from 0, it would have done something else. `wanted` null: the agent made no further call. */
  | { kind: "differs"; at: number; given: { tool: string; input: Json } | null; wanted: { tool: string; input: Json } | null }
  | { kind: "ended"; value: Json };

/** Calls by which something happens. */
export function callsThatCount<Call extends { name: string }>(calls: readonly Call[]): Call[] {
  return calls.filter(({ name }) => toolStep(name)?.kind !== "thinks");
}

export function followCalls(rule: Rule & { program: Program }, input: JsonObject, recorded: readonly RecordedCall[]): Followed {
  const outside = outsideOf(rule, input);
  if (outside !== null) return { kind: "left", reason: outside, after: 0 };
  const calls = callsThatCount(recorded);
  const known: JsonObject = { ...input };
  let at: Program = rule.program;
  for (let number = 0; ; number += 1) {
    const next = nextMove(at, known);
    const call = calls[number];
    const wanted = call ? { tool: call.name, input: call.input } : null;
    if (next.move === "leave") return { kind: "left", reason: next.reason, after: number };
    if (next.move === "end") return call ? { kind: "differs", at: number, given: null, wanted } : { kind: "ended", value: next.value };
    const given = { tool: next.node.tool, input: next.input };
    if (!call || canonicalJson(given) !== canonicalJson(wanted)) return { kind: "differs", at: number, given, wanted };
    const answer = call.failed ? undefined : stepAnswer(call.name, call.output);
    if (answer === undefined) return { kind: "left", reason: `${call.name} gave no answer that a step would give`, after: number + 1 };
    known[callName(number + 1)] = answer;
    const strange = unexpected(next.node, known);
    if (strange !== null) return { kind: "left", reason: strange, after: number + 1 };
    at = next.node.next;
  }
}
