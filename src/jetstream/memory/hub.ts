/** What the clients of the in-memory broker share: the part that a NATS server would hold. */
import type { ControlState, MasterPresence, PlaceLayout, SaidPiece } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import { isoTime } from "../../contract/clock.ts";
import { RUNNING } from "../../contract/control.ts";
import type { ExecutorPresence, SignedOrder, WorkResult } from "../../contract/envelope.ts";
import { Retryable } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import type { Printed, PrintedPiece, PrintingAttempt } from "../../contract/printed.ts";
import type { Serving } from "../../contract/serving.ts";
import type { Token } from "../../contract/token.ts";
import type { MemoryBucket } from "./bucket.ts";
import { MemoryStream } from "./stream.ts";
import type { MemoryWire } from "./wire.ts";

export interface StoredEntry {
  id: string;
  epoch: number;
  events: NetEvent[];
  prev?: string;
}

interface Service {
  wire: MemoryWire;
  handle(body: unknown): Promise<unknown>;
}

export class MemoryHub {
  readonly clock: Clock;
  readonly logs = new Map<string, MemoryStream<StoredEntry>>();
  /** Keys are `net/place`. */
  readonly places = new Map<string, Map<string, Token>>();
  readonly layouts = new Map<string, PlaceLayout>();
  readonly letterBoxes = new Map<string, { open: Set<string>; stream: MemoryStream<Uint8Array> }>();
  readonly strayLetters = new Set<(net: string, place: string, payload: Uint8Array) => void>();
  readonly work = new Map<string, MemoryStream<SignedOrder>>();
  readonly offered = new Set<string>();
  readonly done = new Map<string, MemoryStream<WorkResult>>();
  readonly versions = new Map<string, { definition: Json; at: string }>();
  control: ControlState = RUNNING;
  readonly controlWatchers = new Set<() => void>();
  readonly leases = new Map<string, { owner: string; until: number }>();
  readonly masters = new Map<string, { presence: MasterPresence; until: number }>();
  /** By net and sequence. */
  readonly checkpoints = new Map<string, Map<number, { state: Uint8Array; kept: boolean }>>();
  readonly artifacts = new Map<string, Uint8Array>();
  readonly artifactTimes = new Map<string, { at: number; type: string }>();
  /** Executor -> ISO time until which it gets no work. */
  readonly held = new Map<string, string>();
  readonly executors = new Map<string, { presence: ExecutorPresence; at: number }>();
  readonly executorWatchers = new Set<(presence: ExecutorPresence | { name: string; gone: true }) => void>();
  /** Live copies of events, as they were published. */
  readonly live: NetEvent[] = [];
  readonly #buckets = new Map<string, MemoryBucket>();
  readonly textListeners = new Map<string, Set<(piece: SaidPiece) => void>>();
  readonly outputListeners = new Set<(piece: PrintedPiece) => void>();
  readonly printedListeners = new Set<(executor: string, about: PrintingAttempt, piece: Printed) => void>();
  readonly #services = new Map<string, Set<Service>>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  bucket(name: string): MemoryBucket {
    const found = this.#buckets.get(name) ?? { last: 0, values: new Map(), watchers: new Set() };
    this.#buckets.set(name, found);
    return found;
  }
  log(net: string): MemoryStream<StoredEntry> {
    return this.#made(this.logs, net);
  }
  queue(pool: string): MemoryStream<SignedOrder> {
    return this.#made(this.work, pool);
  }
  results(net: string): MemoryStream<WorkResult> {
    return this.#made(this.done, net);
  }

  /** Serves requests of this name; the newest server of a name answers, and by null leaves it to the one before. */
  serve(name: string, wire: MemoryWire, handle: (body: never) => Promise<unknown>): Serving {
    const service: Service = { wire, handle: handle as (body: unknown) => Promise<unknown> };
    const all = this.#services.get(name) ?? new Set<Service>();
    this.#services.set(name, all.add(service));
    return { stop: async () => void all.delete(service) };
  }

  /** Throws Retryable `no-owner` when nobody within reach serves the name, and `no-answer` when the wire broke meanwhile. */
  async ask<T>(name: string, wire: MemoryWire, body: unknown): Promise<T> {
    wire.check();
    const services = [...(this.#services.get(name) ?? [])].reverse().filter((each) => each.wire.up);
    if (services.length === 0)
      throw new Retryable({ code: "no-owner", message: `nobody serves ${name} at the moment`, hint: "start it with `petrel up`" });
    for (const service of services) {
      const answer = await service.handle(structuredClone(body));
      if (!wire.up || !service.wire.up) break;
      if (answer !== null) return structuredClone(answer) as T;
    }
    throw new Retryable({ code: "no-answer", message: `no answer from ${name}; whether it was done is unknown` });
  }

  /** What `nats pub place.<net>.<place>` does: stored when the place is open, heard by the owner in any case. */
  letter(net: string, place: string, payload: Uint8Array): void {
    const box = this.letterBoxes.get(net);
    if (box?.open.has(place)) box.stream.add(place, payload);
    else for (const hear of [...this.strayLetters]) hear(net, place, payload);
  }

  #made<T>(map: Map<string, MemoryStream<T>>, key: string): MemoryStream<T> {
    const stream = map.get(key) ?? new MemoryStream<T>(isoTime(this.clock.now()));
    map.set(key, stream);
    return stream;
  }
}
