/**
 * In which round of a first run each place is filled and each transition can fire, so that the drawing runs from left to right as the
 * work does: a transition fires when all that it consumes may be there. Arcs that lead back to an earlier round are rework. Pure.
 */
import type { Graph } from "./graph.ts";

/** By node id, from 0. What a first run never reaches stands in the round after the last. */
export function roundsOf({ nodes, edges }: Graph): Map<string, number> {
  const rounds = new Map<string, number>();
  const isPlace = new Set(nodes.filter(({ kind }) => kind === "place").map(({ id }) => id));
  const forward = edges.filter(({ mode }) => !["error", "inhibit", "reset", "return"].includes(mode));
  const ins = grouped(forward, "to");
  for (const id of isPlace) if (!ins.has(id)) rounds.set(id, 0);
  let round = 0;
  for (; rounds.size < nodes.length; round++) {
    const ready = nodes.filter(({ id }) => {
      if (rounds.has(id)) return false;
      const before = ins.get(id) ?? [];
      return isPlace.has(id) ? before.some(({ from }) => rounds.has(from)) : before.every(({ from }) => rounds.has(from));
    });
    // A circle that nothing leads into, like an inbox to which work comes back, begins with its first place.
    const begun = ready.length > 0 ? ready : nodes.filter(({ id, kind }) => kind === "place" && !rounds.has(id)).slice(0, 1);
    if (begun.length === 0) break;
    for (const { id } of begun) rounds.set(id, round + 1);
  }
  for (const { id } of nodes) if (!rounds.has(id)) rounds.set(id, round + 1);
  return rounds;
}

/** Whether an arc leads to something that was there earlier. */
export function leadsBack({ from, to }: { from: string; to: string }, rounds: ReadonlyMap<string, number>): boolean {
  return (rounds.get(to) ?? 0) <= (rounds.get(from) ?? 0);
}

function grouped(edges: Graph["edges"], end: "from" | "to"): Map<string, Graph["edges"]> {
  const groups = new Map<string, Graph["edges"]>();
  for (const edge of edges) {
    const known = groups.get(edge[end]);
    if (known) known.push(edge);
    else groups.set(edge[end], [edge]);
  }
  return groups;
}
