/**
 * The turn loop, by phase: prepare, call, interpret, run tools, resolve. Each resolution is one of a closed set of next steps.
 * - P1 Nothing is asked or called once the signal is aborted or the budget is used up.
 * - P2 Every tool call goes through the policy; a refused one is told to the model and reported, and the loop goes on.
 * - P3 Every call of the model is answered by exactly one result in the next message, as the APIs demand.
 * - P4 What the journal holds is not done again, and every finished step is in the journal before the next begins. Without one the
 *   loop holds no state outside its call: a firing that is tried again starts anew.
 */

import type { Block, ModelAnswer } from "../models/port.ts";
import { addUse } from "../models/use.ts";
import { ANSWER, type TurnInput, type TurnPorts, type TurnResult, type TurnRun } from "./turn.ts";
import { exhausted, millisecondsLeft } from "./turn-budget.ts";
import { callModel } from "./turn-call.ts";
import { handedMessages } from "./turn-handed.ts";
import { interpret } from "./turn-interpret.ts";
import { prepareTurns } from "./turn-prepare.ts";
import { resolveAnswer, resolveTools } from "./turn-resolve.ts";
import { type NextStep, noTroubles, type ToolCall } from "./turn-step.ts";
import { calledOff, callTools } from "./turn-tools.ts";

/**
 * Errors: those of the models and of `callTool`; Terminal `budget-exhausted` and `too-many-turns`, `answer-invalid`,
 * `answer-cut-off`, `tool-calls-malformed`, `tool-calls-repeated`; Refused `model-refused` (llm only); Cancelled `aborted`.
 */
export async function runTurns(input: TurnInput, ports: TurnPorts): Promise<TurnResult> {
  const run = beginTurns(input, ports);
  for (;;) {
    const given = await callModel(run);
    if (input.shape === "llm") denyOffers(given, ports);
    const meaning = interpret(input.shape, input.persona, given);
    let step = resolveAnswer(meaning, given, input.persona, input.shape, run.troubles);
    if (step.next === "run-tools") step = await runTools(run, step.calls);
    if (step.next === "fail") throw step.error;
    if (step.next === "finish") return resultOf(run, step);
    if (step.next === "ask") run.messages.push({ role: "assistant", content: sayable(given) }, { role: "user", content: step.reply }); // P3
  }
}

/** What the loop knows before its first call. Errors: Terminal `request-too-long`. */
export function beginTurns(input: TurnInput, ports: TurnPorts): TurnRun {
  const prepared = prepareTurns(input, ports.tools);
  return {
    ...{ input, ports, prepared, troubles: noTroubles(), tools: [] },
    messages: [
      ...prepared.prompt.messages,
      ...(input.handed ? handedMessages(input.handed, new Set(prepared.specs.map(({ name }) => name))) : []),
    ],
    spent: { turns: 0, use: null, startedAt: ports.clock.now() - (ports.journal?.workedMs ?? 0) },
  };
}

/** An `llm` is offered no tool but its answer: what it calls besides is not made, and told as a refusal. */
function denyOffers(given: ModelAnswer, ports: TurnPorts): void {
  for (const block of given.content) {
    if (block.type !== "tool-call" || block.name === ANSWER) continue;
    ports.onDenied?.({ tool: block.name.slice(0, 64), code: "tool-not-offered", reason: "an llm transition offers no tools" });
  }
}

async function runTools(run: TurnRun, calls: ToolCall[]): Promise<NextStep> {
  const { input, ports, spent } = run;
  const beforeEach = () => {
    if (ports.signal.aborted) throw calledOff();
    if (millisecondsLeft(input.persona, spent, ports.clock.now()) <= 0)
      throw exhausted(input.persona, `${input.persona.budget.seconds} seconds`);
  };
  const called = await callTools(calls, spent.turns, input, ports, beforeEach); // P2
  run.tools.push(...called.uses);
  for (const use of called.spent) spent.use = addUse(spent.use, use);
  return resolveTools(called, calls, input.persona, run.troubles);
}

function resultOf(run: TurnRun, { outcome, answer }: Extract<NextStep, { next: "finish" }>): TurnResult {
  const { prompt } = run.prepared;
  return {
    ...{ outcome, answer, tools: run.tools },
    model: run.spent.use as TurnResult["model"],
    prompt: { sha256: prompt.sha256, text: prompt.text, parts: prompt.parts },
  };
}

/** An empty turn cannot be sent back. */
function sayable(given: ModelAnswer): Block[] {
  const said = given.content.some((block) => block.type !== "opaque" && (block.type !== "text" || block.text.trim() !== ""));
  return said ? given.content : [...given.content, { type: "text", text: "(nothing)" }];
}
