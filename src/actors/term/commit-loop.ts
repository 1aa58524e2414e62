/**
 * The commit loop of one term: events are applied to the speculative state at once, wait their turn, and go into the log
 * in groups, one append in flight (E2). What the world may learn of an event follows its acknowledgement.
 *
 * C1 Events get their `seq` in the order in which they are applied, and are committed in that order.
 * C2 `committed` is called for each event, in order, after its entry is in the log, and never for one that is not.
 * C3 After a conflict nothing more is applied or appended: the term is over and its speculation is thrown away.
 * C4 An event is written down before it is applied: one that cannot be an entry changes nothing and spends no `seq`.
 * C5 Nobody tells an owner that was frozen that its term is over: before it writes where the log does not fence it, it must know
 * that the log was its own a moment ago.
 * C6 The value of a secret is in no event, wherever it came from.
 */

import type { AppendOutcome, EventLog } from "../../contract/broker.ts";
import { type Clock, isoTime } from "../../contract/clock.ts";
import { Cancelled, type ErrorData, Terminal } from "../../contract/errors.ts";
import type { EventDraft, NetEvent } from "../../contract/event.ts";
import { CHAIN_START } from "../../contract/hash.ts";
import type { IdSource } from "../../contract/ids.ts";
import type { SecretFilter } from "../../contract/secret-forms.ts";
import { applyEvent } from "../../net/fold.ts";
import { withInstance } from "../../net/instances.ts";
import type { NetState } from "../../net/state.ts";
import { type EventText, entryBytes, eventText, type WrittenEvent } from "./entry-bytes.ts";

/** An entry stays well under the 512 KiB that a message may have, and is over soon: other nets share the wire and this process. */
const ENTRY_BYTES = 200 * 1024;
const ENTRY_EVENTS = 500;
/** Alone in its entry an event may be this long. */
const EVENT_BYTES = 500 * 1024;
const REJECTED_WAIT_MS = 1000;

export interface CommitPorts {
  log: EventLog;
  state: NetState;
  clock: Clock;
  ids: IdSource;
  /** `written` is the event as the log has it. */
  committed(event: NetEvent, written: WrittenEvent): void;
  /** The log refused an entry for now (no space, too large, no right), or takes entries again (null). */
  stalled(error: ErrorData | null): void;
  over(reason: string): void;
  /** Takes secrets out of an event before it is written; null while there are none. */
  secrets?: (() => SecretFilter | null) | undefined;
  /** An event could not be applied (C4). */
  unwritable(draft: EventDraft, error: Terminal): void;
}

/** Who wants to know what becomes of an event. */
export interface Waiter {
  resolve(event: NetEvent): void;
  reject(error: Error): void;
}
interface Pending extends EventText {
  /** Absent while nobody waits, as for most. */
  waiters?: Waiter[];
}

export class CommitLoop {
  readonly #ports: CommitPorts;
  readonly #abort = new AbortController();
  #pending: Pending[] = [];
  #flying: Pending[] = [];
  #drained: (() => void)[] = [];
  #over: string | null = null;
  /** Where the log stood before the entry whose events are told, or were told last. */
  before: { sequence: number; chain: string } = { sequence: 0, chain: "" };
  #flushing = false;
  #acknowledged: number;
  /** A moment, by our clock, at or after which the log was still ours. */
  #oursAt = Number.NEGATIVE_INFINITY;

  constructor(ports: CommitPorts) {
    this.#ports = ports;
    this.#acknowledged = ports.state.seq;
  }

  /** Events decided and not yet in the log. */
  get backlog(): number {
    return this.#pending.length + this.#flying.length;
  }
  get isOver(): boolean {
    return this.#over !== null;
  }

  /** `seq` of the last event that is in the log. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Applies the event now; settles when it is in the log. Rejects with Cancelled `term-over` when it will never be. */
  commit(draft: EventDraft): Promise<NetEvent> {
    const settled = new Promise<NetEvent>((resolve, reject) => this.apply(draft, { resolve, reject }));
    // Callers that do not wait must not crash the process when the term ends.
    settled.catch(() => {});
    return settled;
  }

