/** Leases of nets: memory entries with a life of their own. For liveness; safety rests on the log's compare-and-swap. */
import type { Leases } from "../contract/broker.ts";
import { buckets } from "../contract/subjects.ts";
import { lastToken } from "./answering.ts";
import { Bucket } from "./bucket.ts";
import { apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { backoffMs, pause } from "./retry.ts";

const CLASHES = 5;

export class JetStreamLeases implements Leases {
  readonly #link: Link;
  readonly #bucket: Bucket;

  constructor(link: Link, keeping: Keeping) {
    this.#link = link;
    this.#bucket = new Bucket(link, buckets.leases, { ...keeping, description: "Who owns which net at the moment", entryTtl: true });
  }

  async acquire(net: string, owner: string, ttlMs: number, gone?: ReadonlySet<string>): Promise<boolean> {
    for (let round = 0; ; round++) {
      try {
        return await this.#tryAcquire(net, owner, ttlMs, gone);
      } catch (error) {
        // On three servers two who ask at one moment may both be turned away before either is stored: look again.
        if (round >= CLASHES || !isApiCode(error, apiCodes.wrongLastSequenceUnknown)) throw error;
        await pause(this.#link.clock, backoffMs(round));
      }
    }
  }

  async #tryAcquire(net: string, owner: string, ttlMs: number, gone?: ReadonlySet<string>): Promise<boolean> {
    const held = await this.#bucket.get(net);
    const holder = held ? ownerOf(held.data) : owner;
    if (holder !== owner && !gone?.has(holder)) return false;
    // A put without a TTL would make the lease live for ever, so each renewal names it again.
    return (await this.#bucket.put(net, owner, { expected: held?.seq ?? 0, ttlMs })) !== null;
  }

  /** A lease that is gone and that nobody took is taken again: after a restart of the broker all memory entries are gone. */
  renew(net: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.acquire(net, owner, ttlMs);
  }

  async release(net: string, owner: string): Promise<void> {
    const held = await this.#bucket.get(net);
    if (held && ownerOf(held.data) === owner) await this.#bucket.remove(held.seq);
  }

  async all(): Promise<Map<string, string>> {
    const held = await this.#bucket.list(">");
    return new Map(held.map(({ subject, data }) => [lastToken(subject), ownerOf(data)]));
  }
}

const ownerOf = (data: Uint8Array) => new TextDecoder().decode(data);
