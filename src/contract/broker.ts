/**
 * The broker port: all that the masters and executors know of NATS JetStream. Implemented by `jetstream/` and by an
 * in-memory twin; both run the same contract suite. Guarantees are cited by their letters in design section 4.
 */

import type {
  ArtifactAnswer,
  ArtifactAsk,
  ArtifactGiven,
  ArtifactPiece,
  ClaimAnswer,
  ClaimRequest,
  ExecutorPresence,
  SignedOrder,
  ToolCallAnswer,
  ToolCallRequest,
  WorkResult,
} from "./envelope.ts";
import type { ErrorData } from "./errors.ts";
import type { NetEvent } from "./event.ts";
import type { Json } from "./json.ts";
import type { KeyValue } from "./key-value.ts";
import type { LiveOutput, Printed, PrintingAttempt } from "./printed.ts";
import type { Serving } from "./serving.ts";
import type { SharedBucket } from "./subjects.ts";
import type { ArtifactRef, Token } from "./token.ts";

export interface LogEntry {
  /** Stream sequence of the entry, from 1. */
  sequence: number;
  epoch: number;
  /** The entry's own id, which tells whether an unanswered append was stored. */
  id: string;
  events: NetEvent[];
  /** Hash of the entry before it, as its writer knew it; null in logs of before there was a chain. */
  prev: string | null;
  /** `entryHash` of it, computed when it is asked for. */
  readonly hash: string;
}
export interface NewEntry {
  id: string;
  epoch: number;
  events: NetEvent[];
  prev?: string;
  /** The events as JSON in UTF-8, where the caller has written them already. */
  body?: Uint8Array;
}

export type AppendOutcome =
  /** `hash` for an entry that names the one before it. */
  | { kind: "committed"; sequence: number; hash?: string }
  /** Another entry has the slot: the term is over. */
  | { kind: "conflict"; message: string }
  /** The broker stored nothing and will not: no space, too large, no right. */
  | { kind: "rejected"; error: ErrorData };

export interface ReadOptions {
  /** Read no further than this sequence. */
  upTo?: number;
  /** The newest epoch at `after`; without it the message at `after` says it, which may itself be void. */
  epoch?: number;
  /** Only entries that have this text (letters, digits, - and _) are wanted: others may be passed over, unread. */
  holding?: string;
}

/** E2: one append in flight, compare-and-swap on the last sequence, unknown answers resolved inside. */
export interface EventLog {
  /** Entries from `after` + 1 to the tail as the leader has it, in order, entries of older epochs voided. Returns the last sequence read. */
  read(after: number, take: (entry: LogEntry) => void, options?: ReadOptions): Promise<number>;
  /** First and last sequence in the stream; `first` is over 1 where entries were purged, and over `last` where there is none. */
  bounds(): Promise<{ first: number; last: number }>;
  /** Removes entries up to this sequence for good. The caller makes sure that a checkpoint stands at or behind it. */
  purge(upTo: number): Promise<void>;
  /** Settles only with one of the certain answers; while the broker is away it goes on asking until `signal` is aborted. */
  append(expected: number, entry: NewEntry, signal?: AbortSignal): Promise<AppendOutcome>;
  /** Follows the log from `after` + 1 for readers (watch, demo, gateway); ends when `signal` is aborted. */
  follow(after: number, signal: AbortSignal): AsyncIterable<LogEntry>;
}

/** What one place shows: E5. */
export interface PlaceSpec {
  net: string;
  place: string;
  title: string;
  capacity: number | null;
  open: boolean;
}
/** `own`: a stream for each place. `shared`: one for the net, a subject for each place. */
export type PlaceLayout = "own" | "shared";
export interface PlaceChange {
  add: { place: string; token: Token }[];
  remove: { place: string; id: string }[];
}
export interface PlaceStreams {
  /**
   * Makes or updates the streams of a net's places. Those of another layout are removed, so that the places stand empty until
   * the next comparison.
   */
  declare(places: PlaceSpec[], layout?: PlaceLayout): Promise<void>;
  /**
   * Publishes tokens and removes ids, many in flight; idempotent. Settles when all are answered; throws Retryable when the broker
   * is away, or the streams are not as they were left. With `later`, removals that cost a call each may wait for the next update
   * without it.
   */
  update(change: PlaceChange, options?: { later?: boolean }): Promise<void>;
  /** Ids at rest in a place's stream, for the comparison with the marking. */
  ids(place: string): Promise<Set<string>>;
  /** Names of this net's streams that do not answer, because their server is away. Only in a cluster are there any. */
  silent(): Promise<string[]>;
}

