/** Phase call: one request to the model, within what the budget still has. */
import { errorData, Retryable } from "../contract/errors.ts";
import type { ModelAnswer } from "../models/port.ts";
import type { TierAnswer, TierRequest } from "../models/tiers.ts";
import { addUse } from "../models/use.ts";
import type { TurnRun } from "./turn.ts";
import { exhausted, millisecondsLeft, nextCallLimits } from "./turn-budget.ts";
import { answerStep, once } from "./turn-journal.ts";
import { calledOff } from "./turn-tools.ts";

/** Errors: those of the models; Terminal `budget-exhausted` and `too-many-turns`; Cancelled `aborted`. */
export async function callModel(run: TurnRun): Promise<ModelAnswer> {
  const { ports, spent } = run;
  if (ports.signal.aborted) throw calledOff(); // P1
  const turn = spent.turns + 1;
  const { made } = await once(
    ports.journal,
    answerStep(turn),
    () => ask(run, turn),
    ({ use }) => use,
  ); // P4
  spent.turns = turn;
  spent.use = addUse(spent.use, made.use);
  if (ports.signal.aborted) throw calledOff();
  return made.answer;
}

/** The request of the next call, and its limit in milliseconds. Errors: Terminal `budget-exhausted` and `too-many-turns`. */
export function nextRequest(run: TurnRun): { request: TierRequest; timeoutMs: number } {
  const { prepared, ports, spent } = run;
  const { persona } = run.input;
  const request = { persona: persona.persona, system: prepared.prompt.system, messages: [...run.messages], tools: prepared.specs };
  const { maxOutputTokens, timeoutMs } = nextCallLimits(persona, spent, request, ports.clock.now()); // P1
  const choice = prepared.toolChoice === undefined ? {} : { toolChoice: prepared.toolChoice };
  return { request: { ...request, ...choice, maxOutputTokens }, timeoutMs };
}

async function ask(run: TurnRun, turn: number): Promise<TierAnswer> {
  const { input, ports, spent } = run;
  const { persona } = input;
  const { request, timeoutMs } = nextRequest(run);
  ports.onProgress?.({ kind: "asking", turn });
  const options = {
    signal: ports.signal,
    timeoutMs,
    key: `${input.key}/${turn}`,
    ...(ports.onText ? { onText: ports.onText } : {}),
  };
  try {
    const answered = await ports.ask(persona.tier, request, options);
    ports.onProgress?.({ kind: "answered", turn, use: answered.use });
    return answered;
  } catch (error) {
    ports.onProgress?.({ kind: "unanswered", turn, code: errorData(error).code });
    // A model that took all the time that was left will not get it again: trying again would begin with nothing done.
    const late = error instanceof Retryable && error.code === "model-timeout" && millisecondsLeft(persona, spent, ports.clock.now()) <= 0;
    throw late ? exhausted(persona, `${persona.budget.seconds} seconds`) : error;
  }
}
