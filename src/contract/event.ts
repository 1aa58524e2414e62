/**
 * Events: the truth of a net and the wire format of the event line. The state of a net is the fold of its events (E1),
 * so each type below says what it does to the state. Fields that have no value for an event are absent.
 */
import type { JsonObject } from "./json.ts";
import type { Token } from "./token.ts";

export const EVENT_TYPES = [
  /** A term begins. attributes: {epoch, owner}, and once {born}: the identity of the log. */
  "epoch",
  /** A definition is applied. netVersion is its hash; attributes: {base, by, personas: {name: hash}}; produced: initial tokens. */
  "edited",
  /** The net begins as another was. produced: its tokens; attributes: {origin: {net, seq, at, by, answers}, part, parts, carried}. */
  "forked",
  /** Tokens from outside. produced; attributes: {put, mark}, {letter: {created, seq}} or {link: {from, identity, number}} name the delivery for exactly-once. */
  "arrived",
  /** A delivery that cannot be taken in. produced: one token in the place `rejected`; attributes as for `arrived` plus {reason, hint}. */
  "refused",
  /** A firing begins; its tokens are reserved. consumed, read, attempt; attributes: {deadline, notBefore?, instance?, kind}. Of a link with
   * instances: produced is what the instance begins with, attributes.opens {subnet, deadline?}; the event that ends it has {closes, left, ended}. */
  "started",
  /** An executor got the claim. attributes: {executor, leaseMs}. */
  "claimed",
  /** The attempt is over without a result; a `started` of the next follows. attempt is the new one; attributes: {reason, executor?, died?, notBefore, handed?}. */
  "lapsed",
  /** A firing is done: consumed leave, produced appear. Deterministic firings have only this event. */
  "fired",
  /** A firing whose token goes to another net (E10): it is numbered and in transit. attributes: {link: {net, place, number, author?}}. */
  "sent",
  /** Tokens in transit are in the other net's log and leave. attributes: {link: {net, upTo, peer}}. */
  "delivered",
  /** An attempt failed. With attributes.final, consumed leave and produced (onError) appear; else attempt is the next, attributes.notBefore when. */
  "failed",
  /** A firing waits for people. consumed and read are reserved; attributes: {gate, approvers, quorum, expires?, notAuthor?}. */
  "gated",
  /** One decision. attributes: {by, roles, decision: "approve"|"reject", comment?, decisionId, passed?: true, edited?: true}. A rejection
   * has consumed and produced; an approval that changed the work too: the old tokens, and the new ones, which the firing holds instead. */
  "decided",
  /** A gate ran out of time: consumed leave, produced appear where it escalates to. */
  "expired",
  /** A person moves, edits or closes tokens. consumed leave, produced appear. attributes: {by, verb, reason?}; a takeover
   * that ended a step has {left: {head, loose, commits, files, bundle} or {lost}}, what that had done so far. */
  "intervened",
  /** No new firings. attributes: {by}. */
  "paused",
  /** Everything ended at once. attributes: {by, generation, firings}. */
  "stopped",
  /** Work goes on. attributes: {by, generation}. */
  "resumed",
  /** A result that came too late or from the wrong executor. attributes: {executor, reason}. No change of state. */
  "ignored",
  /** A tool call or an order that was not allowed. attributes: {tool, reason}. No change of state. */
  "denied",
  /** A durable turn loop has finished a step: attributes.step {name, workedMs, value or artifact}; {anew: reason} drops the ones before. */
  "step",
  /** A stage of a rule that is to answer in a model's place. produced: a question to people; attributes.crystallized: [{stage, transition, rule, ...}],
   * which an `edited` has too where the stage is one of the definition. */
  "crystallized",
  /** A remark on a firing under way (a tool called, a model asked). No change of state. */
  "noted",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export type EventCategory = "token" | "firing" | "gate" | "net" | "control" | "executor" | "tool";
export const EVENT_STATUSES = ["ok", "error", "waiting", "refused", "info"] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

export interface PlacedId {
  place: string;
  id: string;
}
export interface PlacedToken {
  place: string;
  token: Token;
}
export interface ModelUse {
  provider: string;
  name: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  /** What was paid. 0 for recorded answers. */
  costUsd: number;
  /** What the same tokens cost at list prices, where known. */
  listUsd?: number;
  /** Inside `inputTokens`: what the provider read from its cache, and what it wrote there. Absent: nothing. */
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  /** The tier that was asked. */
  tier?: string;
  /** Where more than one model or tier answered: each by itself. The fields above are their sum, and the last one's names. */
  parts?: ModelUse[];
}
export interface ToolUse {
  name: string;
  ok: boolean;
  refused?: boolean;
}

export interface NetEvent {
  /** Counts events of the net across entries, from 1, without gaps. Given by the log entry. */
  seq: number;
  ts: string;
  category: EventCategory;
  type: EventType;
  status: EventStatus;
  /** One plain English sentence. */
  summary: string;
  net: string;
  transition?: string;
  persona?: string;
  firing?: string;
  attempt?: number;
  consumed?: PlacedId[];
  read?: PlacedId[];
  produced?: PlacedToken[];
  correlation?: string;
  durationMs?: number;
  netVersion?: string;
  personaVersion?: string;
  prompt?: { sha256: string; artifact: string };
  model?: ModelUse;
  tools?: ToolUse[];
  attributes?: JsonObject;
}

/** An event before the commit loop gives it `seq`, `ts` and `net`. */
export type EventDraft = Omit<NetEvent, "seq" | "ts" | "net">;

export const CATEGORY_OF: Record<EventType, EventCategory> = {
  epoch: "control",
  edited: "net",
  forked: "net",
  arrived: "token",
  refused: "token",
  started: "firing",
  claimed: "executor",
  lapsed: "executor",
  fired: "firing",
  sent: "firing",
  delivered: "token",
  failed: "firing",
  gated: "gate",
  decided: "gate",
  expired: "gate",
  intervened: "token",
  paused: "control",
  stopped: "control",
  resumed: "control",
  ignored: "executor",
  denied: "tool",
  step: "tool",
  crystallized: "net",
  noted: "tool",
};
