/**
 * The event log of one net (E2).
 * (a) One append in flight: a second one before the first has settled is a bug of the caller and throws.
 * (b) `committed` and `conflict` are certain; everything else is asked again with the same bytes.
 * (c) At a wrong last sequence the message at expected + 1 decides, read from the leader: own id or another's.
 */
import { headers } from "@nats-io/transport-node";
import type { AppendOutcome, EventLog, LogEntry, NewEntry, ReadOptions } from "../contract/broker.ts";
import type { ErrorData } from "../contract/errors.ts";
import { errorData, PetrelError, Refused, Retryable, Terminal } from "../contract/errors.ts";
import { entryHash } from "../contract/hash.ts";
import { gapHint, headerNames, logBackHint, streams, subjects } from "../contract/subjects.ts";
import { ApiFailure, apiCodes, isApiCode, NO_ROOM, publishAcked } from "./jetstream-api.ts";
import type { Link } from "./link.ts";
import { abortedError } from "./link.ts";
import { EpochFilter } from "./log-entry.ts";
import { abortable, backoffMs, pause, persist } from "./retry.ts";
import type { StoredMessage } from "./stored-message.ts";
import { leaderMessage, purgeStream, streamInfo } from "./streams.ts";
import { readBatch, tail } from "./tail.ts";

/** Bytes of an entry's body, below the server's 1 MiB with room for headers. */
export const ENTRY_LIMIT = 512 * 1024;
/** Then the same bytes are sent again: a leader that was lost never answers. */
const ANSWER_MS = 2000;
/** How often "the slot is taken" and "nothing is there" may contradict each other before the log counts as shorter than we know. */
const CONTRADICTIONS = 5;

interface Attempt {
  expected: number;
  id: string;
  epoch: number;
  prev: string | null;
  body: Uint8Array;
}
/** What one send says: certain, or ask again. */
type Verdict = AppendOutcome | "again" | "nothing-there" | "no-stream";

export class JetStreamLog implements EventLog {
  readonly #link: Link;
  readonly #net: string;
  readonly #stream: string;
  #appending = false;

  constructor(link: Link, net: string) {
    this.#link = link;
    this.#net = net;
    this.#stream = streams.log(net);
  }

