/**
 * What a persona's actor does with a firing: it asks its model, an agent in a loop over tools, and brings back one answer.
 *
 * W1 A tool runs where its definition says, and is checked there again; here the policy has already decided.
 * W2 An attempt that is called off brings nothing back. W3 A workspace that is gone ends the attempt, not the firing.
 * W4 What an attempt cost is in the log also when nothing came of it; only a master that dies takes its last sums along.
 */

import { parseFlags } from "../contract/capability.ts";
import type { Clock, Timer } from "../contract/clock.ts";
import { Cancelled, errorData, Retryable } from "../contract/errors.ts";
import type { EventDraft, ModelUse, NetEvent, ToolUse } from "../contract/event.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import type { ArtifactRef } from "../contract/token.ts";
import type { Tiers } from "../models/tiers.ts";
import { addUse } from "../models/use.ts";
import type { RecordedCall } from "../net/rule/follow-calls.ts";
import type { Capabilities } from "../personas/capabilities.ts";
import { type Lesson, RECALLED } from "../personas/lessons.ts";
import type { Knowledge, Persona } from "../personas/persona-schema.ts";
import { queryOf } from "../personas/prompt.ts";
import type { Denied, TurnInput, TurnResult } from "../personas/turn.ts";
import { alreadyMade } from "../personas/turn-handed.ts";
import { toolStep } from "../personas/turn-journal.ts";
import { runTurns } from "../personas/turn-loop.ts";
import { isSuccess, outcomeOf, unfinished } from "../personas/turn-outcome.ts";
import { prepareTurns } from "../personas/turn-prepare.ts";
import { engineTurn } from "./engine-work.ts";
import { ModelGuard } from "./model-guard.ts";
import type { PersonaBook } from "./persona-book.ts";
import type { Finished, WorkInput } from "./persona-machine.ts";
import { personaMemory } from "./persona-memory.ts";
import { StepJournal } from "./step-journal.ts";
import { BudgetCrossed, type DefaultBudgets } from "./term/budget-scopes.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import { spentDraft } from "./term/spent-draft.ts";
import type { Term } from "./term/term.ts";
import { refuseForeignReferences } from "./tool-hands/artifact-hands.ts";
import { callTool } from "./tool-hands/call-tool.ts";
import { visibleTo } from "./tool-hands/hands.ts";
import { mcpOverHttp } from "./tool-hands/mcp-over-http.ts";
import { toolsOf } from "./tool-hands/mcp-room.ts";
import type { ToolRoom } from "./tool-hands/tool-room.ts";
import { wiringOf } from "./turn-input.ts";
import { deniedDraft, told } from "./turn-report.ts";
import { TurnTimeline } from "./turn-timeline.ts";
import { closeDesk, type Desk, openDesk, redoWork } from "./workspace-desk.ts";

export interface WorkContext {
  signal: AbortSignal;
  term: Term | null;
  personas: PersonaBook;
  /** Calls back for each event that this master's nets commit from now on. */
  follow(call: (event: NetEvent) => void): () => void;
}
/** What an attempt has used so far. */
interface Spent {
  model?: ModelUse;
  tools: ToolUse[];
  timeline: TurnTimeline;
  /** Takes leave of whom the attempt has met. */
  leave?: () => Promise<void>;
}
export type PersonaWorker = (input: WorkInput, context: WorkContext) => Promise<Finished>;