/** A delivery from outside. The owner settles it after its commit. */
export interface Delivery {
  place: string;
  /** Bytes as they came: may be no JSON. */
  payload: Uint8Array;
  /** `Petrel-Token` of a put, if given. */
  put?: string;
  /** Identity of a letter: stream creation time and sequence. */
  letter?: { created: string; seq: number };
  /** Who, as far as the broker knows. */
  by: string;
}
/** `duplicate`: the same was put under this id before, and the answer is the first one's. */
export type PutAnswer = { ok: true; id: string; seq: number; place: string; duplicate?: true } | { ok: false; error: ErrorData };

export interface Door {
  /** Serves `put.<net>.<place>`; the handler's answer goes to the caller, after the commit. */
  servePut(net: string, handle: (delivery: Delivery) => Promise<PutAnswer>): Promise<Serving>;
  /** Makes the letter box for these open places and hands over each letter in order, from `after` + 1. Letters are removed by `purgeLetters`. */
  openLetterBox(
    net: string,
    places: string[],
    after: () => { created: string; seq: number } | null,
    take: (delivery: Delivery) => void,
  ): Promise<Serving>;
  /** Removes letters up to a sequence, once the log has them; those of a letter box that was made anew since are others, and stay. */
  purgeLetters(net: string, upTo: { created: string; seq: number }): Promise<void>;
  put(net: string, place: string, payload: Uint8Array, options?: { token?: string; by?: string; timeoutMs?: number }): Promise<PutAnswer>;
}

/** Tokens that the links of one net bring to another, in the order of their numbers (E10). */
export interface HandoverBatch {
  from: string;
  /** Identity of the sender's log. */
  identity: string;
  /** Identity of the receiver's log as the sender knows it; null before the first answer. */
  peer: string | null;
  /** Number of the first token; the others follow without gaps. */
  first: number;
  tokens: { place: string; token: Token; author: string | null }[];
}
export type HandoverAnswer =
  /** All up to `taken` are in the receiver's log, this time or before. `waits` says why it is not more. */
  { ok: true; identity: string; taken: number; waits?: ErrorData } | { ok: false; error: ErrorData };

export interface Handover {
  serve(net: string, handle: (batch: HandoverBatch) => Promise<HandoverAnswer>): Promise<Serving>;
  /** Throws Retryable `no-owner` when nobody owns the net; without an answer whether it was taken is unknown. */
  hand(net: string, batch: HandoverBatch, timeoutMs?: number): Promise<HandoverAnswer>;
}

/** Requests by people and programs: `command.<net>.<verb>` and `runtime.<verb>`. JSON both ways. */
export interface CommandAnswer {
  ok: boolean;
  value?: Json;
  error?: ErrorData;
}
export interface Commands {
  serve(net: string | null, handle: (verb: string, body: Json) => Promise<CommandAnswer>): Promise<Serving>;
  /** Throws Retryable `no-owner` when nobody serves it. */
  ask(net: string | null, verb: string, body: Json, timeoutMs?: number): Promise<CommandAnswer>;
}

/** An attempt; with `surplus` a whole start of the executor, since another has its name: then the rest names nothing. */
export interface CalledOff {
  net: string;
  firing: string;
  attempt: number;
  surplus?: string;
  /** Of a surplus one: where the one runs that has the name. */
  kept?: string;
}

