/**
 * The past of a net: its log folded up to a moment, as the engine folds it (E1), from the nearest checkpoint on.
 *
 * P1 A checkpoint serves for a moment when the entry behind it, which may hold its last events, does not lie after the moment.
 * P2 Where entries were cleared away, the oldest checkpoint is the floor: nothing before it can be known.
 */
import type { Broker, CheckpointInfo, LogEntry } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";
import { applyEvent } from "../net/fold.ts";
import { liesAfter, type Moment } from "../net/moment.ts";
import { emptyState, type NetState } from "../net/state.ts";
import { unpackCheckpoint } from "./term/checkpoint.ts";

export interface Past {
  state: NetState;
  /** The event that led there; null before the first. */
  last: NetEvent | null;
}
export interface PastOptions {
  /** From the beginning of the log, or its floor, and not from a checkpoint that only saves time. */
  whole?: boolean;
}

/** Errors: Terminal `no-such-moment`, when the log ends before; `below-floor`, when it begins behind. */
export async function pastOf(broker: Broker, net: string, at: Moment, options: PastOptions = {}): Promise<Past> {
  const state = await startOf(broker, net, at, options);
  const past: Past = { state, last: null };
  const last = await readOn(broker, past, at, (event) => applyEvent(state, event));
  if (at.kind === "event" && (last?.seq ?? 0) < at.seq) throw noSuchMoment(net, at.seq, last);
  return { state, last };
}

/** The first moment that can be known: before the first event, or where the log was cleared up to. */
export async function beginningOf(broker: Broker, net: string): Promise<Past> {
  const { first } = await broker.log(net).bounds();
  if (first === 1) return { state: emptyState(net), last: null };
  const kept = (await broker.checkpoints.list(net)).filter(({ sequence }) => sequence >= first);
  for (const info of kept.reverse()) {
    const state = await stateAt(broker, net, info);
    if (state) return { state, last: null };
  }
  throw await belowFloor(broker, net, []);
}

/** Takes the events that follow a past, up to a moment; returns the last one of them, or of the past. The state is the caller's to fold. */
export async function readOn(broker: Broker, past: Past, until: Moment, take: (event: NetEvent) => void): Promise<NetEvent | null> {
  const { state } = past;
  let { last } = past;
  const known = state.seq;
  // The entry at which a state stands is read once more: its last event says what led there.
  const after = Math.max(0, state.sequence - 1);
  const reached = new Error("the moment is reached");
  const epoch = state.sequence > 0 ? { epoch: state.epoch } : {};
  try {
    await broker.log(state.net).read(
      after,
      (entry) => {
        for (const event of entry.events) {
          // The rest of a long log is not read.
          if (liesAfter(event, until)) throw reached;
          if (event.seq > known) take(event);
          last = event;
        }
        // For whoever goes on from here: at or before the entry of the last event.
        state.sequence = Math.max(state.sequence, entry.sequence - 1);
      },
      epoch,
    );
  } catch (error) {
    if (error !== reached) throw error;
  }
  return last;
}

/** Events between which whoever else this process serves has a turn. */
const TURN = 500;

/**
 * The same up to the last event that there is now, in small parts: for a process that serves others meanwhile. A batch of the log may hold
 * tens of thousands of events, which would hold everything else up for as long as it takes to look at them.
 */
export async function readGently(broker: Broker, { state }: Past, take: (event: NetEvent) => void): Promise<void> {
  const log = broker.log(state.net);
  const known = state.seq;
  const { last } = await log.bounds();
  let after = Math.max(0, state.sequence - 1);
  let epoch = state.sequence > 0 ? state.epoch : undefined;
  let size = 4;
  let sinceTurn = 0;
  while (after < last) {
    let seen = 0;
    const upTo = Math.min(last, after + size);
    const admit = ({ events, epoch: of, sequence }: LogEntry): void => {
      if (events.some(({ type }) => type === "epoch")) epoch = of;
      for (const event of events) if (event.seq > known) take(event);
      // For whoever goes on from here, as in `readOn`.
      state.sequence = Math.max(state.sequence, sequence - 1);
      seen += events.length;
    };
    await log.read(after, admit, { upTo, ...(epoch === undefined ? {} : { epoch }) });
    after = upTo;
    // Entries hold one event or a thousand; the next part has about as many events as are wanted.
    size = Math.max(1, Math.min(4 * size, Math.floor((size * TURN) / Math.max(1, seen))));
    sinceTurn += seen;
    if (sinceTurn < TURN) continue;
    sinceTurn = 0;
    await othersTurn();
  }
}

