/** The executor that holds an agent's workspace, reached by tool calls from the master. */
import { Cancelled, errorFromData } from "../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { ModelAnswer } from "../models/port.ts";
import type { ToolOutcome } from "../personas/turn.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import type { StepJournal } from "./step-journal.ts";
import { storeBundles } from "./term/bundles.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Term } from "./term/term.ts";

export type Desk = (tool: string, input: Json, call: string, signal: AbortSignal) => Promise<ToolOutcome>;

/** A call under an id that this attempt has used before gets the first call's answer. Throws Cancelled `workspace-gone`. */
export async function openDesk(term: Term, firing: AssignedFiring, signal: AbortSignal): Promise<Desk> {
  const executor = await term.dispatch.openSession(firing.firing, firing.attempt, signal);
  return async (tool, input, call, callSignal) => {
    const answer = await term.ports.broker.work.callTool(
      executor,
      { net: firing.net, firing: firing.firing, attempt: firing.attempt, call, tool, input },
      callSignal,
    );
    if (answer.state === "no-session")
      throw new Cancelled({ code: "workspace-gone", message: `${executor} no longer holds the workspace` });
    return answer.state === "done" ? { ok: true, output: answer.output } : { ok: false, error: answer.error };
  };
}

export async function closeDesk(term: Term, desk: Desk, signal: AbortSignal): Promise<JsonObject> {
  const closed = await desk("session.close", {}, "close", signal);
  if (!closed.ok) throw errorFromData(closed.error);
  // Commits travel as an artefact, so that any executor can take over where this one stopped.
  const work = await storeBundles(closed.output, term.ports.broker.artifacts);
  return isJsonObject(work) ? work : {};
}

/**
 * Brings a fresh workspace to where the journal's tool calls had left the one of an earlier attempt: what they changed is done again,
 * in order. Null when that worked, else why the loop must begin anew.
 */
export async function redoWork(desk: Desk, journal: StepJournal, attempt: number, signal: AbortSignal): Promise<string | null> {
  const inputs = callInputs(journal);
  for (const [name, value] of journal.steps()) {
    const call = /^tool-(t\d+c\d+)$/.exec(name)?.[1];
    const made = call === undefined ? undefined : inputs.get(call);
    const tool = made && toolCatalogue.get(made.name);
    if (call === undefined || tool?.runs !== "executor" || !isFine(value) || journal.attemptOf(name) === attempt) continue;
    if (tool.needs?.includes("browser")) return `${tool.name} was done in a browser that is gone`;
    if (tool.flag === "x") return `${tool.name} has effects outside and cannot be done again in another workspace`;
    if (tool.flag !== "w") continue;
    const again = await desk(made?.name ?? "", made?.input ?? null, call, signal);
    if (!again.ok) return `${tool.name} could not be done again in another workspace: ${again.error.message}`;
  }
  return null;
}

function isFine(value: Json): boolean {
  return isJsonObject(value) && value.ok === true;
}

function callInputs(journal: StepJournal): Map<string, { name: string; input: Json }> {
  const inputs = new Map<string, { name: string; input: Json }>();
  for (const [name, value] of journal.steps()) {
    const turn = /^answer-(\d+)$/.exec(name)?.[1];
    if (turn === undefined) continue;
    const { answer } = value as unknown as { answer: ModelAnswer };
    const calls = answer.content.filter((block) => block.type === "tool-call");
    for (const [index, block] of calls.entries()) inputs.set(`t${turn}c${index + 1}`, { name: block.name, input: block.input });
  }
  return inputs;
}
