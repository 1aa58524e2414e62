/**
 * Keeps the lease of one attempt.
 * L1 The lease counts from before the question was sent: we never believe in more time than the owner gave.
 * L2 The attempt is ended when the owner says that it is gone, and when one lease has passed without an answer.
 * L3 A time in which this process stood still (frozen, or the machine slept) is no silence of the owner: it is asked for one lease
 * more, as the owner gives every claim a full one after its own. If another has the attempt by then, the first answer says so.
 */
import type { Clock, Timer } from "../contract/clock.ts";
import type { ClaimAnswer, ClaimVerb } from "../contract/envelope.ts";
import { Cancelled, errorData } from "../contract/errors.ts";
import type { Logger } from "../contract/logger.ts";

export interface LeaseKeeper {
  stop(): void;
}

export function keepLease(parts: {
  clock: Clock;
  ask: (verb: ClaimVerb) => Promise<ClaimAnswer>;
  leaseMs: number;
  /** When the claim was asked for. */
  since: number;
  lose: (reason: Cancelled) => void;
  logger: Logger;
}): LeaseKeeper {
  let stopped = false;
  let watchdog: Timer | null = null;
  let next: Timer | null = null;
  /** When the attempt ends without a further answer. */
  let due = 0;

  const stop = () => {
    stopped = true;
    watchdog?.cancel();
    next?.cancel();
  };
  const lose = (code: string, message: string) => {
    if (stopped) return;
    stop();
    parts.lose(new Cancelled({ code, message }));
  };
  const arm = (since: number, leaseMs: number) => {
    due = Math.max(due, since + leaseMs);
    watch(leaseMs);
    next?.cancel();
    next = parts.clock.after(leaseMs / 3, () => void renew(leaseMs));
  };
  /** Looks more often than once a lease: a standstill is seen by it, however little of it lies behind the end of the lease. */
  const watch = (leaseMs: number) => {
    watchdog?.cancel();
    const wait = Math.max(0, Math.min(due - parts.clock.now(), leaseMs / 6));
    const look = parts.clock.now() + wait;
    watchdog = parts.clock.after(wait, () => {
      const now = parts.clock.now();
      // L3. So much later than set is no load.
      if (now - look > leaseMs / 2) arm(now, leaseMs);
      else if (now < due) watch(leaseMs);
      else lose("lease-out", `no answer from the owner for one lease (${leaseMs} ms)`);
    });
  };
  const renew = async (leaseMs: number): Promise<void> => {
    const asked = parts.clock.now();
    try {
      const answer = await parts.ask("renew");
      if (stopped) return;
      if (answer.ok) arm(asked, answer.leaseMs);
      else lose("attempt-gone", `the owner says: ${answer.code}, ${answer.message}`);
    } catch (error) {
      if (stopped) return;
      parts.logger.warn({ error: errorData(error) }, "the lease could not be renewed yet");
      next?.cancel();
      next = parts.clock.after(Math.min(1000, leaseMs / 6), () => void renew(leaseMs));
    }
  };
  arm(parts.since, parts.leaseMs);
  return { stop };
}