export function personaWorker(tiers: Tiers, clock: Clock, budgets: DefaultBudgets = {}): PersonaWorker {
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
    const spent: Spent = { tools: [], timeline: new TurnTimeline() };
    const tellSpent = () => {
      if (spent.model) void term.commit(spentDraft(firing, spent)).catch(() => {}); // W4
    };
    let guard: ModelGuard | null = null;
    try {
      const bound =
        context.personas.bound(firing.persona, firing.personaVersion) ??
        (await context.personas.load(firing.persona, firing.personaVersion));
      guard = new ModelGuard({ ...{ term, firing, tiers, clock }, persona: bound.persona, defaults: budgets, hold: limit.hold });
      const { value, result, knowledge, calls } = await work(
        firing,
        capabilities,
        term,
        { ...context, signal: limit.signal },
        guard,
        bound.knowledge,
        spent,
      );
      const reported = await told(term, firing, result, knowledge, calls);
      const said = { ...reported, attributes: { ...reported.attributes, ...spent.timeline.attributes } };
      if (isSuccess(result.outcome) || firing.takesUnfinished) return finished({ ok: true, value, calls }, said);
      const { status: _, ...rest } = said;
      return finished({ ok: false, error: errorData(unfinished(firing.persona, result.outcome, wordsOf(result))) }, rest);
    } catch (error) {
      if (context.signal.aborted) {
        tellSpent();
        return finished(null); // W2
      }
      // What a rule answers waits for nobody: its audit is missed.
      const isMissed = error instanceof BudgetCrossed && term.outcomes.isAudit(firing.firing);
      const question = isMissed ? null : (guard?.questionFor(error) ?? null);
      if (question) {
        tellSpent();
        void term.commit(question).catch(() => {});
        return finished(null);
      }
      const failure = limit.expired() ? tooLong(firing) : error;
      if (failure instanceof Cancelled) {
        tellSpent();
        giveUp(term, firing, failure); // W3
        return finished(null);
      }
      const data = errorData(failure);
      const outcome = outcomeOf(data);
      const { model, tools } = spent;
      const used = { ...(model ? { model } : {}), ...(tools.length > 0 ? { tools } : {}) };
      const attributes = { ...(outcome ? { outcome } : {}), ...spent.timeline.attributes };
      return finished({ ok: false, error: data }, { ...used, ...(Object.keys(attributes).length > 0 ? { attributes } : {}) }); // W4
    } finally {
      void spent.leave?.().catch(() => {});
      guard?.end();
      limit.cancel();
    }
  };
}

async function work(
  firing: AssignedFiring,
  capabilities: Capabilities,
  term: Term,
  context: WorkContext,
  guard: ModelGuard,
  knowledge: readonly Knowledge[],
  spent: Spent,
): Promise<{ value: Json; result: TurnResult; knowledge: readonly Knowledge[]; calls: RecordedCall[] }> {
  const { persona } = guard;
  const input: TurnInput = {
    shape: firing.kind === "agent" ? "agent" : "llm",
    persona: guard.persona,
    knowledge,
    ask: firing.ask ?? "",
    data: firing.data,
    wiring: wiringOf(capabilities, {
      workspace: firing.hasWorkspace && !firing.hasBrowser,
      browser: firing.hasBrowser,
      release: firing.release,
      memory: personaMemory(term, firing, persona) !== null,
    }),
    handed: firing.handed,
    key: `${firing.net}/${firing.transition}/${firing.firing}`,
  };
  const journal = firing.durable ? await StepJournal.open(term, firing) : null;
  input.lessons = await lessonsFor(term, firing, persona, journal);
  if (journal) await settleOn(journal, input);
  const desk = firing.hasWorkspace ? await openDesk(term, firing, context.signal) : null;
  if (desk && journal) await takeUp(desk, journal, firing, context.signal);
  const bookNow = (use: ModelUse) => {
    if (!journal) spent.model = addUse(spent.model ?? null, use);
  };
  if (desk && firing.engine) {
    const result = await engineTurn(input, { ...{ firing, engine: firing.engine, guard, desk, signal: context.signal }, book: bookNow });
    return { value: { ...result.answer, work: await closeDesk(term, desk, context.signal) }, result, knowledge, calls: [] };
  }
  const remote = firing.mcpHttp ? mcpOverHttp(firing.mcpHttp, term.ports.http ?? null, firing, persona, context.signal) : null;
  if (remote) spent.leave = () => remote.close();
  const tools = await toolsOf(desk, persona.tools, { servers: firing.mcp, http: remote }, context.signal);
  const denied = ({ tool, code, reason }: Denied) => void term.commit(deniedDraft(firing, tool, code, reason)).catch(() => {});
  const room: ToolRoom = {
    ...{ term, firing, capabilities, tiers: guard.tiers, clock: guard.clock, desk, denied },
    wiring: input.wiring,
    persona,
    knowledge,
    personas: context.personas,
    signal: context.signal,
    tools,
    follow: (listener) => context.follow((event) => event.net === firing.net && listener(event)),
    run: callTool,
    book: bookNow,
    own: ownOf(journal),
    depth: 0,
  };
  const before = firing.handed ? alreadyMade(firing.handed) : () => null;
  const calls: RecordedCall[] = [];
  const result = await runTurns(input, {
    ask: guard.ask,
    clock: guard.clock,
    signal: context.signal,
    tools,
    callTool: async (name, toolInput, call, signal) => before(name, toolInput) ?? callTool(room, name, toolInput, call, signal),
    onCalled: (call) => void calls.push(call),
    onProgress: (progress) => {
      spent.timeline.take(progress, guard.wallClock.now());
      if (progress.kind === "answered") bookNow(progress.use);
      if (progress.kind === "tool") guard.beforeTool(progress.tool);
      if (progress.kind === "tool-done") spent.tools.push({ name: progress.tool, ok: progress.ok });
    },
    onDenied: denied,
    ...(journal ? { journal } : {}),
  });
  refuseForeignReferences(result.answer, () => visibleTo(room), room.own);
  const workDone = desk ? await closeDesk(term, desk, context.signal) : null;
  return { value: workDone === null ? result.answer : { ...result.answer, work: workDone }, result, knowledge, calls };
}

