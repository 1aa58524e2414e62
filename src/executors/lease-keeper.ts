/**
 * Keeps the lease of one attempt.
 * L1 The lease counts from before the question was sent: we never believe in more time than the owner gave.
 * L2 The attempt is ended when the owner says that it is gone, and when one lease has passed without an answer.
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
    watchdog?.cancel();
    const left = Math.max(0, since + leaseMs - parts.clock.now());
    watchdog = parts.clock.after(left, () => lose("lease-out", `no answer from the owner for one lease (${leaseMs} ms)`));
    next?.cancel();
    next = parts.clock.after(leaseMs / 3, () => void renew(leaseMs));
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
      next = parts.clock.after(Math.min(1000, leaseMs / 6), () => void renew(leaseMs));
    }
  };
  arm(parts.since, parts.leaseMs);
  return { stop };
}