  async append(expected: number, entry: NewEntry, signal?: AbortSignal): Promise<AppendOutcome> {
    if (this.#appending) throw new Terminal({ code: "append-in-flight", message: `net ${this.#net}: an append is under way already` });
    const body = entry.body ?? new TextEncoder().encode(JSON.stringify(entry.events));
    if (body.length >= ENTRY_LIMIT) {
      throw new Terminal({
        code: "entry-too-large",
        message: `net ${this.#net}: an entry of ${body.length} bytes is over the limit of ${ENTRY_LIMIT}`,
        hint: "commit fewer events at once, and keep big data in artefacts",
      });
    }
    this.#appending = true;
    try {
      const attempt = { expected, id: entry.id, epoch: entry.epoch, prev: entry.prev ?? null, body };
      const outcome = await this.#untilCertain(attempt, signal);
      return outcome.kind === "committed" && entry.prev !== undefined ? { ...outcome, hash: entryHash(attempt, body) } : outcome;
    } finally {
      this.#appending = false;
    }
  }

  async #untilCertain(attempt: Attempt, signal?: AbortSignal): Promise<AppendOutcome> {
    let contradictions = 0;
    let missing = 0;
    for (let round = 0; ; round++) {
      if (signal?.aborted) throw abortedError(signal);
      const verdict = await this.#send(attempt, signal);
      if (typeof verdict === "object") return verdict;
      contradictions = verdict === "nothing-there" ? contradictions + 1 : 0;
      missing = verdict === "no-stream" ? missing + 1 : 0;
      if (contradictions >= CONTRADICTIONS) return { kind: "conflict", message: `the log ends before sequence ${attempt.expected}` };
      if (missing >= CONTRADICTIONS)
        return rejected(attempt.expected > 0 ? deletedLog(this.#net, attempt.expected) : missingLog(this.#net));
      await pause(this.#link.clock, backoffMs(round), signal);
      await this.#link.whenUp(signal);
    }
  }

  async #send(attempt: Attempt, signal?: AbortSignal): Promise<Verdict> {
    const marks = headers();
    marks.set("Nats-Expected-Last-Sequence", String(attempt.expected));
    marks.set(headerNames.entry, attempt.id);
    marks.set(headerNames.epoch, String(attempt.epoch));
    if (attempt.prev !== null) marks.set(headerNames.prev, attempt.prev);
    try {
      const ack = await abortable(publishAcked(this.#link, subjects.log(this.#net), attempt.body, marks, ANSWER_MS), signal);
      return { kind: "committed", sequence: ack.seq };
    } catch (error) {
      if (isApiCode(error, apiCodes.wrongLastSequence)) return await this.#whoHasTheSlot(attempt, signal);
      if (error instanceof ApiFailure && error.outlook === "terminal") return rejected(rejection(error));
      if (error instanceof Refused) return rejected(error);
      if (!(error instanceof Retryable || error instanceof ApiFailure)) throw error;
      return error.code === "no-responders" ? await this.#isStreamThere() : "again";
    }
  }

  async #whoHasTheSlot(attempt: Attempt, signal?: AbortSignal): Promise<Verdict> {
    const sequence = attempt.expected + 1;
    try {
      const found = await abortable(leaderMessage(this.#link, this.#stream, { seq: sequence }), signal);
      if (found === null) return await this.#isPurged(sequence);
      if (found.header(headerNames.entry) === attempt.id) return { kind: "committed", sequence };
      return { kind: "conflict", message: `sequence ${sequence} holds entry ${found.header(headerNames.entry) || "of an unknown writer"}` };
    } catch (error) {
      if (error instanceof PetrelError && error.outlook === "retryable") return "again";
      throw error;
    }
  }

  /** A slot that was purged belongs to a checkpoint of an owner that has gone on. */
  async #isPurged(sequence: number): Promise<Verdict> {
    const info = await streamInfo(this.#link, this.#stream);
    if (info && info.state.first_seq > sequence) return { kind: "conflict", message: `the log begins at ${info.state.first_seq} by now` };
    return "nothing-there";
  }

  /** No responder: the server is starting or electing, or the stream is really gone. */
  async #isStreamThere(): Promise<Verdict> {
    const info = await streamInfo(this.#link, this.#stream).catch(() => undefined);
    return info === null ? "no-stream" : "again";
  }

  async read(after: number, take: (entry: LogEntry) => void, options: ReadOptions = {}): Promise<number> {
    const info = await persist(this.#link, 5, () => streamInfo(this.#link, this.#stream));
    if (info === null) throw after > 0 ? deletedLog(this.#net, after) : missingLog(this.#net);
    const { first_seq: first, last_seq: end } = info.state;
    const last = Math.min(end, options.upTo ?? end);
    if (end < after) {
      throw new Terminal({
        code: "log-shorter",
        message: `net ${this.#net}: the log ends at ${end}, but ${after} was known already: entries were lost`,
        hint: logBackHint(this.#net),
      });
    }
    if (last > after && first > after + 1) {
      throw new Terminal({
        code: "log-purged",
        message: `net ${this.#net}: the log begins at ${first}, entries from ${after + 1} are needed`,
      });
    }
    const epoch = options.epoch ?? (await this.#epochAt(after));
    const filter = new EpochFilter(epoch, options.holding ?? null);
    let next = after + 1;
    let empty = 0;
    while (next <= last) {
      const batch = await persist(this.#link, 5, () => readBatch(this.#link, this.#stream, next, last - next + 1));
      const before = next;
      next = this.#takeBatch(batch, next, last, filter, take);
      empty = next === before ? empty + 1 : 0;
      // A follower may lag behind the leader for a moment; a gap that stays is none of that.
      if (empty > 20) {
        const message = `net ${this.#net}: sequence ${next} of the log is not to be had`;
        throw new Retryable({ code: "log-gap", message, hint: gapHint(this.#net) });
      }
      if (empty > 0) await pause(this.#link.clock, backoffMs(empty));
    }
    return last;
  }

  async bounds(): Promise<{ first: number; last: number }> {
    const info = await persist(this.#link, 5, () => streamInfo(this.#link, this.#stream));
    if (info === null) throw missingLog(this.#net);
    return { first: Math.max(1, info.state.first_seq), last: info.state.last_seq };
  }

  async purge(upTo: number): Promise<void> {
    // The server's number is the first that stays.
    await purgeStream(this.#link, this.#stream, { seq: upTo + 1 });
  }

  #takeBatch(batch: StoredMessage[], from: number, last: number, filter: EpochFilter, take: (entry: LogEntry) => void): number {
    let next = from;
    for (const message of batch) {
      if (message.seq !== next || next > last) return next;
      const entry = filter.admit(message);
      if (entry) take(entry);
      next++;
    }
    return next;
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<LogEntry> {
    let filter: EpochFilter | null = null;
    for await (const message of tail(this.#link, this.#stream, after, subjects.log(this.#net), signal)) {
      filter ??= new EpochFilter(await this.#epochAt(after));
      const entry = filter.admit(message);
      if (entry) yield entry;
    }
  }

  /** Who starts in the middle takes the epoch of the entry before as the newest. */
  async #epochAt(after: number): Promise<number> {
    const before = after > 0 ? await persist(this.#link, 5, () => leaderMessage(this.#link, this.#stream, { seq: after })) : null;
    return before ? Number(before.header(headerNames.epoch)) || 0 : 0;
  }
}

const rejected = (error: unknown): AppendOutcome => ({ kind: "rejected", error: errorData(error) satisfies ErrorData });

const missingLog = (net: string) =>
  new Terminal({ code: "log-missing", message: `net ${net} has no log on this broker`, hint: `apply it first: \`petrel net apply\`` });

/** E2: it was there, so applying the net again would be a new net under an old name. */
const deletedLog = (net: string, entries: number) =>
  new Terminal({
    code: "log-lost",
    message: `the log of net ${net} is gone: the stream ${streams.log(net)} was deleted from the broker, with ${entries} entries in it`,
    hint: logBackHint(net),
  });

/** Codes that mean "no room", in the words of a person. */
function rejection(error: ApiFailure): PetrelError {
  const full = NO_ROOM.has(error.apiCode);
  const code = full ? "broker-full" : "append-rejected";
  const hint = full
    ? "free space on the broker's disk or raise its limit; the net goes on by itself then"
    : "`petrel doctor` shows the broker's state";
  return new Retryable({ code, message: `the log could not be written: ${error.message}`, hint, cause: error });
}
