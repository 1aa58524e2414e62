/**
 * How long an offer rests that does not suit the one who pulled it: hardly at first, so that it soon comes to the one whom it suits among
 * many. What has gone round, as when that one is busy, rests so long that all that lie there together come back so many times a second
 * and no more: to look at them all again and again would keep a processor busy. Each rests for a different time, so that they come back
 * one by one: whoever becomes free soon finds one.
 */
const FIRST_MS = 10;
const MOST_ALONE_MS = 250;
const ROUND = 20;
const LOOKS_A_SECOND = 150;
/** No longer: the last ones of many are not to wait for it when an executor has become free for them. */
const MOST_MS = 5000;
/** An offer that was not seen for so many of its rests is another's, or gone. */
const FORGOTTEN_RESTS = 1.5;
const SWEEP_MS = 1000;
/** Its multiples lie evenly between whole numbers. */
const GOLDEN = 0.618034;

export class RestingOffers {
  /** Number in the queue -> when it is forgotten, ms since the epoch. */
  readonly #known = new Map<string, number>();
  #sweptAt = 0;

  /** Milliseconds. `reply`: of the offer, `$JS.ACK.<stream>.<consumer>.<delivered>.<number>...`. */
  restOf(reply: string, now: number): number {
    const [delivered, id = ""] = reply.split(".").slice(4);
    const rest = this.#rest(Number(delivered), Number(id) || 0);
    this.#sweep(now);
    this.#known.set(id, now + FORGOTTEN_RESTS * Math.max(rest, MOST_ALONE_MS));
    return rest;
  }

  #rest(delivered: number, id: number): number {
    if (!(delivered > 0)) return MOST_ALONE_MS;
    const alone = Math.min(MOST_ALONE_MS, FIRST_MS * Math.ceil(delivered / ROUND));
    if (delivered <= ROUND) return alone;
    const share = 0.5 + ((id * GOLDEN) % 1);
    return Math.min(MOST_MS, Math.max(alone, share * ((1000 * this.#known.size) / LOOKS_A_SECOND)));
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [id, until] of this.#known) if (until < now) this.#known.delete(id);
  }
}