/** The masters' side of the work. */
export interface WorkDesk {
  offer(order: SignedOrder, about: { pool: string; net: string; transition: string; id: string }): Promise<void>;
  /** Removes all offers of a net, in every pool (E9). */
  withdraw(net: string): Promise<void>;
  serveClaims(net: string, answer: (firing: string, attempt: number, request: ClaimRequest) => Promise<ClaimAnswer>): Promise<Serving>;
  /** Hands over results; each is acknowledged when the handler has settled (its outcome is in the log). */
  takeResults(net: string, take: (result: WorkResult) => Promise<void>): Promise<Serving>;
  /** Takes in all results that lie there now; used on recovery, before anything is asked for again. */
  drainResults(net: string, take: (result: WorkResult) => Promise<void>): Promise<void>;
  /** One tool call on the executor that holds the session; asks again under the same id while the wire is broken, until `signal`. */
  callTool(executor: string, request: ToolCallRequest, signal: AbortSignal): Promise<Exclude<ToolCallAnswer, { state: "running" }>>;
  /** Asks an executor to end an attempt now. */
  cancel(executor: string, about: CalledOff): Promise<void>;
  executors(): Promise<ExecutorPresence[]>;
  /** From now on `executors` says of this one that it gets no work until then; `until` as an ISO time. */
  tellHeld(executor: string, hold: { lapsed: number; until: string }): Promise<void>;
  /** `left`: it said itself that it goes, and nothing of its was under way; without it, it was not heard of any more. */
  onExecutor(call: (presence: ExecutorPresence | { name: string; gone: true; left?: true }) => void): Promise<Serving>;
  /** Takes artefacts from executors. Null: another master owns the net, and its answer is the one that counts. */
  serveArtifacts(answer: (executor: string, piece: ArtifactPiece) => Promise<ArtifactAnswer | null>): Promise<Serving>;
  /** Gives artefacts to executors, piece by piece. Null: another master owns the net. */
  lendArtifacts(answer: (executor: string, ask: ArtifactAsk) => Promise<ArtifactGiven | null>): Promise<Serving>;
  /** What commands of all nets print, as their executors say; pieces may be lost. */
  onPrinted(take: (executor: string, about: PrintingAttempt, piece: Printed) => void): Serving;
}

/** The executor's side: all that its credentials reach. */
export interface ExecutorLine {
  /**
   * Offers of one pool, one at a time; an offer is acknowledged when it has been pulled. Ends when `signal` is aborted. What does not
   * suit goes back, for another.
   */
  pull(pool: string, signal: AbortSignal, suits?: (order: SignedOrder) => boolean): AsyncIterable<SignedOrder>;
  claim(net: string, firing: string, attempt: number, request: ClaimRequest): Promise<ClaimAnswer>;
  /** Publishes the result to DONE, acknowledged by the stream. Idempotent to the owner. */
  deliver(result: WorkResult): Promise<void>;
  serveTools(executor: string, handle: (request: ToolCallRequest) => Promise<ToolCallAnswer>): Promise<Serving>;
  onCancel(executor: string, call: (about: CalledOff) => void): Promise<Serving>;
  heartbeat(presence: ExecutorPresence): void;
  /** Hands one piece of an artefact to the owner of the net. Throws Retryable when nobody answers. */
  sendArtifact(executor: string, piece: ArtifactPiece): Promise<ArtifactAnswer>;
  /** A piece of an artefact that the open attempt may read. Throws Retryable when nobody answers. */
  askArtifact(executor: string, ask: ArtifactAsk): Promise<ArtifactGiven>;
  /** For eyes alone: may be lost. */
  print(executor: string, about: PrintingAttempt, piece: Printed): void;
  /** Whether the wire is up, and since when (ms of its clock). */
  connected(): boolean;
  /** While it is down: what the broker has said of it, in its own words. */
  refusal?(): string | null;
  close(): Promise<void>;
}

export interface VersionStore {
  /** Stores a definition under `<name>.<sha256>`; the same content twice is one version. */
  put(name: string, hash: string, definition: Json): Promise<void>;
  get(name: string, hash: string): Promise<Json | null>;
  list(name: string): Promise<{ hash: string; at: string }[]>;
  /** Names that have a version, sorted. */
  names(): Promise<string[]>;
}

/** What is killed: all, or some nets, personas and executors while the rest goes on. */
export interface ControlState {
  generation: number;
  state: "running" | "killed";
  stopped: Record<StoppedPart, readonly string[]>;
}
export type StoppedPart = "net" | "persona" | "executor";
export type ControlChange = "running" | "killed" | { turn: "running" | "killed"; part: StoppedPart; name: string };

/** Pause and kill: a generation number that masters read from the leader before they start anything (E9). */
export interface Control {
  read(): Promise<ControlState>;
  /** Raises the generation. */
  write(change: ControlChange): Promise<ControlState>;
  watch(call: (control: ControlState) => void): Promise<Serving>;
}

