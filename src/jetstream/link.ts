/**
 * One connection to the broker, with an own reply inbox.
 * (a) Every call ends: with an answer, or with a Retryable error that means "unknown", never "not done".
 * (b) What is under way when the wire breaks ends at once, for its answer can no longer be counted on.
 * (c) Nothing is published while the wire is known to be down: the client would drop it silently.
 * (d) A time in which this process stood still (frozen, or the machine slept) is no silence of the other side: its answer may lie here
 * unread, so that time is not counted.
 */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from "@nats-io/transport-node";
import { createInbox, errors, PermissionViolationError } from "@nats-io/transport-node";
import type { Clock, Timer } from "../contract/clock.ts";
import type { PetrelError } from "../contract/errors.ts";
import { Cancelled, Refused, Retryable, Terminal } from "../contract/errors.ts";
import { MESSAGE_LIMIT } from "../contract/order-size.ts";
import type { Serving } from "../contract/serving.ts";

export interface CallOptions {
  headers?: MsgHdrs;
  /** Milliseconds to wait for the answer; default 5,000. */
  timeoutMs?: number;
  /** A reply subject of this call alone: messages of a consumer come under their own subject, which says nothing of the call. */
  ownInbox?: boolean;
}

interface Handlers {
  answered(msg: Msg): void;
  failed(error: PetrelError): void;
}
interface Pending extends Handlers {
  subject: string;
  deadline: number;
  inbox: Subscription | null;
}

const DEFAULT_TIMEOUT_MS = 5000;
const SWEEP_MS = 100;
/** A sweep that comes so much later than it was set is no load. */
const STOOD_STILL_MS = 500;
const FLUSH_MS = 1000;

export class Link {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  #up = true;
  #closed = false;
  #refusal: string | null = null;
  #next = 0;
  #sweep: Timer | null = null;
  readonly #prefix: string;
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Set<(state: "up" | "down") => void>();

  /** What subjects of JetStream's API begin with, for this user. */
  readonly apiPrefix: string;

  constructor(nc: NatsConnection, clock: Clock, options: { inboxPrefix?: string; apiPrefix?: string } = {}) {
    this.nc = nc;
    this.clock = clock;
    this.apiPrefix = options.apiPrefix ?? "$JS.API";
    this.#prefix = createInbox(options.inboxPrefix);
    nc.subscribe(`${this.#prefix}.*`, { callback: (_error, msg) => this.#answer(msg) });
    void this.#watch();
    void nc.closed().then(() => this.#down("the connection to the broker was closed"));
  }

  get up(): boolean {
    return this.#up;
  }

  /** What a server has said while the wire is down, like `Authorization Violation`; null when none said anything. */
  get refusal(): string | null {
    return this.#up ? null : this.#refusal;
  }

  /** Bytes of the largest message that the server takes. */
  get largestMessage(): number {
    return this.nc.info?.max_payload ?? MESSAGE_LIMIT;
  }

  onConnection(call: (state: "up" | "down") => void): Serving {
    this.#listeners.add(call);
    return { stop: async () => void this.#listeners.delete(call) };
  }

  /** Settles when the wire is up; rejects with Cancelled when the signal is aborted or the link closed. */
  whenUp(signal?: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#up && !signal?.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        void listener.stop();
        signal?.removeEventListener("abort", onAbort);
        finish();
      };
      const onAbort = () => end(() => reject(abortedError(signal)));
      const listener = this.onConnection((state) => {
        if (state === "up") end(resolve);
        else if (this.#closed) end(() => reject(closedError()));
      });
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Request and reply. Rejects with Retryable `no-answer`, `wire-down`, `no-responders`, Terminal `message-too-large`, or Refused `broker-permission`. */
  call(subject: string, payload: Uint8Array | string = "", options: CallOptions = {}): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const release = this.#send(subject, payload, options, {
        answered: (msg) => {
          release();
          if (msg.headers?.code === 503 && msg.data.length === 0) reject(noResponders(subject));
          else resolve(msg);
        },
        failed: reject,
      });
    });
  }