/** What waits in this process comes first. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function startOf(broker: Broker, net: string, at: Moment, { whole = false }: PastOptions): Promise<NetState> {
  const { first } = await broker.log(net).bounds();
  if (whole && first === 1) return emptyState(net);
  const all = (await broker.checkpoints.list(net)).filter(({ sequence }) => sequence >= first || first === 1);
  for (const info of whole ? all.reverse() : all) {
    if (whole || (await serves(broker, net, info, at))) {
      const state = await stateAt(broker, net, info);
      if (state && (at.kind !== "event" || state.seq <= at.seq)) return state;
    }
  }
  if (first === 1) return emptyState(net);
  const floor = await exactly(broker, net, all.at(-1), at);
  if (floor) return floor;
  throw await belowFloor(broker, net, all);
}

/** P1. */
async function serves(broker: Broker, net: string, { sequence }: CheckpointInfo, at: Moment): Promise<boolean> {
  const behind = (await entryAt(broker, net, sequence + 1)) ?? (await entryAt(broker, net, sequence));
  const last = behind?.events.at(-1);
  return last !== undefined && !liesAfter(last, at);
}

/** The beginning of a cleared log: its checkpoint holds nothing of the entry behind it. */
async function exactly(broker: Broker, net: string, info: CheckpointInfo | undefined, at: Moment): Promise<NetState | null> {
  const state = info ? await stateAt(broker, net, info) : null;
  const last = info ? (await entryAt(broker, net, info.sequence))?.events.at(-1) : undefined;
  return state && last && last.seq === state.seq && !liesAfter(last, at) ? state : null;
}

async function entryAt(broker: Broker, net: string, sequence: number): Promise<LogEntry | null> {
  const found: LogEntry[] = [];
  const { last } = await broker.log(net).bounds();
  if (sequence < 1 || sequence > last) return null;
  await broker.log(net).read(sequence - 1, (entry) => void found.push(entry), { upTo: sequence, epoch: 0 });
  return found[0] ?? null;
}

async function stateAt(broker: Broker, net: string, { sequence }: CheckpointInfo): Promise<NetState | null> {
  const bytes = await broker.checkpoints.load(net, sequence);
  try {
    return bytes && unpackCheckpoint(net, bytes);
  } catch {
    return null;
  }
}

/** P2. */
async function belowFloor(broker: Broker, net: string, all: CheckpointInfo[]): Promise<Terminal> {
  const oldest = all.at(-1);
  const state = oldest ? await stateAt(broker, net, oldest) : null;
  if (!state) {
    const message = `the first entries of the log of ${net} are gone, and no checkpoint of it can be read`;
    return new Terminal({ code: "log-purged", message, hint: "restore the broker's store from a backup" });
  }
  const message = `the log of ${net} was cleared up to event ${state.seq}: nothing before it can be shown any more`;
  return new Terminal({ code: "below-floor", message, hint: `petrel replay ${net} --at ${state.seq}` });
}

export function noSuchMoment(net: string, seq: number, last: NetEvent | null): Terminal {
  return new Terminal({
    code: "no-such-moment",
    message:
      last === null ? `the log of ${net} is empty` : `the log of ${net} ends with event ${last.seq} of ${last.ts}: there is no ${seq}`,
    hint: `petrel events ${net} --limit 20`,
  });
}
