/**
 * What a persona's actor does with a firing: it asks its model, an agent in a loop over tools, and brings back one answer.
 *
 * W1 A tool runs where its definition says, and is checked there again; here the policy has already decided.
 * W2 An attempt that is called off brings nothing back. W3 A workspace that is gone ends the attempt, not the firing.
 * W4 What an attempt cost is in the log also when nothing came of it; only a master that dies takes its last sums along.
 */
import type { Clock } from "../contract/clock.ts";
import { Cancelled, errorData, errorFromData, Refused, Retryable } from "../contract/errors.ts";
import type { EventDraft, ModelUse } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { Tiers } from "../models/tiers.ts";
import { addUse } from "../models/use.ts";
import { type Capabilities, readHandle } from "../personas/capabilities.ts";
import type { ToolOutcome, TurnResult } from "../personas/turn.ts";
import { runTurns } from "../personas/turn-loop.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import type { PersonaBook } from "./persona-book.ts";
import type { Finished, WorkInput } from "./persona-machine.ts";
import { storeBundles } from "./term/bundles.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Term } from "./term/term.ts";

export interface WorkContext {
  signal: AbortSignal;
  term: Term | null;
  personas: PersonaBook;
}
export type PersonaWorker = (input: WorkInput, context: WorkContext) => Promise<Finished>;

export function personaWorker(tiers: Tiers, clock: Clock): PersonaWorker {
  return async ({ firing, capabilities }, context) => {
    const finished = (outcome: Finished["outcome"], extra: Partial<EventDraft> = {}): Finished => ({
      firing: firing.firing,
      attempt: firing.attempt,
      outcome,
      extra,
    });
    const { term } = context;
    if (!term) return finished(null);
    // A command is done by an executor, whose result comes through its own stream; the actor only holds the post meanwhile.
    if (firing.kind === "command")
      return new Promise<Finished>((resolve) => context.signal.addEventListener("abort", () => resolve(finished(null)), { once: true }));
    const limit = timeLimit(clock, firing.timeoutMs, context.signal);
    let spent: ModelUse | null = null;
    const book = (use: ModelUse) => {
      spent = addUse(spent, use);
    };
    try {
      const { value, result } = await work(firing, capabilities, term, { ...context, signal: limit.signal }, tiers, clock, book);
      return finished({ ok: true, value }, await told(term, firing, result));
    } catch (error) {
      if (context.signal.aborted) {
        if (spent) void term.commit(spentDraft(firing, spent)).catch(() => {}); // W4
        return finished(null); // W2
      }
      const failure = limit.expired() ? tooLong(firing) : error;
      if (failure instanceof Cancelled) {
        if (spent) void term.commit(spentDraft(firing, spent)).catch(() => {}); // W4
        giveUp(term, firing, failure); // W3
        return finished(null);
      }
      return finished({ ok: false, error: errorData(failure) }, spent ? { model: spent } : {}); // W4
    } finally {
      limit.cancel();
    }
  };
}

async function work(
  firing: AssignedFiring,
  capabilities: Capabilities,
  term: Term,
  context: WorkContext,
  tiers: Tiers,
  clock: Clock,
  book: (use: ModelUse) => void,
): Promise<{ value: Json; result: TurnResult }> {
  const bound =
    context.personas.bound(firing.persona, firing.personaVersion) ?? (await context.personas.load(firing.persona, firing.personaVersion));
  const desk = firing.hasWorkspace ? await openDesk(term, firing, context.signal) : null;
  const result = await runTurns(
    {
      shape: firing.kind === "agent" ? "agent" : "llm",
      persona: bound.persona,
      knowledge: bound.knowledge,
      ask: firing.ask ?? "",
      data: firing.data,
      wiring: { workspace: desk !== null, reads: [...capabilities.reads.keys()], writes: [...capabilities.writes.keys()] },
      key: `${firing.net}/${firing.transition}/${firing.firing}`,
    },
    {
      ask: tiers.ask,
      clock,
      signal: context.signal,
      callTool: (name, input, call, signal) => callTool(name, input, call, signal, capabilities, desk),
      onProgress: (progress) => {
        if (progress.kind === "answered") book(progress.use);
      },
      onDenied: ({ tool, code, reason }) => void term.commit(deniedDraft(firing, tool, code, reason)).catch(() => {}),
    },
  );
  const workDone = desk ? await closeDesk(term, desk, context.signal) : null;
  return { value: workDone === null ? result.answer : { ...result.answer, work: workDone }, result };
}

