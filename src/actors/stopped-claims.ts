/** Attempts that an executor has the claim of though they are stopped by a kill: what it has to vouch for (K2). */
import type { NetState } from "../net/state.ts";
import { isStopped } from "../net/stopped.ts";

export interface StoppedClaim {
  firing: string;
  transition: string;
  attempt: number;
  executor: string;
  [key: string]: string | number;
}

export function stoppedClaims(state: NetState): StoppedClaim[] {
  return [...state.firings.values()].flatMap(({ firing, transition, attempt, claim, gate, persona }) =>
    claim && gate === null && (state.killed || isStopped(state, "persona", persona ?? undefined))
      ? [{ firing, transition, attempt, executor: claim.executor }]
      : [],
  );
}
