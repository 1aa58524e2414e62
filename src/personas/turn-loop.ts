/**
 * The turn loop: ask, read the answer, call tools, ask again, within a budget.
 * - P1 Nothing is asked or called once the signal is aborted or the budget is used up.
 * - P2 Every tool call goes through the policy; a refused one is told to the model and reported, and the loop goes on.
 * - P3 Every call of the model is answered by exactly one result in the next message, as the APIs demand.
 * - P4 The loop holds no state outside its call: a firing that is tried again starts anew.
 */
import { Retryable, Terminal } from "../contract/errors.ts";
import type { ModelUse, ToolUse } from "../contract/event.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Block, Message, ModelAnswer } from "../models/port.ts";
import { addUse } from "../models/use.ts";
import type { Prompt } from "./prompt.ts";
import type { Prepared, TurnInput, TurnPorts, TurnResult } from "./turn.ts";
import { readAnswer, repairMessage, textOf } from "./turn-answer.ts";
import { exhausted, millisecondsLeft, nextCallLimits } from "./turn-budget.ts";
import { prepareTurns } from "./turn-prepare.ts";
import { calledOff, callTools } from "./turn-tools.ts";

interface Run {
  input: TurnInput;
  ports: TurnPorts;
  prepared: Prepared & { prompt: Prompt };
  messages: Message[];
  spent: { turns: number; use: ModelUse | null; startedAt: number };
  tools: ToolUse[];
}

type Step = { next: "end"; answer: JsonObject } | { next: "go-on"; reply: Block[] };

/**
 * Errors: those of the models and of `callTool`; Terminal `budget-exhausted` and `answer-invalid`; Refused `model-refused` (llm only);
 * Cancelled `aborted`.
 */
export async function runTurns(input: TurnInput, ports: TurnPorts): Promise<TurnResult> {
  const prepared = prepareTurns(input, ports.tools);
  const { prompt } = prepared;
  const run: Run = {
    input,
    ports,
    prepared,
    messages: [...prompt.messages],
    spent: { turns: 0, use: null, startedAt: ports.clock.now() },
    tools: [],
  };
  const step = input.shape === "llm" ? answerStep : agentStep;
  for (;;) {
    const given = await askModel(run);
    const taken = await step(run, given);
    if (taken.next === "end") {
      return {
        answer: taken.answer,
        model: run.spent.use as ModelUse,
        tools: run.tools,
        prompt: { sha256: prompt.sha256, text: prompt.text },
      };
    }
    run.messages.push({ role: "assistant", content: sayable(given) }, { role: "user", content: taken.reply }); // P3
  }
}

async function askModel(run: Run): Promise<ModelAnswer> {
  const { input, ports, prepared, spent } = run;
  const { persona } = input;
  if (ports.signal.aborted) throw calledOff(); // P1
  const request = { persona: persona.persona, system: prepared.prompt.system, messages: [...run.messages], tools: prepared.specs };
  const { maxOutputTokens, timeoutMs } = nextCallLimits(persona, spent, request, ports.clock.now()); // P1
  spent.turns++;
  ports.onProgress?.({ kind: "asking", turn: spent.turns });
  const choice = prepared.toolChoice === undefined ? {} : { toolChoice: prepared.toolChoice };
  const options = {
    signal: ports.signal,
    timeoutMs,
    key: `${input.key}/${spent.turns}`,
    ...(ports.onText ? { onText: ports.onText } : {}),
  };
  try {
    const { answer, use } = await ports.ask(persona.tier, { ...request, ...choice, maxOutputTokens }, options);
    spent.use = addUse(spent.use, use);
    ports.onProgress?.({ kind: "answered", turn: spent.turns, use });
    if (ports.signal.aborted) throw calledOff();
    return answer;
  } catch (error) {
    // A model that took all the time that was left will not get it again: trying again would begin with nothing done.
    const late = error instanceof Retryable && error.code === "model-timeout" && millisecondsLeft(persona, spent, ports.clock.now()) <= 0;
    throw late ? exhausted(persona, `${persona.budget.seconds} seconds`) : error;
  }
}

async function answerStep(run: Run, given: ModelAnswer): Promise<Step> {
  const { persona } = run.input;
  const reading = readAnswer(persona, given);
  if (reading.ok) return { next: "end", answer: reading.answer };
  if (run.spent.turns > 1) {
    throw new Terminal({
      code: "answer-invalid",
      message: `${persona.persona} gave an answer that does not fit its output schema, twice: ${reading.faults.join("; ")}`,
      hint: `Make the prompt or the output schema of persona ${persona.persona} clearer, or give it a stronger tier.`,
    });
  }
  return { next: "go-on", reply: repairMessage(given, reading.faults) };
}

async function agentStep(run: Run, given: ModelAnswer): Promise<Step> {
  const { input, ports, spent } = run;
  if (given.stop === "refusal") return { next: "end", answer: { status: "refused", text: textOf(given) } };
  const calls = given.content.filter((block) => block.type === "tool-call");
  if (calls.length === 0) {
    if (given.stop !== "length") return { next: "end", answer: { status: "said", text: textOf(given) } };
    return { next: "go-on", reply: [{ type: "text", text: "You were cut off at the limit of one answer. Go on in smaller steps." }] };
  }
  const beforeEach = () => {
    if (ports.signal.aborted) throw calledOff();
    if (millisecondsLeft(input.persona, spent, ports.clock.now()) <= 0)
      throw exhausted(input.persona, `${input.persona.budget.seconds} seconds`);
  };
  const called = await callTools(calls, spent.turns, input, ports, beforeEach); // P2
  run.tools.push(...called.uses);
  return called.answer ? { next: "end", answer: called.answer } : { next: "go-on", reply: called.results };
}

/** An empty turn cannot be sent back. */
function sayable(given: ModelAnswer): Block[] {
  const said = given.content.some((block) => block.type !== "opaque" && (block.type !== "text" || block.text.trim() !== ""));
  return said ? given.content : [...given.content, { type: "text", text: "(nothing)" }];
}
