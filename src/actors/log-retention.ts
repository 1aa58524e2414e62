/**
 * Clearing the beginning of a log, within a policy.
 *
 * G1 Two checkpoints that can be read stand at or behind what is cleared: the two newest that owners made. G2 Before anything goes, the
 * state at the new beginning is stored as a checkpoint that stays, and is read back. G3 Its own entry stays too: it says the epoch
 * and is the first link of the chain.
 */
import type { Broker, LogEntry } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import { Terminal } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";
import { freeze } from "../net/frozen-state.ts";
import type { NetState } from "../net/state.ts";
import { stateHash } from "../net/state-hash.ts";
import { windowsBack } from "./log-backwards.ts";
import { pastOf } from "./past.ts";
import { packCheckpoint, unpackCheckpoint } from "./term/checkpoint.ts";

/** An event stays that either wants to keep. */
export interface Retention {
  /** Ms: events that are younger stay. */
  keepAge?: number;
  /** So many of the last stay. */
  keepEvents?: number;
}
export interface ClearPlan {
  net: string;
  /** What would go: entries of the stream and their events; null: nothing, and `why`. */
  clear: { entries: number; events: number; from: string; to: string; sequence: number; seq: number } | null;
  why: string | null;
  /** The first event that can be looked at now. */
  floor: number;
}

/** Reads the log from its beginning up to what stays. */
export async function planClearing(broker: Broker, net: string, retention: Retention, now: number): Promise<ClearPlan> {
  const { first } = await broker.log(net).bounds();
  const safe = await newestReadable(broker, net, 2);
  const floor = await floorOf(broker, net, first);
  const [newest, second] = safe;
  if (!newest || !second)
    return {
      net,
      clear: null,
      floor,
      why: `${safe.length === 0 ? "no checkpoint" : "one checkpoint"} of it can be read, and two are needed`,
    };
  const stays = (event: NetEvent) =>
    event.seq > newest.seq ||
    (retention.keepAge !== undefined && Date.parse(event.ts) > now - retention.keepAge) ||
    (retention.keepEvents !== undefined && event.seq > newest.lastSeq - retention.keepEvents);
  const found = await lastToGo(broker, net, first, second.sequence, stays);
  if (!found) return { net, clear: null, floor, why: "everything is within the policy, or needed for a recovery" };
  return { net, clear: found, floor, why: null };
}

interface Readable {
  sequence: number;
  seq: number;
  /** Of the log's last event. */
  lastSeq: number;
}

/** G1. Newest first. */
async function newestReadable(broker: Broker, net: string, most: number): Promise<Readable[]> {
  const found: Readable[] = [];
  const lastSeq = await lastEvent(broker, net);
  for (const { sequence } of await broker.checkpoints.list(net)) {
    const state = await readBack(broker, net, sequence);
    if (state) found.push({ sequence, seq: state.seq, lastSeq });
    if (found.length >= most) break;
  }
  return found;
}

async function lastEvent(broker: Broker, net: string): Promise<number> {
  for await (const { events } of windowsBack(broker.log(net), { window: 1 })) if (events.length > 0) return events.at(-1)?.seq ?? 0;
  return 0;
}

/** The event that the oldest checkpoint stands behind where the log was cleared; 0 where it is whole. */
export async function floorOf(broker: Broker, net: string, first: number): Promise<number> {
  if (first === 1) return 0;
  const oldest = (await broker.checkpoints.list(net)).filter(({ sequence }) => sequence >= first).at(-1);
  return (oldest && (await readBack(broker, net, oldest.sequence))?.seq) ?? 0;
}

async function lastToGo(
  broker: Broker,
  net: string,
  first: number,
  limit: number,
  stays: (event: NetEvent) => boolean,
): Promise<ClearPlan["clear"]> {
  const reached = new Error("what stays is reached");
  const gone = { entries: 0, events: 0, from: "", to: "", sequence: 0, seq: 0 };
  const take = (entry: LogEntry) => {
    if (entry.events.some(stays)) throw reached;
    const [oldest] = entry.events;
    if (gone.from === "" && oldest) gone.from = oldest.ts;
    // G3. An entry goes when the one behind it begins what is left.
    if (gone.sequence > 0) gone.entries += 1;
    gone.events += entry.events.length;
    gone.to = entry.events.at(-1)?.ts ?? gone.to;
    gone.seq = entry.events.at(-1)?.seq ?? gone.seq;
    gone.sequence = entry.sequence;
  };
  await broker
    .log(net)
    .read(first - 1, take, { upTo: limit })
    .catch((error: unknown) => {
      if (error !== reached) throw error;
    });
  return gone.entries > 0 ? gone : null;
}

/** Does what was planned. Errors: Terminal `checkpoint-unsafe`, and then nothing has been removed. */
export async function clearLog(broker: Broker, { net, clear }: ClearPlan, clock: Clock): Promise<void> {
  if (!clear) return;
  const { state } = await pastOf(broker, net, { kind: "event", seq: clear.seq });
  const chain = await hashOf(broker, net, clear.sequence);
  // G2.
  await broker.checkpoints.save(net, clear.sequence, await packCheckpoint(freeze(state), { sequence: clear.sequence, chain }, clock), true);
  const stored = await readBack(broker, net, clear.sequence);
  if (!stored || stateHash(stored) !== stateHash(state) || stored.sequence !== clear.sequence) {
    await broker.checkpoints.remove(net, clear.sequence);
    throw new Terminal({
      code: "checkpoint-unsafe",
      message: `the checkpoint of ${net} at entry ${clear.sequence} was not stored as it was made`,
      hint: "nothing was cleared; petrel doctor",
    });
  }
  await broker.log(net).purge(clear.sequence - 1);
  for (const { sequence } of await broker.checkpoints.list(net))
    if (sequence < clear.sequence) await broker.checkpoints.remove(net, sequence);
}

async function hashOf(broker: Broker, net: string, sequence: number): Promise<string> {
  let hash = "";
  await broker.log(net).read(
    sequence - 1,
    (entry) => {
      hash = entry.hash;
    },
    { upTo: sequence, epoch: 0 },
  );
  return hash;
}

async function readBack(broker: Broker, net: string, sequence: number): Promise<NetState | null> {
  const bytes = await broker.checkpoints.load(net, sequence);
  try {
    return bytes && unpackCheckpoint(net, bytes);
  } catch {
    return null;
  }
}
