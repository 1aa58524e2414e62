/**
 * The log as a client with a bad wire sees it: the twin's own log decides, the way there and back loses, delays and
 * repeats, and the process may die before an append leaves it, when it is stored, or when its answer is in.
 */
import type { AppendOutcome, EventLog, LogEntry, NewEntry, ReadOptions } from "../../src/contract/broker.ts";
import { Cancelled, type ErrorData, Retryable } from "../../src/contract/errors.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { MemoryLog } from "../../src/jetstream/memory/log.ts";
import { MemoryWire } from "../../src/jetstream/memory/wire.ts";
import type { Network } from "./network.ts";
import type { SimProcess } from "./process.ts";

export const CRASH_POINTS = ["before", "stored", "acknowledged"] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** What all logs of a run share. */
export interface LogTroubles {
  /** While set, the store takes nothing. */
  full: ErrorData | null;
  appends: number;
  events: number;
  /** Exactly there the appending process dies; null: by chance. */
  crashAt: { append: number; point: CrashPoint } | null;
  crash(process: SimProcess, why: string): void;
}

const AGAIN_MS = 120;
/** Events that no sound run comes near: what writes so many turns in a circle, and would until the memory is full. No more are stored. */
export const ENDLESS = 20_000;

export class SimLog implements EventLog {
  readonly #hub: MemoryHub;
  readonly #net: string;
  readonly #process: SimProcess;
  readonly #network: Network;
  readonly #troubles: LogTroubles;
  readonly #reachable: () => boolean;

  constructor(hub: MemoryHub, net: string, process: SimProcess, network: Network, troubles: LogTroubles, reachable: () => boolean) {
    this.#hub = hub;
    this.#net = net;
    this.#process = process;
    this.#network = network;
    this.#troubles = troubles;
    this.#reachable = reachable;
  }

  bounds(): Promise<{ first: number; last: number }> {
    return this.#network.rpc(this.#process, () => this.#fresh().bounds());
  }
  purge(upTo: number): Promise<void> {
    return this.#network.rpc(this.#process, () => this.#fresh().purge(upTo));
  }

  async read(after: number, take: (entry: LogEntry) => void, options?: ReadOptions): Promise<number> {
    const { entries, last } = await this.#network.rpc(this.#process, async () => {
      const entries: LogEntry[] = [];
      if (!this.#reachable()) throw new Retryable({ code: "wire-down", message: "the broker is out of reach" });
      const last = await this.#fresh().read(after, (entry) => void entries.push(entry), options);
      return { entries, last };
    });
    for (const entry of entries) take(entry);
    return last;
  }

  async append(expected: number, entry: NewEntry, signal?: AbortSignal): Promise<AppendOutcome> {
    const number = ++this.#troubles.appends;
    this.#troubles.events += entry.events.length;
    if (this.#troubles.events > ENDLESS) return new Promise<never>(() => {});
    // The bytes that go out, and go out again.
    const bytes = structuredClone(entry);
    this.#maybeDie(number, "before");
    for (;;) {
      if (signal?.aborted) throw new Cancelled({ code: "aborted", message: "called off", cause: signal.reason });
      const outcome = await this.#send(number, expected, bytes, signal);
      if (outcome) return outcome;
    }
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<LogEntry> {
    yield* this.#fresh().follow(after, signal);
  }

  /** One try; null when no answer came in time. */
  #send(number: number, expected: number, entry: NewEntry, signal?: AbortSignal): Promise<AppendOutcome | null> {
    const { world } = this.#process;
    const network = this.#network;
    return new Promise((settle) => {
      const resolve = (outcome: AppendOutcome | null) => {
        signal?.removeEventListener("abort", onAbort);
        settle(outcome);
      };
      const onAbort = () => resolve(null);
      const patience = this.#process.after(AGAIN_MS + network.delay(), () => resolve(null));
      signal?.addEventListener("abort", onAbort, { once: true });
      const arrive = async () => {
        if (!this.#reachable() && this.#process.alive) return;
        const outcome = await this.#fresh().append(expected, structuredClone(entry));
        if (outcome.kind === "committed") this.#maybeDie(number, "stored");
        if (world.chance.of(network.weather.lostAnswer)) return;
        this.#process.after(network.delay(), () => {
          patience.cancel();
          resolve(outcome);
          if (outcome.kind === "committed") world.after(0, () => this.#maybeDie(number, "acknowledged"));
        });
      };
      if (!this.#process.alive) return;
      world.after(network.delay(), () => void arrive());
      if (world.chance.of(network.weather.twice)) world.after(network.delay(), () => void arrive());
    });
  }

  #maybeDie(number: number, point: CrashPoint): void {
    const { crashAt } = this.#troubles;
    const planned = crashAt !== null && crashAt.append === number && crashAt.point === point;
    if (!planned && !this.#process.world.chance.of(this.#network.weather.crash)) return;
    if (this.#process.alive) this.#troubles.crash(this.#process, `${point} append ${number}`);
  }

  #fresh(): MemoryLog {
    return new MemoryLog(this.#hub, this.#net, new MemoryWire(), { dropAnswers: 0, rejectAppends: this.#troubles.full, stealSlot: 0 });
  }
}