/** The executor that holds the workspace, reached by tool calls. */
type Desk = (tool: string, input: Json, call: string, signal: AbortSignal) => Promise<ToolOutcome>;

async function openDesk(term: Term, firing: AssignedFiring, signal: AbortSignal): Promise<Desk> {
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

async function closeDesk(term: Term, desk: Desk, signal: AbortSignal): Promise<JsonObject> {
  const closed = await desk("session.close", {}, "close", signal);
  if (!closed.ok) throw errorFromData(closed.error);
  // Commits travel as an artefact, so that any executor can take over where this one stopped.
  const work = await storeBundles(closed.output, term.ports.broker.artifacts);
  return isJsonObject(work) ? work : {};
}

async function callTool(
  name: string,
  input: Json,
  call: string,
  signal: AbortSignal,
  capabilities: Capabilities,
  desk: Desk | null,
): Promise<ToolOutcome> {
  const tool = toolCatalogue.get(name);
  if (tool?.runs === "executor" && desk) return desk(name, input, call, signal);
  if (name === "place.read") return readPlace(input, capabilities);
  return { ok: false, error: errorData(new Refused({ code: "tool-not-here", message: `${name} cannot run here` })) };
}

function readPlace(input: Json, capabilities: Capabilities): ToolOutcome {
  try {
    const place = isJsonObject(input) ? String(input.place) : "";
    const limit = isJsonObject(input) && typeof input.limit === "number" ? input.limit : 20;
    const tokens = readHandle(capabilities, place).peek().slice(0, limit);
    return { ok: true, output: { place, tokens: tokens.map(({ id, data, at, by }) => ({ id, data, at, by })) } };
  } catch (error) {
    return { ok: false, error: errorData(error) };
  }
}

/** What the event line tells of the work: who answered, at what price, to which exact prompt. */
async function told(term: Term, firing: AssignedFiring, result: TurnResult): Promise<Partial<EventDraft>> {
  const artifact = await term.ports.broker.artifacts.put(Buffer.from(result.prompt.text), "text/plain");
  return {
    model: result.model,
    tools: result.tools,
    personaVersion: firing.personaVersion,
    prompt: { sha256: result.prompt.sha256, artifact: artifact.$artifact },
  };
}

function deniedDraft(firing: AssignedFiring, tool: string, code: string, reason: string): EventDraft {
  return {
    category: "tool",
    type: "denied",
    status: "refused",
    transition: firing.transition,
    persona: firing.persona,
    firing: firing.firing,
    attempt: firing.attempt,
    correlation: firing.correlation,
    summary: `${firing.persona} may not use ${tool}: ${reason}.`,
    attributes: { tool, code, reason },
  };
}

function spentDraft(firing: AssignedFiring, model: ModelUse): EventDraft {
  return {
    category: "tool",
    type: "noted",
    status: "info",
    transition: firing.transition,
    persona: firing.persona,
    firing: firing.firing,
    attempt: firing.attempt,
    correlation: firing.correlation,
    model,
    summary: `${model.calls} model call${model.calls === 1 ? "" : "s"} of ${firing.persona} belong to an attempt that was called off.`,
  };
}

function giveUp(term: Term, firing: AssignedFiring, why: Error): void {
  const open = term.state.firings.get(firing.firing);
  if (open && open.attempt === firing.attempt) term.lapse(open, why.message);
}

function tooLong(firing: AssignedFiring): Retryable {
  return new Retryable({ code: "timeout", message: `${firing.transition} took longer than ${Math.round(firing.timeoutMs / 1000)} s` });
}

/** The attempt's signal, aborted also when its time is over. */
function timeLimit(clock: Clock, ms: number, outer: AbortSignal): { signal: AbortSignal; expired(): boolean; cancel(): void } {
  const own = new AbortController();
  let expired = false;
  const timer = clock.after(ms, () => {
    expired = true;
    own.abort(new Cancelled({ code: "timeout", message: "the time is over" }));
  });
  return { signal: AbortSignal.any([outer, own.signal]), expired: () => expired, cancel: () => timer.cancel() };
}
