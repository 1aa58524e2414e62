/** Phase resolve: from what an answer meant and what the tools said, the next step. Pure but for the troubles that it counts. */
import { canonicalJson } from "../contract/json.ts";
import type { Block, ModelAnswer } from "../models/port.ts";
import type { Persona } from "./persona-schema.ts";
import type { Meaning } from "./turn-interpret.ts";
import { endedAs } from "./turn-outcome.ts";
import type { NextStep, ToolCall, Troubles } from "./turn-step.ts";
import type { CalledTools } from "./turn-tools.ts";

/** Answers in a row that were cut off, or whose calls no tool could take. */
const MOST_CUTS = 3;
const MOST_MALFORMED = 3;
/** Turns in a row of the same calls with the same results: then it is told, then it is over. */
const WARNED_AT = 3;
const MOST_REPEATED = 4;

export function resolveAnswer(
  meaning: Meaning,
  given: ModelAnswer,
  persona: Persona,
  shape: "llm" | "agent",
  troubles: Troubles,
): NextStep {
  if (meaning.kind !== "cut") troubles.cuts = 0;
  switch (meaning.kind) {
    case "answer":
      return { next: "finish", outcome: "answered", answer: meaning.value };
    case "calls":
      return { next: "run-tools", calls: meaning.calls };
    case "refusal":
      if (shape === "agent") return { next: "finish", outcome: "refused", answer: { status: "refused", text: meaning.text } };
      return {
        next: "fail",
        error: endedAs("refused", `the model declined to answer as ${persona.persona}: ${meaning.text.slice(0, 500) || "no reason given"}`),
      };
    case "words":
      return { next: "finish", outcome: "said", answer: { status: "said", text: meaning.text } };
    case "cut":
      return shape === "llm" ? repair(given, ["the answer was cut off: it is too long"], persona, troubles, true) : goOn(persona, troubles);
    case "misfit":
      return repair(given, meaning.faults, persona, troubles, false);
  }
}

/** One repair turn: what is wrong a second time is over. */
function repair(given: ModelAnswer, faults: readonly string[], persona: Persona, troubles: Troubles, cut: boolean): NextStep {
  if (troubles.repairs > 0) return { next: "fail", error: cut ? cutOff(persona) : invalid(persona, faults) };
  troubles.repairs += 1;
  return { next: "ask", reply: repairMessage(given, faults) };
}

/** What is sent back with a wrong answer: every call gets its result, as the APIs demand. */
function repairMessage(given: ModelAnswer, faults: readonly string[]): Block[] {
  const told = `This answer does not fit:\n${faults.map((fault) => `- ${fault}`).join("\n")}\nGive the whole answer again, corrected.`;
  const results = given.content.flatMap((block): Block[] =>
    block.type === "tool-call" ? [{ type: "tool-result", id: block.id, output: told, isError: true }] : [],
  );
  return results.length > 0 ? results : [{ type: "text", text: told }];
}

function goOn(persona: Persona, troubles: Troubles): NextStep {
  troubles.cuts += 1;
  if (troubles.cuts >= MOST_CUTS) return { next: "fail", error: cutOff(persona) };
  return { next: "ask", reply: [{ type: "text", text: "You were cut off at the limit of one answer. Go on in smaller steps." }] };
}

/** After the tools have run. */
export function resolveTools(called: CalledTools, calls: ToolCall[], persona: Persona, troubles: Troubles): NextStep {
  if (called.ended) return { next: "finish", ...called.ended };
  if (called.misfit !== null) {
    if (troubles.repairs > 0) return { next: "fail", error: invalid(persona, [called.misfit]) };
    troubles.repairs += 1;
  }
  troubles.malformed = called.malformed === calls.length ? troubles.malformed + 1 : 0;
  if (troubles.malformed >= MOST_MALFORMED) {
    const message = `the last ${MOST_MALFORMED} answers of ${persona.persona} called tools with inputs that they cannot take`;
    return { next: "fail", error: endedAs("malformed", message, "a stronger tier follows schemas better") };
  }
  const times = repeatedTimes(called, calls, troubles);
  if (times >= MOST_REPEATED) {
    const names = [...new Set(calls.map(({ name }) => name.slice(0, 64)))].join(", ");
    return {
      next: "fail",
      error: endedAs("repeated", `${persona.persona} made the same call ${times} times and got the same result: ${names}`),
    };
  }
  const warning: Block[] =
    times >= WARNED_AT
      ? [{ type: "text", text: `You have made the same call ${times} times with the same result. Do something else, or end the work.` }]
      : [];
  return { next: "ask", reply: [...called.results, ...warning] };
}

/** Polling something that changes is no repetition: the results count too. */
function repeatedTimes({ results }: CalledTools, calls: ToolCall[], { repeated }: Troubles): number {
  const said = results.map((result) => (result.type === "tool-result" ? result.output : null));
  const fingerprint = canonicalJson([calls.map(({ name, input }) => [name, input]), said]);
  repeated.times = repeated.fingerprint === fingerprint ? repeated.times + 1 : 1;
  repeated.fingerprint = fingerprint;
  return repeated.times;
}

function cutOff({ persona, maxOutputTokens }: Persona) {
  return endedAs(
    "cut-off",
    `${persona} was cut off at ${maxOutputTokens} tokens, again and again`,
    `Raise maxOutputTokens of persona ${persona}, or give it a smaller task.`,
  );
}
function invalid({ persona }: Persona, faults: readonly string[]) {
  return endedAs(
    "invalid",
    `${persona} gave an answer that does not fit its output schema, twice: ${faults.join("; ")}`,
    `Make the prompt or the output schema of persona ${persona} clearer, or give it a stronger tier.`,
  );
}
