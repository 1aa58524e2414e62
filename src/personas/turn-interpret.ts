/** Phase interpret: what an answer of the model means, whatever has been before. Pure. */
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { jsonFlaw } from "../contract/json-limits.ts";
import type { ModelAnswer } from "../models/port.ts";
import { mismatches } from "./output-check.ts";
import type { Persona } from "./persona-schema.ts";
import { ANSWER } from "./turn.ts";
import type { ToolCall } from "./turn-step.ts";

export type Meaning =
  | { kind: "refusal"; text: string }
  | { kind: "answer"; value: JsonObject }
  /** An answer that does not fit. */
  | { kind: "misfit"; faults: string[] }
  | { kind: "calls"; calls: ToolCall[] }
  | { kind: "words"; text: string }
  | { kind: "cut" };

export function interpret(shape: "llm" | "agent", persona: Persona, given: ModelAnswer): Meaning {
  const text = textOf(given);
  if (given.stop === "refusal") return { kind: "refusal", text };
  return shape === "llm" ? asAnswer(persona, given, text) : asWork(given, text);
}

export function textOf(given: ModelAnswer): string {
  return given.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
}

function asWork(given: ModelAnswer, text: string): Meaning {
  const calls = given.content.filter((block) => block.type === "tool-call");
  if (calls.length > 0) return { kind: "calls", calls };
  return given.stop === "length" ? { kind: "cut" } : { kind: "words", text };
}

function asAnswer(persona: Persona, given: ModelAnswer, text: string): Meaning {
  if (!persona.output) {
    // Half an answer is none.
    if (given.stop === "length") return { kind: "cut" };
    return text.trim() === "" ? { kind: "misfit", faults: ["the answer is empty"] } : { kind: "answer", value: { text } };
  }
  const call = given.content.find((block) => block.type === "tool-call" && block.name === ANSWER);
  const value = call?.type === "tool-call" ? call.input : jsonIn(text);
  if (value === undefined || typeof value === "string") {
    if (given.stop === "length") return { kind: "cut" };
    const fault = value === undefined ? `the answer was not given through the tool ${ANSWER}` : "the answer is no JSON";
    return { kind: "misfit", faults: [fault] };
  }
  const flaw = jsonFlaw(value);
  if (flaw) return { kind: "misfit", faults: [`the answer cannot be taken: ${flaw.reason}`] };
  const faults = mismatches(persona.output, value);
  return faults.length === 0 && isJsonObject(value) ? { kind: "answer", value } : { kind: "misfit", faults };
}

/** Models that cannot be forced to call a tool sometimes write the JSON as text, bare or in a code fence. */
function jsonIn(text: string): Json | undefined {
  const body = /```(?:json)?\s*\n([\s\S]*?)\n\s*```/.exec(text)?.[1] ?? text;
  try {
    const value = JSON.parse(body) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
