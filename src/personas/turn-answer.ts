/** Phase two for an `llm`: is this the answer that was asked for? */
import { Refused } from "../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { jsonFlaw } from "../contract/json-limits.ts";
import type { Block, ModelAnswer } from "../models/port.ts";
import { mismatches } from "./output-check.ts";
import type { Persona } from "./persona-schema.ts";
import { ANSWER } from "./turn.ts";

export type Reading = { ok: true; answer: JsonObject } | { ok: false; faults: string[] };

/** Throws Refused `model-refused` when the provider or the model declined. */
export function readAnswer(persona: Persona, given: ModelAnswer): Reading {
  const text = textOf(given);
  if (given.stop === "refusal") {
    throw new Refused({
      code: "model-refused",
      message: `the model declined to answer as ${persona.persona}: ${text.slice(0, 500) || "no reason given"}`,
    });
  }
  if (!persona.output) return text.trim() === "" ? { ok: false, faults: ["the answer is empty"] } : { ok: true, answer: { text } };
  const call = given.content.find((block) => block.type === "tool-call" && block.name === ANSWER);
  const value = call?.type === "tool-call" ? call.input : jsonIn(text);
  if (value === undefined) return { ok: false, faults: [`the answer was not given through the tool ${ANSWER}`] };
  if (typeof value === "string")
    return { ok: false, faults: [given.stop === "length" ? "the answer was cut off: it is too long" : "the answer is no JSON"] };
  const flaw = jsonFlaw(value);
  if (flaw) return { ok: false, faults: [`the answer cannot be taken: ${flaw.reason}`] };
  const faults = mismatches(persona.output, value);
  return faults.length === 0 && isJsonObject(value) ? { ok: true, answer: value } : { ok: false, faults };
}

/** What is sent back with a wrong answer: every call gets its result, as the APIs demand. */
export function repairMessage(given: ModelAnswer, faults: readonly string[]): Block[] {
  const told = `This answer does not fit:\n${faults.map((fault) => `- ${fault}`).join("\n")}\nGive the whole answer again, corrected.`;
  const results = given.content.flatMap((block): Block[] =>
    block.type === "tool-call" ? [{ type: "tool-result", id: block.id, output: told, isError: true }] : [],
  );
  return results.length > 0 ? results : [{ type: "text", text: told }];
}

export function textOf(given: ModelAnswer): string {
  return given.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
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