  /** One request, many answers: `each` says when it was the last. Ends like `call` when an answer is overdue. */
  collect(subject: string, payload: string, each: (msg: Msg) => "more" | "end", timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { timeoutMs };
      const release = this.#send(subject, payload, options, {
        answered: (msg) => {
          if (msg.headers?.code === 503 && msg.data.length === 0) {
            release();
            return reject(noResponders(subject));
          }
          try {
            if (each(msg) === "more") return;
            release();
            resolve();
          } catch (error) {
            release();
            reject(error);
          }
        },
        failed: reject,
      });
    });
  }

  /** Core publish without an answer; dropped while the wire is down. */
  publish(subject: string, payload: Uint8Array | string): void {
    if (this.#up && !this.nc.isClosed()) this.nc.publish(subject, payload);
  }

  /** `queue`: subscribers of one name share the messages. */
  subscribe(subject: string, take: (msg: Msg) => void, queue?: string): Serving {
    const subscription: Subscription = this.nc.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, msg) => {
        if (!error) take(msg);
      },
    });
    return {
      stop: async () => {
        if (this.nc.isClosed()) return;
        subscription.unsubscribe();
        await this.settled();
      },
    };
  }

  /** Waits until the server has seen what was sent so far, or until that is not to be had. */
  async settled(): Promise<void> {
    if (!this.#up || this.nc.isClosed()) return;
    await Promise.race([this.nc.flush().catch(() => undefined), new Promise<void>((done) => this.clock.after(FLUSH_MS, done))]);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A drain waits for the server; when the wire is down there is nobody to wait for.
    if (this.#up) await Promise.race([this.nc.drain().catch(() => undefined), new Promise<void>((done) => this.clock.after(2000, done))]);
    await this.nc.close();
    this.#down("the connection to the broker was closed");
  }

  /** Gives back what ends the call without an answer. */
  #send(subject: string, payload: Uint8Array | string, options: CallOptions, handlers: Handlers): () => void {
    const id = String(this.#next++);
    const release = () => void this.#take(id);
    if (this.#closed || !this.#up || this.nc.isClosed()) {
      handlers.failed(wireDown(this.#closed ? "the connection to the broker was closed" : "the broker is out of reach"));
      return release;
    }
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const reply = `${this.#prefix}.${options.ownInbox ? "own." : ""}${id}`;
    const answered = (msg: Msg) => {
      const pending = this.#pending.get(id);
      if (!pending) return;
      pending.deadline = this.clock.now() + timeoutMs;
      handlers.answered(msg);
    };
    try {
      const inbox = options.ownInbox ? this.nc.subscribe(reply, { callback: (error, msg) => (error ? undefined : answered(msg)) }) : null;
      this.#pending.set(id, { subject, deadline: this.clock.now() + timeoutMs, inbox, answered, failed: handlers.failed });
      this.#sweep ??= this.#nextSweep();
      this.nc.publish(subject, payload, options.headers ? { reply, headers: options.headers } : { reply });
    } catch (cause) {
      release();
      handlers.failed(unsendable(subject, cause, this.largestMessage));
    }
    return release;
  }

  /** Takes a call out of those under way. */
  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending?.inbox && !this.nc.isClosed()) pending.inbox.unsubscribe();
    return pending;
  }

  #answer(msg: Msg): void {
    this.#pending.get(msg.subject.slice(this.#prefix.length + 1))?.answered(msg);
  }

  // One sweep for all calls: a timer for each would cost more than the call.
  #nextSweep(): Timer {
    const due = this.clock.now() + SWEEP_MS;
    return this.clock.after(SWEEP_MS, () => this.#expire(due));
  }

  #expire(due: number): void {
    this.#sweep = null;
    const now = this.clock.now();
    // (d)
    const stoodStill = now - due > STOOD_STILL_MS ? now - due : 0;
    for (const [id, pending] of this.#pending) {
      pending.deadline += stoodStill;
      if (pending.deadline > now) continue;
      this.#take(id);
      pending.failed(
        new Retryable({
          code: "no-answer",
          message: `no answer on ${pending.subject} in time; whether it was done is unknown`,
          hint: "the broker or the other side may be stopped or busy; asking again is safe",
        }),
      );
    }
    if (this.#pending.size > 0) this.#sweep = this.#nextSweep();
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === "disconnect" || status.type === "staleConnection") this.#down("the connection to the broker was lost");
      else if (status.type === "reconnect") this.#setUp(true);
      else if (status.type === "error" && status.error instanceof PermissionViolationError) this.#forbid(status.error);
      else if (status.type === "error") this.#refusal = status.error.message;
    }
  }

  #down(why: string): void {
    this.#setUp(false);
    for (const id of [...this.#pending.keys()]) this.#take(id)?.failed(wireDown(why));
  }

  #setUp(up: boolean): void {
    if (this.#up === up && !this.#closed) return;
    this.#up = up && !this.#closed;
    if (this.#up) this.#refusal = null;
    for (const call of [...this.#listeners]) call(this.#up ? "up" : "down");
  }

  #forbid(violation: PermissionViolationError): void {
    if (violation.operation !== "publish") return;
    for (const [id, pending] of this.#pending) {
      if (pending.subject !== violation.subject) continue;
      this.#take(id);
      pending.failed(
        new Refused({
          code: "broker-permission",
          message: `the broker does not let this user publish to ${violation.subject}`,
          hint: "use credentials that have this right",
          cause: violation,
        }),
      );
    }
  }
}

/** What the client does not send because of what it is will not be sent the next time either. */
export function unsendable(subject: string, cause: unknown, limit: number): PetrelError {
  if (!(cause instanceof errors.InvalidArgumentError))
    return new Retryable({ code: "wire-down", message: `could not send to the broker: ${String(cause)}`, cause });
  return new Terminal({
    code: "message-too-large",
    message: `the broker carries messages of at most ${Math.floor(limit / 1024)} KiB, and what was to be sent to ${subject} is more`,
    hint: "send less at once, or put what is large into an artefact and send its reference",
    cause,
  });
}

const wireDown = (why: string) =>
  new Retryable({ code: "wire-down", message: why, hint: "it is tried again by itself; `petrel doctor` shows whether nats-server runs" });
const noResponders = (subject: string) => new Retryable({ code: "no-responders", message: `nobody serves ${subject} at the moment` });
const closedError = () => new Cancelled({ code: "closed", message: "the connection to the broker was closed" });
export const abortedError = (signal?: AbortSignal) =>
  new Cancelled({ code: "aborted", message: "called off while waiting for the broker", cause: signal?.reason });
