/**
 * What the logs add up to: each net's log is read once from its beginning and then followed, so that sums and counters do not depend on
 * when a gateway began, and two gateways tell the same.
 *
 * K1 Every event of the log is taken once, in order. K2 A net is followed from the first question on, and until the gateway stops.
 */
import type { Broker } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import type { NetEvent } from "../contract/event.ts";
import type { Logger } from "../contract/logger.ts";

/** Of one event with a model: what the sums need. */
export type PaidEvent = Pick<NetEvent, "net" | "ts" | "seq"> & Partial<NetEvent>;

const CATCH_UP_MS = 5000;
const AGAIN_MS = 1000;

interface Followed {
  paid: PaidEvent[];
  caughtUp: Promise<void>;
}

export class Ledger {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopping: AbortSignal;
  readonly #nets = new Map<string, Followed>();
  readonly #takers: ((event: NetEvent) => void)[] = [];

  constructor({ broker, clock, logger, stopping }: { broker: Broker; clock: Clock; logger: Logger; stopping: AbortSignal }) {
    this.#broker = broker;
    this.#clock = clock;
    this.#logger = logger;
    this.#stopping = stopping;
  }

  /** Before the first net is asked for: called with every event of every net that is. */
  onEvent(take: (event: NetEvent) => void): void {
    this.#takers.push(take);
  }

  /** Events with a model in them, of these nets, ascending in each. Waits a while for a log that is still being read. */
  async paid(nets: readonly string[]): Promise<PaidEvent[]> {
    await this.follow(nets);
    return nets.flatMap((net) => this.#nets.get(net)?.paid ?? []);
  }

  async follow(nets: readonly string[]): Promise<void> {
    await Promise.all(nets.map((net) => this.#of(net).caughtUp));
  }

  #of(net: string): Followed {
    const known = this.#nets.get(net);
    if (known) return known;
    let done: () => void = () => {};
    const followed: Followed = { paid: [], caughtUp: new Promise((resolve) => (done = resolve)) };
    this.#nets.set(net, followed);
    this.#clock.after(CATCH_UP_MS, done);
    void this.#run(net, followed, done);
    return followed;
  }

  async #run(net: string, followed: Followed, caughtUp: () => void): Promise<void> {
    let [after, seq] = [0, 0];
    while (!this.#stopping.aborted) {
      try {
        const { last } = await this.#broker.log(net).bounds();
        if (after >= last) caughtUp();
        for await (const entry of this.#broker.log(net).follow(after, this.#stopping)) {
          after = entry.sequence;
          for (const event of entry.events) {
            if (event.seq <= seq) continue;
            seq = event.seq;
            this.#take(event, followed);
          }
          if (after >= last) caughtUp();
        }
      } catch (error) {
        this.#logger.warn({ net, error: String(error) }, "a log could not be followed for its sums; again in a second");
      }
      if (!this.#stopping.aborted) await new Promise<void>((resolve) => this.#clock.after(AGAIN_MS, resolve));
    }
    caughtUp();
  }

  #take(event: NetEvent, { paid }: Followed): void {
    const { net, ts, seq, persona, transition, firing, model } = event;
    if (model)
      paid.push({
        ...{ net, ts, seq, model },
        ...(persona === undefined ? {} : { persona }),
        ...(transition === undefined ? {} : { transition }),
        ...(firing === undefined ? {} : { firing }),
      });
    for (const take of this.#takers) take(event);
  }
}
