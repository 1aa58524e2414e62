/** What one step was, told from its events: attempts and executors, the model and its price, tools, the prompt, and people. */
import type { EventType, ModelUse, NetEvent, PlacedId, ToolUse } from "../../contract/event.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { Proof } from "../../net/crystal/definition.ts";

export interface Attempt {
  attempt: number;
  began: string;
  ended: string | null;
  executor: string | null;
  how: "open" | "fired" | "failed" | "lost" | "handed over" | "called off";
  reason: string | null;
}
export interface Person {
  by: string;
  roles: string[];
  /** approve, reject, move, close; put, for what came from outside. */
  did: string;
  at: string;
  comment: string | null;
}
/** A rule of the transition, in this step. */
export interface RulePart {
  rule: string;
  mode: "shadow" | "live";
  /** `rule`: no model was asked. */
  by: "rule" | "model";
  /** Whether both said the same; null where they were not compared. */
  same: boolean | null;
  /** Why it left the step to the model. */
  declined: string | null;
  /** Null: the net file had none, or that version of it is gone. */
  proof: Proof | null;
}
export interface Step {
  /** The firing, or `#` and the number of the event. */
  step: string;
  /** Steps between it and the token. */
  distance: number;
  firing: string | null;
  transition: string | null;
  /** Of the transition, where the log says it: llm, agent, command. */
  kind: string | null;
  /** The event that ended it, or the last so far. */
  outcome: EventType;
  open: boolean;
  began: { seq: number; at: string };
  ended: { seq: number; at: string } | null;
  durationMs: number | null;
  summary: string;
  persona: string | null;
  personaVersion: string | null;
  netVersion: string | null;
  attempts: Attempt[];
  model: ModelUse | null;
  rule: RulePart | null;
  tools: ToolUse[];
  refused: { tool: string; reason: string; attempt: number | null; at: string }[];
  ignored: { executor: string; reason: string; at: string }[];
  prompt: { sha256: string; artifact: string; text?: string | null; intact?: boolean } | null;
  gate: { name: string; since: string; approvers: string[]; quorum: number } | null;
  people: Person[];
  error: Json;
  consumed: PlacedId[];
  read: PlacedId[];
  produced: PlacedId[];
}

const CLOSING: ReadonlySet<EventType> = new Set(["fired", "sent", "delivered", "expired", "arrived", "refused", "intervened", "edited"]);

/** `version`: which version a persona had when the step began, for events that do not say it. `open`: still under way. */
export function stepOf(
  key: string,
  events: NetEvent[],
  more: { distance: number; open: boolean; version(persona: string): string | null },
): Step {
  const first = events[0] as NetEvent;
  const last = closingOf(events);
  const persona = firstOf(events, ({ persona: name }) => name) ?? null;
  const prompt = firstOf([...events].reverse(), (event) => event.prompt);
  return {
    step: key,
    distance: more.distance,
    firing: first.firing ?? null,
    transition: firstOf(events, ({ transition }) => transition) ?? null,
    kind: firstOf(events, (event) => text(event, "kind")) ?? null,
    outcome: last.type,
    open: more.open,
    began: { seq: first.seq, at: first.ts },
    ended: more.open ? null : { seq: last.seq, at: last.ts },
    durationMs: last.durationMs ?? null,
    summary: last.summary,
    persona,
    personaVersion: firstOf(events, ({ personaVersion }) => personaVersion) ?? (persona === null ? null : more.version(persona)),
    netVersion: firstOf(events, ({ netVersion }) => netVersion) ?? null,
    attempts: attemptsOf(events),
    model: modelOf(events),
    rule: ruleOf(last),
    tools: events.flatMap(({ tools }) => tools ?? []),
    refused: events.filter(({ type }) => type === "denied").map(refusalOf),
    ignored: events
      .filter(({ type }) => type === "ignored")
      .map((event) => ({ executor: text(event, "executor") ?? "", reason: text(event, "reason") ?? "", at: event.ts })),
    prompt: prompt ? { ...prompt } : null,
    gate: gateOf(events),
    people: events.flatMap(personOf),
    error: last.attributes?.error ?? null,
    consumed: unique(events.flatMap(({ consumed }) => consumed ?? [])),
    read: unique(events.flatMap(({ read }) => read ?? [])),
    produced: events.flatMap(({ produced }) => (produced ?? []).map(({ place, token }) => ({ place, id: token.id }))),
  };
}

/** What an executor brought too late stands behind the end. */
function closingOf(events: NetEvent[]): NetEvent {
  const closes = (event: NetEvent) => CLOSING.has(event.type) || event.attributes?.final === true || isRejection(event);
  return events.findLast(closes) ?? events.findLast(({ type }) => type !== "ignored") ?? (events.at(-1) as NetEvent);
}
function isRejection({ type, attributes }: NetEvent): boolean {
  return type === "decided" && attributes?.decision === "reject";
}

