/**
 * Requests of a client, counted on the broker for all gateways together.
 *
 * R1 No request waits for the broker: a gateway counts by itself and adds its count to the shared one every quarter of a second, so a
 *    client may go over by what the gateways serve in that time. R2 Windows begin at whole multiples of their length, so all gateways
 *    speak of the same one. R3 A broker that does not answer lets requests in: what it would refuse, the routes refuse.
 */
import type { Clock, Timer } from "../../contract/clock.ts";
import { Retryable } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import type { Quotas } from "../../contract/quotas.ts";
import { requestsRecord } from "./records.ts";

export const WINDOW_MS = 10_000;
/** For each client, in a second: far above what the monitor and its guests ask on one machine. */
export const REQUESTS_PER_SECOND = 2000;
export const TELL_MS = 250;

interface Counted {
  window: number;
  /** Of all gateways, as last heard; and those here that are not in it yet. */
  shared: number;
  own: number;
}

export class RateLimit {
  readonly #quotas: Quotas;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #counted = new Map<string, Counted>();
  #telling: Timer | null = null;
  #closed = false;

  /** `perSecond`: for each client, over a window of ten seconds. */
  constructor(quotas: Quotas, clock: Clock, perSecond = REQUESTS_PER_SECOND) {
    this.#quotas = quotas;
    this.#clock = clock;
    this.#most = Math.max(1, Math.round((perSecond * WINDOW_MS) / 1000));
  }

  /** Counts one request. Errors: Retryable `rate_limit_exceeded` with `retryAfterMs`. */
  take(client: string): void {
    const now = this.#clock.now();
    const window = Math.floor(now / WINDOW_MS);
    const known = this.#counted.get(client);
    const counted = known?.window === window ? known : { window, shared: 0, own: 0 };
    if (counted !== known) this.#counted.set(client, counted);
    if (counted.shared + counted.own >= this.#most) throw tooMany(this.#most, (window + 1) * WINDOW_MS - now);
    counted.own += 1;
    if (!this.#closed) this.#telling ??= this.#clock.after(TELL_MS, () => void this.#tell());
  }

  close(): void {
    this.#closed = true;
    this.#telling?.cancel();
  }

  /** R1. */
  async #tell(): Promise<void> {
    const window = Math.floor(this.#clock.now() / WINDOW_MS);
    for (const [client, counted] of this.#counted) {
      if (counted.window !== window) this.#counted.delete(client);
      else if (counted.own > 0) await this.#add(client, counted).catch(() => undefined);
    }
    this.#telling = null;
    const left = [...this.#counted.values()].some(({ own }) => own > 0);
    if (left && !this.#closed) this.#telling ??= this.#clock.after(TELL_MS, () => void this.#tell());
  }

  async #add(client: string, counted: Counted): Promise<void> {
    const told = counted.own;
    counted.shared = await this.#quotas.change(`requests.${sha256(client).slice(0, 32)}`, (before) => {
      const record = requestsRecord.safeParse(before).data;
      const count = (record?.window === counted.window ? record.count : 0) + told;
      return { after: { window: counted.window, count }, result: count };
    });
    counted.own -= told;
  }
}

function tooMany(most: number, leftMs: number): Retryable {
  const retryAfterMs = Math.max(1000, leftMs);
  return new Retryable({
    code: "rate_limit_exceeded",
    message: `this client has sent ${most} requests within ${WINDOW_MS / 1000} seconds`,
    hint: `try again in ${Math.ceil(retryAfterMs / 1000)} s`,
    retryAfterMs,
  });
}