  /** The same for callers that need no promise: most events are awaited by nobody. False when nothing was applied. */
  apply(draft: EventDraft, waiter?: Waiter): boolean {
    if (this.#over !== null) {
      waiter?.reject(this.#termOver());
      return false;
    }
    const { state, clock } = this.#ports;
    // A draft belongs to whoever commits it, once: to lay a copy over it costs as much as to fold the event.
    const event = withInstance(state, draft) as NetEvent;
    event.seq = state.seq + 1;
    event.ts = isoTime(clock.now());
    event.net = state.net;
    const written = writtenDown(event, this.#ports.secrets?.() ?? null);
    if (written instanceof Terminal) {
      this.#ports.unwritable(draft, written);
      waiter?.reject(written);
      return false;
    }
    applyEvent(state, written.event);
    const pending: Pending = written;
    if (waiter) pending.waiters = [waiter];
    this.#pending.push(pending);
    this.#flushSoon();
    return true;
  }

  #flushSoon(): void {
    if (this.#flushing || this.#flying.length > 0) return;
    this.#flushing = true;
    // What is decided in the same go shares an entry, and what the pump makes of it in the next.
    queueMicrotask(() =>
      queueMicrotask(() => {
        this.#flushing = false;
        this.#flush();
      }),
    );
  }

  /** Settles when nothing is pending. */
  drained(): Promise<void> {
    if (this.backlog === 0 || this.#over !== null) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Settles when all that is applied by now is in the log; rejects when it will never be. */
  async caughtUp(): Promise<void> {
    if (this.#over !== null) throw this.#termOver();
    const last = this.#pending.at(-1) ?? this.#flying.at(-1);
    if (!last) return;
    last.waiters ??= [];
    const { waiters } = last;
    await new Promise((resolve, reject) => waiters.push({ resolve, reject }));
  }

  /** Whether the log was ours within the last `ms` (C5). */
  isOursSince(ms: number): boolean {
    return this.#over === null && this.#ports.clock.now() - this.#oursAt <= ms;
  }

  /** C5. Settles when that is so: the leader is asked where needed. Rejects with Cancelled `term-over` when it is not. */
  async confirmOurs(ms: number): Promise<void> {
    const { log, state, clock } = this.#ports;
    while (!this.isOursSince(ms)) {
      if (this.#over !== null) throw this.#termOver();
      const asked = clock.now();
      const { last } = await log.bounds();
      if (last <= state.sequence) this.#oursAt = asked;
      // It may be what we have under way: its own answer says more.
      else if (this.backlog > 0) await this.caughtUp();
      else this.#end(`another owner wrote entry ${last} of the log`);
    }
  }

  /** Ends the term from our side. What is in flight may still reach the log; the next term will find it there. */
  stop(reason: string): void {
    if (this.#over === null) this.#end(reason);
  }

  #flush(): void {
    if (this.#flying.length > 0 || this.#pending.length === 0 || this.#over !== null) return;
    this.#flying = this.#nextGroup();
    void this.#append(this.#flying);
  }

  #nextGroup(): Pending[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#pending.length && count < ENTRY_EVENTS) {
      bytes += this.#pending[count]?.bytes ?? 0;
      if (bytes > ENTRY_BYTES && count > 0) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  async #append(group: Pending[]): Promise<void> {
    const { log, state, ids, clock } = this.#ports;
    const prev = state.chain || CHAIN_START;
    const { body, events: written } = entryBytes(group);
    // The bytes say it from here on: its text would be kept until the answer, and by then be old enough to stay for long.
    for (const pending of group) {
      pending.head = "";
      pending.text = "";
    }
    const entry = { id: ids.next(), epoch: state.epoch, events: group.map(({ event }) => event), prev, body };
    let wasStalled = false;
    while (this.#over === null) {
      let outcome: AppendOutcome;
      const asked = clock.now();
      try {
        outcome = await log.append(state.sequence, entry, this.#abort.signal);
      } catch (error) {
        return this.#end(error instanceof Error ? error.message : String(error));
      }
      if (outcome.kind === "committed") {
        if (wasStalled) this.#ports.stalled(null);
        this.#oursAt = asked;
        return this.#acknowledge(group, written, outcome.sequence, outcome.hash ?? "");
      }
      if (outcome.kind === "conflict") return this.#end(`another owner wrote to the log: ${outcome.message}`);
      wasStalled = true;
      this.#ports.stalled(outcome.error);
      await new Promise<void>((resolve) => clock.after(REJECTED_WAIT_MS, resolve));
    }
  }

  #acknowledge(group: Pending[], written: WrittenEvent[], sequence: number, hash: string): void {
    const { state } = this.#ports;
    this.before = { sequence: state.sequence, chain: state.chain };
    state.sequence = sequence;
    state.chain = hash;
    this.#acknowledged = group.at(-1)?.event.seq ?? this.#acknowledged;
    this.#flying = [];
    for (const [at, { event, waiters }] of group.entries()) {
      this.#ports.committed(event, written[at] as WrittenEvent);
      for (const { resolve } of waiters ?? []) resolve(event);
    }
    if (this.#pending.length > 0) this.#flush();
    else for (const done of this.#drained.splice(0)) done();
  }

  #end(reason: string): void {
    if (this.#over !== null) return;
    this.#over = reason;
    this.#abort.abort(this.#termOver());
    for (const { waiters } of [...this.#flying, ...this.#pending]) for (const { reject } of waiters ?? []) reject(this.#termOver());
    this.#flying = [];
    this.#pending = [];
    for (const done of this.#drained.splice(0)) done();
    this.#ports.over(reason);
  }

  #termOver(): Cancelled {
    return new Cancelled({
      code: "term-over",
      message: `this owner's term is over: ${this.#over ?? ""}`,
      hint: "ask again: the next owner answers",
    });
  }
}

/** C4. What comes back is what the log will hold. */
function writtenDown(event: NetEvent, secrets: SecretFilter | null): EventText | Terminal {
  try {
    let written = eventText(event);
    // C6
    if (secrets?.has(written.head + written.text)) written = eventText(JSON.parse(secrets.strip(written.head + written.text)) as NetEvent);
    // Half a character is no text: checkpoints and streams would each make another thing of it.
    if (written.head.includes(HALF) || written.text.includes(HALF)) {
      const text = (written.head + written.text).replace(ESCAPES, (whole, half: string | undefined) => (half ? "\ufffd" : whole));
      written = eventText(JSON.parse(text) as NetEvent);
    }
    if (written.bytes <= EVENT_BYTES) return written;
    return unwritable(event, `it is ${written.bytes} bytes long, and an entry of the log holds ${EVENT_BYTES}`);
  } catch (cause) {
    return unwritable(event, cause instanceof RangeError ? "it is nested too deep" : String(cause), cause);
  }
}

/** How the escape of one begins, in the text of JSON. */
const HALF = "\\ud";
/** Every escape in JSON text, so that a backslash that is escaped itself begins none; surrogates without their other half are caught. */
const ESCAPES = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/gs;

function unwritable({ type, transition, net }: NetEvent, why: string, cause?: unknown): Terminal {
  return new Terminal({
    code: "event-not-writable",
    message: `net ${net}: the event ${type}${transition ? ` of ${transition}` : ""} cannot be written into the log: ${why}; nothing has changed`,
    hint: "keep big or deeply nested data in artefacts",
    cause,
  });
}
