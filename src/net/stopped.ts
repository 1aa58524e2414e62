/** What of a net is stopped by a kill while the rest goes on: personas and executors. */
import type { NetState } from "./state.ts";

export type StoppedKind = "persona" | "executor";

export function isStopped(state: NetState, kind: StoppedKind, name: string | undefined): boolean {
  return name !== undefined && (state.stopped?.includes(`${kind}:${name}`) ?? false);
}

/** Names of a kind. */
export function stoppedOf(state: NetState, kind: StoppedKind): string[] {
  return (state.stopped ?? []).flatMap((key) => (key.startsWith(`${kind}:`) ? [key.slice(kind.length + 1)] : []));
}

/** Changes the state. Nothing stopped is no field: a state that never knew a kill is what it always was. */
export function markStopped(state: NetState, kind: StoppedKind, name: string, on: boolean): void {
  const rest = (state.stopped ?? []).filter((key) => key !== `${kind}:${name}`);
  const stopped = on ? [...rest, `${kind}:${name}`].sort() : rest;
  if (stopped.length > 0) state.stopped = stopped;
  else delete state.stopped;
}