function attemptsOf(events: NetEvent[]): Attempt[] {
  const attempts: Attempt[] = [];
  const begin = (attempt: number, began: string) =>
    attempts.push({ attempt, began, ended: null, executor: null, how: "open", reason: null });
  const end = (event: NetEvent, how: Attempt["how"], reason: string | null) => {
    const open = attempts.at(-1);
    if (open && open.ended === null) Object.assign(open, { ended: event.ts, how, reason });
  };
  for (const event of events) {
    const last = attempts.at(-1);
    // After a failure the next attempt begins when its wait is over; the log says so with the next event of it.
    if (last && last.how === "failed" && (event.attempt ?? 0) > last.attempt) begin(event.attempt ?? last.attempt + 1, event.ts);
    if (event.type === "started") {
      // What follows a lost attempt stands there already.
      if (!last || last.ended !== null || last.attempt !== (event.attempt ?? 1)) begin(event.attempt ?? 1, event.ts);
    } else if (event.type === "claimed") Object.assign(attempts.at(-1) ?? {}, { executor: text(event, "executor") ?? null });
    else if (event.type === "lapsed") {
      // A program that knew no way on: nothing was lost, and the model goes on from there.
      end(event, isJsonObject(event.attributes?.handed) ? "handed over" : "lost", text(event, "reason") ?? null);
      if (attempts.at(-1)?.attempt !== event.attempt) begin(event.attempt ?? attempts.length + 1, event.ts);
    } else if (event.type === "fired" || event.type === "sent") end(event, "fired", null);
    else if (event.type === "failed") end(event, "failed", errorMessage(event));
    else if (CLOSING.has(event.type)) end(event, "called off", event.summary);
  }
  return attempts;
}

function modelOf(events: NetEvent[]): ModelUse | null {
  const uses = events.flatMap(({ model }) => model ?? []);
  const [first] = uses;
  return first ? uses.slice(1).reduce(addModel, { ...first }) : null;
}

function ruleOf({ type, attributes }: NetEvent): RulePart | null {
  const said = attributes?.crystal;
  if (type !== "fired" || !isJsonObject(said) || typeof said.rule !== "string") return null;
  return {
    rule: said.rule,
    mode: said.mode === "live" ? "live" : "shadow",
    by: said.by === "rule" ? "rule" : "model",
    same: typeof said.same === "boolean" ? said.same : null,
    declined: typeof said.declined === "string" ? said.declined : null,
    proof: null,
  };
}

/** Sums calls, tokens and prices; the name stays the first one's. */
export function addModel(sum: ModelUse, use: ModelUse): ModelUse {
  return {
    ...sum,
    calls: sum.calls + use.calls,
    inputTokens: sum.inputTokens + use.inputTokens,
    outputTokens: sum.outputTokens + use.outputTokens,
    costUsd: sum.costUsd + use.costUsd,
    ...(sum.listUsd === undefined && use.listUsd === undefined ? {} : { listUsd: (sum.listUsd ?? 0) + (use.listUsd ?? 0) }),
  };
}

function refusalOf(event: NetEvent): Step["refused"][number] {
  const { attempt = null, ts } = event;
  return { tool: text(event, "tool") ?? "", reason: text(event, "reason") ?? "", attempt, at: ts };
}

function gateOf(events: NetEvent[]): Step["gate"] {
  const gated = events.find(({ type }) => type === "gated");
  const gate = gated?.attributes?.gate;
  if (!gated || !isJsonObject(gate)) return null;
  const approvers = Array.isArray(gate.approvers) ? gate.approvers.map(String) : [];
  return { name: String(gate.name ?? gated.transition ?? ""), since: gated.ts, approvers, quorum: Number(gate.quorum ?? 1) };
}

function personOf(event: NetEvent): Person[] {
  const did =
    event.type === "decided" ? text(event, "decision") : event.type === "intervened" ? (text(event, "verb") ?? "edit") : undefined;
  const arrived = event.type === "arrived" || event.type === "refused" ? event.produced?.[0]?.token.by : undefined;
  const by = text(event, "by") ?? arrived;
  if (by === undefined || (did === undefined && arrived === undefined)) return [];
  const roles = event.attributes?.roles;
  const comment = text(event, "comment") ?? text(event, "reason") ?? null;
  return [{ by, roles: Array.isArray(roles) ? roles.map(String) : [], did: did ?? "put", at: event.ts, comment }];
}

function errorMessage(event: NetEvent): string {
  const error = event.attributes?.error;
  return isJsonObject(error) && typeof error.message === "string" ? error.message : event.summary;
}
function unique(ids: PlacedId[]): PlacedId[] {
  return [...new Map(ids.map((one) => [one.id, one])).values()];
}
function firstOf<T>(events: NetEvent[], value: (event: NetEvent) => T | undefined): T | undefined {
  for (const event of events) {
    const found = value(event);
    if (found !== undefined) return found;
  }
  return undefined;
}
function text(event: NetEvent, name: string): string | undefined {
  const value = event.attributes?.[name];
  return typeof value === "string" ? value : undefined;
}
