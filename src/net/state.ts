/**
 * The state of a net: what the fold of its log gives, and nothing else (E1). It is also what a checkpoint holds.
 *
 * S1 Only `fold.ts` changes a state. S2 Maps keep the order of arrival, which is the order in which tokens are bound.
 * S3 A reserved token stays in its place until the firing that holds it is over.
 */
import type { Amounts } from "../contract/budget.ts";
import type { PlacedId, PlacedToken } from "../contract/event.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import type { Death } from "./deaths.ts";
import type { CrystalRecord, ForkOrigin, Inbox, Outbox, Spending, Transit } from "./records.ts";

export interface Placed {
  token: Token;
  /** The firing that holds it, or null. */
  reservedBy: string | null;
  /** When it came to lie here, in ms since the epoch. Absent in older checkpoints. */
  since?: number;
  /** Of what a failed firing left: what it had taken, for `retry`. Absent: no failure put it here. */
  origin?: Origin;
}

/** Where the work of a failure came from. Shared by all tokens that it left. */
export interface Origin {
  transition: string | null;
  inputs: PlacedToken[];
  left: PlacedId[];
}

export interface Decision {
  id: string;
  by: string;
  approve: boolean;
  at: string;
  comment?: string;
}

export interface GateState {
  name: string;
  approvers: string[];
  quorum: number;
  /** Milliseconds since the epoch, or null. */
  expiresAt: number | null;
  notAuthor: boolean;
  /** It stands before a budget that the work would cross, and lets it have one more. */
  budget?: JsonObject;
  /** It asks about a rule, `{about, rule}`, and holds no work. */
  crystal?: JsonObject;
  decisions: Decision[];
  passed: boolean;
}

export interface OpenFiring {
  firing: string;
  transition: string;
  persona: string | null;
  /** The definition it began under, and ends under. */
  netVersion: string;
  attempt: number;
  /** Failed attempts, which count against `retry.max`. */
  failures: number;
  /** Attempts lost to dead processes, which do not. */
  recoveries: number;
  /** Of those, the ones in which the executor died. Absent: none. */
  deaths?: Death[];
  consumed: PlacedId[];
  read: PlacedId[];
  /** Token ids by input name, in binding order. */
  inputs: Record<string, string[]>;
  /** Tokens that were only read, as they were: they may be gone when the firing ends. */
  readTokens: Token[];
  correlation: string;
  /** Milliseconds since the epoch. */
  openedAt: number;
  startedAt: number;
  /** An attempt that failed waits until then. */
  notBefore: number | null;
  instance: number | null;
  claim: { executor: string } | null;
  /** Present while people decide; the firing has not started. */
  gate: GateState | null;
  /** The instance of a sub-net that it belongs to. */
  within?: string | null;
  /** Of a link with instances, or an agent's program: the sub-net whose instance it is. */
  subnet?: string | null;
  /** What its program has made before it went on to the model: {why, made, rule}. Absent: nothing. */
  handed?: JsonObject;
  /** When that instance ends whatever has come of it, ms since the epoch. */
  deadline?: number | null;
  /** What people decided at the gate that it has passed: a decision sent again is known. */
  decided: Decision[];
  /** How many of `consumed`, the last ones, a reset arc took. Absent: none. */
  swept?: number;
  /** What a durable turn loop has finished, as the `step` events say it, in order. Absent: nothing. */
  steps?: JsonObject[];
  /** What its attempts have used so far, and how many budgets more people have allowed it. Absent: nothing. */
  spent?: Amounts;
  allowed?: number;
}

export interface NetState {
  net: string;
  /** Of the last event folded. */
  seq: number;
  /** Of the last log entry folded. */
  sequence: number;
  /** Hash of that entry, which the next one names; empty before the first. */
  chain: string;
  epoch: number;
  definition: string | null;
  personas: Record<string, string>;
  places: Map<string, Map<string, Placed>>;
  firings: Map<string, OpenFiring>;
  /** Transition -> ids of tokens that its read-only preset has started on. Dropped with the token. */
  seen: Map<string, Set<string>>;
  /** Idempotency of `put`: key -> what was answered. Kept 24 hours. `mark` tells place and data; absent in older logs. */
  puts: Map<string, { at: number; id: string; seq: number; place: string; mark?: string }>;
  /** Letters taken in: all up to `seq`, and those in `above`, of the letter box created then. */
  letter: { created: string; seq: number; above: Set<number> } | null;
  /** Who put in the work, by correlation, for gates that refuse the author. */
  authors: Map<string, string>;
  /** With more of them than this, those of work that is over are forgotten. */
  authorsDue: number;
  /** Identity of the log, for the nets that links tie it to: given by its first term that knew of links. */
  born: string | null;
  /** By the name of the other net (E10). */
  outbox: Map<string, Outbox>;
  inbox: Map<string, Inbox>;
  /** Token ids in `in-transit`, in the order in which they were sent. */
  transit: Map<string, Transit>;
  /** By transition: its schedule as text, and the last time (ms) that it has fired for, or since when it is scheduled. */
  schedules: Map<string, { text: string; last: number }>;
  /** Transition -> `seq` of the event that last began a firing of it: who has waited longest goes first; `transition/n` for an instance. */
  turns: Map<string, number>;
  /** The net and moment that this one was forked from. */
  origin: ForkOrigin | null;
  /** What was used, by persona and in all (`*`). */
  spent: Map<string, Spending>;
  /** Instances of sub-nets, by the firing that began them: how many tokens each holds. */
  instances: Map<string, number>;
  /** Those that hold none. */
  hollow: Set<string>;
  /** Transition -> what became of its rule. */
  crystals: Map<string, CrystalRecord>;
  paused: boolean;
  /** Who or what paused it, while it is. */
  pausedFor: { by: string; code?: string; reason?: string; hint?: string } | null;
  killed: boolean;
  /** What of it is stopped while the rest goes on, see `stopped.ts`; absent for nothing. */
  stopped?: readonly string[];
  generation: number;
}

export const AUTHORS_KEPT = 10_000;
export const PUT_MEMORY_MS = 24 * 3_600_000;

export function emptyState(net: string): NetState {
  return {
    net,
    seq: 0,
    sequence: 0,
    chain: "",
    epoch: 0,
    definition: null,
    personas: {},
    places: new Map(),
    firings: new Map(),
    seen: new Map(),
    puts: new Map(),
    letter: null,
    authors: new Map(),
    authorsDue: AUTHORS_KEPT,
    born: null,
    outbox: new Map(),
    inbox: new Map(),
    transit: new Map(),
    schedules: new Map(),
    turns: new Map(),
    origin: null,
    spent: new Map(),
    instances: new Map(),
    hollow: new Set(),
    crystals: new Map(),
    paused: false,
    pausedFor: null,
    killed: false,
    generation: 0,
  };
}

export function tokensOf(state: NetState, place: string): Map<string, Placed> {
  let tokens = state.places.get(place);
  if (!tokens) {
    tokens = new Map();
    state.places.set(place, tokens);
  }
  return tokens;
}

/** Since when a token lies in its place, in ms since the epoch. */
export function waitingSince(placed: Placed | undefined): number {
  return placed ? (placed.since ?? Date.parse(placed.token.at)) : Number.POSITIVE_INFINITY;
}

/** The marking alone: token ids by place, sorted. For comparing states, streams and replays. */
export function markingOf(state: NetState): Record<string, string[]> {
  const marking: Record<string, string[]> = {};
  for (const [place, tokens] of [...state.places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (tokens.size > 0) marking[place] = [...tokens.keys()].sort();
  }
  return marking;
}
