/**
 * Whose turn it is among transitions that may all want to fire: the highest priority first, among equals the one whose last
 * firing began longest ago, so that nobody starves; the file's order decides between those that never fired. From the state
 * alone: another master would choose the same.
 */
import type { CompiledNet } from "./compiled-net.ts";
import type { NetState } from "./state.ts";

/** Undefined where there is nobody. Names that the net does not have come last. */
export function nextTurn(ids: Iterable<string>, net: CompiledNet, state: NetState): string | undefined {
  let best: string | undefined;
  let bestPriority = Number.NEGATIVE_INFINITY;
  let bestTurn = 0;
  for (const id of ids) {
    const priority = net.transitions.get(id)?.priority ?? Number.MIN_SAFE_INTEGER;
    const turn = state.turns.get(id) ?? 0;
    const isBetter =
      priority > bestPriority || (priority === bestPriority && (turn < bestTurn || (turn === bestTurn && isBefore(net, id, best))));
    if (best !== undefined && !isBetter) continue;
    best = id;
    bestPriority = priority;
    bestTurn = turn;
  }
  return best;
}

function isBefore(net: CompiledNet, id: string, other: string | undefined): boolean {
  return (net.transitions.get(id)?.order ?? 0) < (net.transitions.get(other ?? "")?.order ?? 0);
}
