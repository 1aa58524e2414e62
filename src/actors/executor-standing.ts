/**
 * Executors that take work and let it lapse, as one master sees them, over all of its nets.
 * S1 What counts is a claim of which nothing came: its lease ran out, it was given back, its executor began anew, or it was held for
 *    longer than its work may take. A result of any kind, or a tool's answer, begins the count anew.
 *    What one gives back that is being stopped or whose disk is full counts as nothing, up to five times in a lease: who claims in order to stop is no honest one.
 *    While two processes have one name, what is given back so does not count: it is the one's that was told to end, and the other has the name.
 * S2 Claims that stood when one lapsed do not count again: a cut wire costs an executor many at once, and is one mishap.
 * S3 Who has let three in a row lapse gets nothing for a lease; with each more twice as long, an hour at most.
 * S4 An executor that dies again by the same work has let nothing lapse: it is the work's doing. So it is with all work of a transition of
 *    which some was found to kill its executors within the last hour.
 */
import { ExecutorStarts } from "./executor-starts.ts";

const IN_A_ROW = 3;
const DRAINS_A_LEASE = 5;
const LONGEST_MS = 3_600_000;
/** S4 */
const REMEMBERED_MS = 3_600_000;

export interface HoldOff {
  /** Claims in a row of which nothing came. */
  lapsed: number;
  /** Milliseconds since the epoch. */
  until: number;
}

export class ExecutorStanding {
  readonly starts = new ExecutorStarts();
  readonly #leaseMs: number;
  readonly #drains = new Map<string, { count: number; since: number; lastAt: number }>();
  readonly #known = new Map<string, { lapsed: number; lastAt: number; until: number }>();

  /** `net/transition` -> when work of it was found to kill its executors. */
  readonly #killing = new Map<string, number>();

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** S4. `kind`: `net/transition`. `died`: the executors that did. */
  kills(kind: string, died: Iterable<string>, now: number): void {
    this.#killing.set(kind, now);
    for (const [other, at] of this.#killing) if (now - at > REMEMBERED_MS) this.#killing.delete(other);
    for (const executor of died) this.worked(executor);
  }

  isKilling(kind: string, now: number): boolean {
    return now - (this.#killing.get(kind) ?? Number.NEGATIVE_INFINITY) <= REMEMBERED_MS;
  }

  /** A claim of this time came to nothing. What follows from it, or null. */
  lapsed(executor: string, claimedAt: number, now: number): HoldOff | null {
    const before = this.#known.get(executor) ?? { lapsed: 0, lastAt: Number.NEGATIVE_INFINITY, until: 0 };
    if (claimedAt < before.lastAt) return null; // S2
    const lapsed = before.lapsed + 1;
    const until = lapsed < IN_A_ROW ? 0 : now + Math.min(LONGEST_MS, this.#leaseMs * 2 ** (lapsed - IN_A_ROW)); // S3
    this.#known.set(executor, { lapsed, lastAt: now, until });
    return until > 0 ? { lapsed, until } : null;
  }

  /** A claim of this time was given back since the executor is being stopped. False when it has done so too often, and it is to count (S1). */
  drained(executor: string, claimedAt: number, now: number): boolean {
    if (this.starts.isDoubled(executor, now, this.#leaseMs)) return true;
    const known = this.#drains.get(executor);
    const before = known && now - known.since <= this.#leaseMs ? known : { count: 0, since: now, lastAt: Number.NEGATIVE_INFINITY };
    // One drain gives back all that stood.
    const isSame = claimedAt < before.lastAt;
    const drains = isSame ? before : { ...before, count: before.count + 1, lastAt: now };
    this.#drains.set(executor, drains);
    return drains.count <= DRAINS_A_LEASE;
  }

  /** S1 */
  worked(executor: string): void {
    this.#known.delete(executor);
  }

  /** Null while it may have work. */
  heldUntil(executor: string, now: number): number | null {
    const until = this.#known.get(executor)?.until ?? 0;
    return now < until ? until : null;
  }
}
