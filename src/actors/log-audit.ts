/**
 * Whether a log is what its owners wrote: its chain, its epochs, its numbers, and the checkpoints that were made of it.
 *
 * V1 The chain runs over valid entries alone; what a stale or foreign writer put between them is counted and no fault.
 * V2 Entries of before there was a chain are named as such; behind a chained entry there is none of them. V3 Where the log was
 * cleared, the oldest checkpoint stands for what was there: its hash is the first link. V4 Where the chain is broken, the fault is named
 * where it lies: at the entry that was changed, that somebody slipped in, or that is missing.
 */
import type { Broker, LogEntry } from "../contract/broker.ts";
import { PetrelError } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";
import { CHAIN_START } from "../contract/hash.ts";
import { applyEvent } from "../net/fold.ts";
import type { NetState } from "../net/state.ts";
import { stateHash } from "../net/state-hash.ts";
import { pastOf } from "./past.ts";
import { unpackCheckpoint } from "./term/checkpoint.ts";

export interface LogFault {
  /** Of the entry in its stream; 0: of none in particular. */
  sequence: number;
  /** Of its first event. */
  seq: number | null;
  what: string;
}
export interface Audited {
  state: NetState;
  entries: number;
  /** Entries of before there was a chain, up to this sequence; null: there are none. */
  unchained: number | null;
  /** Messages in the stream that no owner wrote in time. */
  ignored: number;
  /** Event from which the log is kept: 1 when it is whole. */
  from: number;
  /** Checkpoints whose state was compared. */
  checkpoints: number;
  /** In the order of the log; the chain is followed to the first. */
  faults: LogFault[];
  /** Of the state at the end. */
  hash: string;
  /** Hashes asked for, by event. */
  hashes: Map<number, string>;
  /** Hashes asked for, by sequence of the entry. */
  entryHashes: Map<number, string>;
}
/** What is wanted besides: the state's hash after events, entries' hashes by sequence. `tip`: what the owner wrote or read last. */
export interface Wanted {
  seqs?: number[];
  sequences?: number[];
  tip?: { sequence: number; chain: string };
}

/** Errors: those of reading a log. */
export async function auditLog(broker: Broker, net: string, wanted: Wanted = {}): Promise<Audited> {
  const { first } = await broker.log(net).bounds();
  const start = await floorState(broker, net, first);
  const audit = new Audit(start, await checkpointMarks(broker, net, start.seq), wanted);
  const after = start.sequence;
  // The audit folds on in this very state.
  const from = start.seq + 1;
  try {
    const last = await broker.log(net).read(after, (entry) => audit.take(entry), after > 0 ? { epoch: start.epoch } : {});
    return audit.result(from, last - after);
  } catch (error) {
    if (!(error instanceof PetrelError) || error.code !== "log-gap") throw error;
    // A message was taken out of the middle: nothing behind it is read as a log.
    audit.fault(audit.next, null, error.message);
    return audit.result(from, 0);
  }
}

/** V3. */
async function floorState(broker: Broker, net: string, first: number): Promise<NetState> {
  if (first === 1) return (await pastOf(broker, net, { kind: "event", seq: 0 }, { whole: true })).state;
  for (const { sequence } of (await broker.checkpoints.list(net)).reverse()) {
    if (sequence < first) continue;
    const bytes = await broker.checkpoints.load(net, sequence);
    const state = bytes && readable(net, bytes);
    if (state) return state;
  }
  return (await pastOf(broker, net, { kind: "event", seq: 0 })).state;
}

/** What a checkpoint says of the log: the state after an event, and the hash of the entry that it stands behind. */
interface Mark {
  seq: number;
  sequence: number;
  hash: string;
  chain: string;
}

async function checkpointMarks(broker: Broker, net: string, after: number): Promise<Mark[]> {
  const marks: Mark[] = [];
  for (const { sequence } of await broker.checkpoints.list(net)) {
    const bytes = await broker.checkpoints.load(net, sequence);
    const state = bytes && readable(net, bytes);
    if (state && state.seq > after) marks.push({ seq: state.seq, sequence, hash: stateHash(state), chain: state.chain });
  }
  return marks;
}

function readable(net: string, bytes: Uint8Array): NetState | null {
  try {
    return unpackCheckpoint(net, bytes);
  } catch {
    return null;
  }
}

class Audit {
  readonly #state: NetState;
  readonly #marks: Mark[];
  readonly #seqs: Set<number>;
  readonly #sequences: Set<number>;
  readonly #hashes = new Map<number, string>();
  readonly #entryHashes = new Map<number, string>();
  readonly #faults: LogFault[] = [];
  #entries = 0;
  #compared = 0;
  #unchained: number | null = null;
  #chained: boolean;
  #tip: { sequence: number; hash: string };
  #events: number;
  /** Hashes that owners vouch for, by sequence. */
  readonly #vouched: Map<number, string>;
  /** Faults that only the next entry speaks for. */
  readonly #suspects = new Map<number, LogFault>();
  /** Entries by their hash. */
  readonly #links = new Map<string, number>();

