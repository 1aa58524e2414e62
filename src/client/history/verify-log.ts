/** Everything that can be checked of a net from outside: its log, the checkpoints of it, its owner, and its place streams. */
import { type Audited, auditLog, type LogFault } from "../../actors/log-audit.ts";
import { pastOf } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import { PetrelError } from "../../contract/errors.ts";
import { BUILT_IN_PLACES } from "../../net/built-in-places.ts";
import type { NetState } from "../../net/state.ts";
import { readAnswer, stateHashAnswer } from "../answers.ts";
import { askNet } from "../ask.ts";

/** Streams follow the log a moment later: a difference counts when it stands in each of so many looks. */
const LOOKS = 5;
const BETWEEN_MS = 200;
/** Where the beginning of the log is cleared away meanwhile, it is looked at again, so often. */
const CLEARINGS = 5;

export interface VerifiedLog {
  net: string;
  ok: boolean;
  seq: number;
  /** Event from which the log is kept. */
  from: number;
  entries: number;
  unchained: number | null;
  ignored: number;
  checkpoints: number;
  /** Of the whole state after event `seq`. */
  hash: string;
  /** False: nobody owns the net at the moment. */
  owner: boolean;
  /** Sequence of the first entry that is not as it should be; null: none, or no entry's fault. */
  firstBad: number | null;
  faults: LogFault[];
  places: string[];
}

export function verifyLog(broker: Broker, net: string, clock: Clock): Promise<VerifiedLog> {
  return whileCleared(broker, net, () => verifyOnce(broker, net, clock));
}

/** The chain, the epochs, the numbers and the checkpoints alone: nothing of them, or what is wrong. */
export async function chainFaults(broker: Broker, net: string): Promise<LogFault[]> {
  const look = async () => {
    const { faults } = await auditLog(broker, net);
    return { ok: faults.length === 0, faults };
  };
  return (await whileCleared(broker, net, look)).faults;
}

async function whileCleared<T extends { ok: boolean }>(broker: Broker, net: string, look: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const { first } = await broker.log(net).bounds();
    const isCleared = async () => tries < CLEARINGS && (await broker.log(net).bounds()).first !== first;
    try {
      const verified = await look();
      if (verified.ok || !(await isCleared())) return verified;
    } catch (error) {
      if (!(await isCleared())) throw error;
    }
  }
}

async function verifyOnce(broker: Broker, net: string, clock: Clock): Promise<VerifiedLog> {
  const owner = await ownersWord(broker, net);
  const audited = await auditLog(broker, net, owner ? { seqs: [owner.seq], sequences: [owner.tip.sequence], tip: owner.tip } : {});
  const { state, from, entries, unchained, ignored, checkpoints } = audited;
  const faults = [...audited.faults, ...(owner ? ownersFaults(audited, owner) : [])];
  const places = await placeDifferences(broker, state, clock);
  const firstBad = faults.reduce((least, { sequence }) => (sequence > 0 ? Math.min(least, sequence) : least), Number.POSITIVE_INFINITY);
  return {
    ...{ net, ok: faults.length + places.length === 0, seq: state.seq, from, entries, unchained, ignored, checkpoints },
    ...{ hash: audited.hash, owner: owner !== null, firstBad: Number.isFinite(firstBad) ? firstBad : null, faults, places },
  };
}

interface OwnersWord {
  seq: number;
  hash: string;
  tip: { sequence: number; chain: string };
}

async function ownersWord(broker: Broker, net: string): Promise<OwnersWord | null> {
  try {
    return readAnswer(stateHashAnswer, await askNet(broker, net, "state-hash"), "state-hash");
  } catch (error) {
    // A net that cannot be opened is one to look at.
    if (error instanceof PetrelError && (error.outlook === "retryable" || error.code === "net-closed")) return null;
    throw error;
  }
}

function ownersFaults({ hashes, entryHashes }: Audited, owner: OwnersWord): LogFault[] {
  const { sequence, chain } = owner.tip;
  const faults: LogFault[] = [];
  if (chain !== "" && entryHashes.get(sequence) !== chain)
    faults.push({ sequence, seq: null, what: "it is not what its owner wrote or read" });
  if (hashes.get(owner.seq) !== owner.hash)
    faults.push({ sequence: 0, seq: owner.seq, what: `the owner's state after event ${owner.seq} is not what the log gives` });
  return faults;
}

async function placeDifferences(broker: Broker, state: NetState, clock: Clock): Promise<string[]> {
  let standing = await comparePlaces(broker, state);
  for (let look = 1; look < LOOKS && standing.length > 0; look += 1) {
    await delay(clock, BETWEEN_MS);
    const again = await comparePlaces(broker, (await pastOf(broker, state.net, { kind: "now" })).state);
    standing = standing.filter((one) => again.includes(one));
  }
  return standing;
}

async function comparePlaces(broker: Broker, state: NetState): Promise<string[]> {
  const definition = state.definition === null ? null : await broker.netVersions.get(state.net, state.definition);
  const declared = Object.keys((definition as { places?: object } | null)?.places ?? {});
  const differences: string[] = [];
  for (const place of new Set([...declared, ...BUILT_IN_PLACES, ...state.places.keys()])) {
    const logged = state.places.get(place) ?? new Map<string, unknown>();
    const shown = await broker
      .places(state.net)
      .ids(place)
      .catch(() => null);
    if (shown === null) {
      differences.push(`${place}: its stream is out of reach`);
      continue;
    }
    for (const id of logged.keys()) if (!shown.has(id)) differences.push(`${place} ${id}: in the log, not in the stream`);
    for (const id of shown) if (!logged.has(id)) differences.push(`${place} ${id}: in the stream, not in the log`);
  }
  return differences;
}