/** Liveness only: safety never rests on a lease. */
export interface Leases {
  /** True when the lease is ours for another `ttlMs`. A lease of `gone` counts as free. */
  acquire(net: string, owner: string, ttlMs: number, gone?: ReadonlySet<string>): Promise<boolean>;
  renew(net: string, owner: string, ttlMs: number): Promise<boolean>;
  release(net: string, owner: string): Promise<void>;
  /** Who holds what now: net -> owner. */
  all(): Promise<Map<string, string>>;
}

/** What a master says of itself to the others. */
export interface MasterPresence {
  name: string;
  version: string;
  host: string;
  pid: number;
  /** ISO time of its start. */
  since: string;
}
/** Masters know of each other, and ask each other. For liveness only. */
export interface Masters {
  announce(presence: MasterPresence, ttlMs: number): Promise<void>;
  leave(name: string): Promise<void>;
  all(): Promise<MasterPresence[]>;
  serve(name: string, handle: (verb: string, body: Json) => Promise<CommandAnswer>): Promise<Serving>;
  /** Throws Retryable `no-owner` at once when its connection is gone, `no-answer` when it is there and says nothing. */
  ask(name: string, verb: string, body: Json, timeoutMs?: number): Promise<CommandAnswer>;
}

export interface Checkpoints {
  /** Older ones are thinned out; one that is `kept` stays until it is removed. */
  save(net: string, sequence: number, state: Uint8Array, kept?: boolean): Promise<void>;
  /** The newest that is whole. */
  latest(net: string): Promise<{ sequence: number; state: Uint8Array } | null>;
  /** Newest first. */
  list(net: string): Promise<CheckpointInfo[]>;
  /** Null when it is not there, or not whole. */
  load(net: string, sequence: number): Promise<Uint8Array | null>;
  remove(net: string, sequence: number): Promise<void>;
}
export interface CheckpointInfo {
  sequence: number;
  bytes: number;
  kept: boolean;
}

export interface Artifacts {
  put(content: Uint8Array, type: string): Promise<ArtifactRef>;
  /** The same for content that comes in pieces. Throws Terminal `artifact-damaged` when it is not what was announced: nothing is kept then. */
  putStream(about: { sha256: string; size: number; type: string }, pieces: AsyncIterable<Uint8Array>): Promise<ArtifactRef>;
  get(id: string): Promise<Uint8Array | null>;
  /** All of them, of every net. `at`: when it was stored, ms since the epoch. */
  list(): Promise<ArtifactInfo[]>;
  remove(id: string): Promise<void>;
}

export interface ArtifactInfo {
  id: string;
  size: number;
  at: number;
  /** Media type. */
  type: string;
}

/** `event.<net>.<type>.<element>`: may lose messages; the log does not. */
export interface LiveEvents {
  /** `written` gives the event as JSON, where the caller has it already; it is asked only if somebody may listen. */
  publish(event: NetEvent, written?: { readonly json: Uint8Array }): void;
}

/** A piece of what a model says in a firing, as it comes. */
export interface SaidPiece {
  net: string;
  transition: string;
  firing: string;
  persona: string;
  text: string;
}
/** `saying.<net>.<transition>.<firing>`: core NATS, stored nowhere; pieces may be lost. The log has the whole answer later. */
export interface LiveText {
  say(piece: SaidPiece): void;
  listen(net: string, take: (piece: SaidPiece) => void): Serving;
}

export interface Broker {
  log(net: string): EventLog;
  /** Makes the streams and services that a net needs. Idempotent. */
  declareNet(net: string): Promise<void>;
  /** Names of the nets that have a log. */
  nets(): Promise<string[]>;
  /** On how many servers a net's log is kept, and how many of these copies are there and up to date. */
  copies(net: string): Promise<{ kept: number; current: number }>;
  places(net: string): PlaceStreams;
  door: Door;
  commands: Commands;
  handover: Handover;
  work: WorkDesk;
  netVersions: VersionStore;
  personaVersions: VersionStore;
  control: Control;
  leases: Leases;
  masters: Masters;
  checkpoints: Checkpoints;
  artifacts: Artifacts;
  /** What is shared beside the nets: access, limits, secrets. */
  keyValue(bucket: SharedBucket): KeyValue;
  live: LiveEvents;
  liveText: LiveText;
  liveOutput: LiveOutput;
  /** Calls on each loss and return of the wire. */
  onConnection(call: (state: "up" | "down") => void): void;
  close(): Promise<void>;
}
