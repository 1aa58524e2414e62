/**
 * The leases of nets as one master holds them. For liveness: an owner that cannot renew stops before its lease ends (E2).
 */
import type { Leases } from "../contract/broker.ts";
import { type Clock, delay } from "../contract/clock.ts";
import { Cancelled } from "../contract/errors.ts";
import type { Logger } from "../contract/logger.ts";

const LEASE_MARGIN = 0.9;

export interface NetLeasePorts {
  leases: Leases;
  clock: Clock;
  logger: Logger;
  name: string;
  leaseMs: number;
}

export class NetLeases {
  readonly #ports: NetLeasePorts;
  /** Renewals under way, by net: one that arrives after the lease was given back would take it again. */
  readonly #renewing = new Map<string, Promise<unknown>>();

  constructor(ports: NetLeasePorts) {
    this.#ports = ports;
  }

  /** Renews until it is stopped, by the call that it gives back; `lost` is called at most once. */
  keep(net: string, lost: (reason: string) => void): () => void {
    const { clock, leaseMs, logger } = this.#ports;
    const abort = new AbortController();
    const lose = (reason: string) => {
      if (!abort.signal.aborted) lost(reason);
      stop();
    };
    // The watch does not wait for an answer: a broker that is away answers nothing at all.
    const watch = () => clock.after(leaseMs * LEASE_MARGIN, () => lose("the lease could not be renewed in time"));
    let deadline = watch();
    const stop = () => {
      deadline.cancel();
      abort.abort(new Cancelled({ code: "stopped", message: "the term is over" }));
    };
    const keep = async () => {
      while (!abort.signal.aborted) {
        await delay(clock, leaseMs / 5, abort.signal);
        const asked = clock.now();
        const ok = await this.#renew(net);
        if (abort.signal.aborted) return;
        if (ok === false) return lose("another master holds the lease");
        // The lease runs from the broker's answer, which came after we asked.
        if (ok === true && clock.now() - asked < leaseMs * LEASE_MARGIN) {
          deadline.cancel();
          deadline = watch();
        }
      }
    };
    keep().catch((error: unknown) => {
      if (!abort.signal.aborted) logger.error({ err: error }, "the lease keeper ended");
    });
    return stop;
  }

  /** Null when the broker did not say. */
  #renew(net: string): Promise<boolean | null> {
    const { leases, name, leaseMs } = this.#ports;
    const renewing = (async () => {
      const ok = await leases.renew(net, name, leaseMs).catch(() => null);
      // A no is asked for once more: two writes at one moment may stand in each other's way.
      return ok === false ? await leases.acquire(net, name, leaseMs).catch(() => null) : ok;
    })();
    this.#renewing.set(net, renewing);
    return renewing.finally(() => {
      if (this.#renewing.get(net) === renewing) this.#renewing.delete(net);
    });
  }

  async giveBack(net: string): Promise<void> {
    await this.#renewing.get(net)?.catch(() => {});
    await this.#ports.leases.release(net, this.#ports.name).catch(() => {});
  }
}
