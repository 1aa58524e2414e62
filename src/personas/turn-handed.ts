/**
 * Work that a rule's program has begun: the turn loop starts with its calls and their answers, as if the agent had made them. A call by
 * which something happened is answered from here when the model makes it again, once for each: nothing happens twice.
 */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { Block, Message } from "../models/port.ts";
import { onlyReads, toolAnswer } from "../net/rule/tool-steps.ts";
import type { ToolOutcome } from "./turn.ts";

interface MadeCall {
  name: string;
  input: Json;
  output: Json;
  failed: boolean;
}

/** `handed`: {why, made}, as the event has it by which the firing went on to its model. */
export function madeCalls(handed: JsonObject): MadeCall[] {
  const made = Array.isArray(handed.made) ? handed.made : [];
  return made.filter(isJsonObject).map(({ name, input = null, answer, error }): MadeCall => {
    const failed = error !== undefined;
    return { name: String(name), input, output: failed ? (error ?? null) : toolAnswer(String(name), answer ?? null), failed };
  });
}

/** What stands behind the prompt. `offered`: tools that the model has now; a call by another one is only told. */
export function handedMessages(handed: JsonObject, offered: ReadonlySet<string>): Message[] {
  const calls = madeCalls(handed);
  if (calls.length === 0) return [];
  const note = `These calls were made for you already, by the rule that stands in for you as a rule. It stopped here: ${String(handed.why)}. Go on from where it stopped, and do not make them again.`;
  if (!calls.every(({ name }) => offered.has(name)))
    return [{ role: "user", content: [{ type: "text", text: `${note}\n${JSON.stringify(calls)}` }] }];
  const idOf = (at: number) => `made-${at + 1}`;
  const asked = calls.map(({ name, input }, at): Block => ({ type: "tool-call", id: idOf(at), name, input }));
  const answered = calls.map(({ output, failed }, at): Block => {
    return { type: "tool-result", id: idOf(at), output, ...(failed ? { isError: true } : {}) };
  });
  return [
    { role: "assistant", content: asked },
    { role: "user", content: [...answered, { type: "text", text: note }] },
  ];
}

/** Answers a call that was made already; null for every other. */
export function alreadyMade(handed: JsonObject): (name: string, input: Json) => ToolOutcome | null {
  const left = madeCalls(handed).filter(({ name, failed }) => !failed && !onlyReads(name));
  return (name, input) => {
    const at = left.findIndex((call) => call.name === name && canonicalJson(call.input) === canonicalJson(input));
    const [call] = at < 0 ? [] : left.splice(at, 1);
    return call ? { ok: true, output: call.output } : null;
  };
}