  constructor(state: NetState, marks: Mark[], { seqs = [], sequences = [], tip }: Wanted) {
    this.#vouched = new Map([...marks, ...(tip ? [tip] : [])].map(({ sequence, chain }) => [sequence, chain]));
    this.#state = state;
    this.#marks = marks;
    this.#seqs = new Set(seqs);
    this.#sequences = new Set(sequences);
    this.#tip = { sequence: state.sequence, hash: state.chain };
    this.#chained = state.chain !== "";
    this.#events = state.seq;
    if (this.#seqs.has(state.seq)) this.#hashes.set(state.seq, stateHash(state));
  }

  /** The sequence behind the last entry that was read. */
  get next(): number {
    return this.#tip.sequence + 1;
  }

  fault(sequence: number, seq: number | null, what: string): LogFault {
    const fault = { sequence, seq, what };
    this.#faults.push(fault);
    return fault;
  }

  take(entry: LogEntry): void {
    this.#entries += 1;
    this.#chain(entry);
    this.#order(entry);
    for (const event of entry.events) this.#event(entry, event);
    const { sequence, hash } = entry;
    this.#tip = { sequence, hash };
    this.#links.set(hash, sequence);
    if (this.#sequences.has(sequence)) this.#entryHashes.set(sequence, hash);
    const broken = this.#marks.find((mark) => mark.sequence === sequence && mark.chain !== "" && mark.chain !== hash);
    if (broken) this.fault(sequence, entry.events[0]?.seq ?? null, "it is not what it was when a checkpoint was made behind it");
  }

  result(from: number, messages: number): Audited {
    for (const { sequence, seq } of this.#marks.filter((mark) => mark.seq > this.#state.seq))
      this.fault(sequence, seq, `the checkpoint at entry ${sequence} is of an event that the log does not have`);
    return {
      ...{ state: this.#state, entries: this.#entries, unchained: this.#unchained, ignored: Math.max(0, messages - this.#entries) },
      ...{ from, checkpoints: this.#compared, hash: stateHash(this.#state), hashes: this.#hashes, entryHashes: this.#entryHashes },
      faults: this.#faults.sort((a, b) => a.sequence - b.sequence),
    };
  }

  /** V2. */
  #chain(entry: LogEntry): void {
    const seq = entry.events[0]?.seq ?? null;
    // A checkpoint of before there was a chain does not say what stood there.
    const unknown = this.#tip.hash === "" && this.#tip.sequence > 0;
    const wanted = this.#tip.hash === "" ? CHAIN_START : this.#tip.hash;
    if (entry.prev === null) {
      if (this.#chained) this.fault(entry.sequence, seq, "it does not name the entry before it, and entries before it do");
      else this.#unchained = entry.sequence;
      return;
    }
    if (entry.prev !== wanted && !unknown) this.#break(entry, entry.prev);
    this.#chained = true;
  }

  /** V4. */
  #break(entry: LogEntry, prev: string): void {
    const { sequence, hash } = this.#tip;
    const seq = entry.events[0]?.seq ?? null;
    const at = entry.sequence;
    const follows = this.#links.get(prev);
    if (sequence === 0) this.fault(at, seq, "it names an entry before it, and it is the first");
    else if (follows !== undefined) {
      this.fault(sequence, null, `no owner wrote it: entry ${at} follows entry ${follows}`);
      this.#clear(follows);
    } else if (this.#vouched.get(sequence) === hash) this.fault(at, seq, `no owner wrote it: it does not follow entry ${sequence}`);
    else if (seq !== null && seq > this.#events + 1) {
      this.fault(sequence + 1, this.#events + 1, `events ${this.#events + 1} to ${seq - 1} are missing before entry ${at}`);
      this.#events = seq - 1;
    } else this.#suspects.set(sequence, this.fault(sequence, seq, `it is not what it was when entry ${at} was written`));
  }

  /** A later entry names it as it stands: what followed it was the forgery. */
  #clear(sequence: number): void {
    const suspect = this.#suspects.get(sequence);
    if (suspect) this.#faults.splice(this.#faults.indexOf(suspect), 1);
    this.#suspects.delete(sequence);
  }

  /** Told once for an entry, whatever the number of its events. */
  #order(entry: LogEntry): void {
    const events = entry.events.filter((event) => !this.#isKnown(event));
    const [first] = events;
    if (!first) return;
    const { sequence, epoch } = entry;
    const begins = events.find(({ type }) => type === "epoch")?.attributes?.epoch;
    if (begins !== undefined && Number(begins) <= this.#state.epoch)
      this.fault(sequence, first.seq, `epoch ${begins} begins after epoch ${this.#state.epoch}`);
    const current = Number(begins ?? this.#state.epoch);
    if (epoch !== current) this.fault(sequence, first.seq, `it is of epoch ${epoch}, in epoch ${current}`);
    const foreign = events.find(({ net }) => net !== this.#state.net);
    if (foreign) this.fault(sequence, foreign.seq, `it is an event of ${foreign.net}`);
  }

  /** The entry behind a checkpoint may hold events that are in it already. */
  #isKnown(event: NetEvent): boolean {
    return event.seq <= this.#state.seq && this.#entries === 1 && this.#events > 0;
  }

  #event(entry: LogEntry, event: NetEvent): void {
    const { sequence } = entry;
    if (this.#isKnown(event)) return;
    if (event.seq !== this.#events + 1) this.fault(sequence, event.seq, `event ${event.seq} follows event ${this.#events}`);
    this.#events = event.seq;
    applyEvent(this.#state, event);
    this.#compare(event.seq);
  }

  #compare(seq: number): void {
    const marks = this.#marks.filter((mark) => mark.seq === seq);
    if (marks.length === 0 && !this.#seqs.has(seq)) return;
    const hash = stateHash(this.#state);
    if (this.#seqs.has(seq)) this.#hashes.set(seq, hash);
    for (const mark of marks) {
      this.#compared += 1;
      if (mark.hash !== hash)
        this.fault(mark.sequence, seq, `the checkpoint at entry ${mark.sequence} is not what the log gives after event ${seq}`);
    }
  }
}