/** What an earlier attempt of a durable loop has put: tools that put an artefact answer with its reference. */
function ownOf(journal: StepJournal | null): Map<string, ArtifactRef> {
  const own = new Map<string, ArtifactRef>();
  for (const [name, value] of journal?.steps() ?? []) {
    const output = name.startsWith(toolStep("")) && isJsonObject(value) && value.ok === true ? value.output : null;
    if (!isJsonObject(output)) continue;
    for (const ref of [output, output.artifact]) {
      if (isJsonObject(ref) && typeof ref.$artifact === "string") own.set(ref.$artifact, ref as unknown as ArtifactRef);
    }
  }
  return own;
}

/** A loop belongs to one prompt: with another one it begins anew. */
async function settleOn(journal: StepJournal, input: TurnInput): Promise<void> {
  const { sha256 } = prepareTurns(input).prompt;
  const before = journal.found("prompt");
  if (isJsonObject(before) && before.sha256 !== sha256) await journal.beginAnew("its prompt is another one now");
  if (journal.isEmpty) await journal.keep("prompt", { sha256, lessons: (input.lessons ?? []) as unknown as Json });
}

/** What the persona's memory has for this ask. A journal holds what was recalled when the loop began: its prompt must stay the same. */
export async function lessonsFor(
  term: Term,
  firing: Pick<AssignedFiring, "firing" | "attempt" | "ask" | "data">,
  persona: Persona,
  journal: StepJournal | null,
): Promise<Lesson[]> {
  const kept = journal?.found("prompt");
  if (isJsonObject(kept) && Array.isArray(kept.lessons)) return kept.lessons as unknown as Lesson[];
  // To read a memory is to read: it takes the flag for it.
  if (!parseFlags(persona.flags).has("r")) return [];
  const memory = personaMemory(term, firing, persona);
  return (await memory?.recall(queryOf(firing.ask ?? "", firing.data), RECALLED)) ?? [];
}

/** A workspace that cannot be brought to where the journal stands is given back, and the next attempt begins anew in a fresh one. */
async function takeUp(desk: Desk, journal: StepJournal, { attempt }: AssignedFiring, signal: AbortSignal): Promise<void> {
  const fault = await redoWork(desk, journal, attempt, signal);
  if (fault === null) return;
  await journal.beginAnew(fault);
  throw new Cancelled({ code: "workspace-gone", message: fault });
}

function wordsOf({ answer }: TurnResult): string {
  return String(answer.text ?? answer.reason ?? "");
}

function giveUp(term: Term, firing: AssignedFiring, why: Error): void {
  const open = term.state.firings.get(firing.firing);
  if (open && open.attempt === firing.attempt) term.lapse(open, why.message);
}

function tooLong(firing: AssignedFiring): Retryable {
  return new Retryable({ code: "timeout", message: `${firing.transition} took longer than ${Math.round(firing.timeoutMs / 1000)} s` });
}

/** The attempt's signal, aborted also when its time is over. Held, the time stands still. */
function timeLimit(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
): { signal: AbortSignal; hold(held: boolean): void; expired(): boolean; cancel(): void } {
  const own = new AbortController();
  let expired = false;
  let left = ms;
  let since = clock.now();
  const arm = () => {
    since = clock.now();
    return clock.after(left, () => {
      expired = true;
      own.abort(new Cancelled({ code: "timeout", message: "the time is over" }));
    });
  };
  let timer: Timer | null = arm();
  return {
    signal: AbortSignal.any([outer, own.signal]),
    hold: (held) => {
      if (held && timer) {
        timer.cancel();
        timer = null;
        left = Math.max(0, left - (clock.now() - since));
      } else if (!held && !timer) timer = arm();
    },
    expired: () => expired,
    cancel: () => timer?.cancel(),
  };
}
