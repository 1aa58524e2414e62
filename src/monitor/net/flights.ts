/** Tokens on their way: for each firing, the arcs that its tokens go along, for a moment. */
import type { NetEvent } from "../../contract/event.ts";
import type { GraphEdge } from "./graph.ts";

export interface Flight {
  key: string;
  edge: string;
  error: boolean;
}
export const FLIGHT_MS = 900;
const MOST = 40;

/** Ids of the arcs that an event's tokens take, of those that are drawn. */
export function flightsOf(event: NetEvent, edges: readonly Pick<GraphEdge, "id" | "from" | "to" | "mode">[]): Flight[] {
  const { transition, type, seq } = event;
  if (transition === undefined || !["fired", "started", "failed", "sent", "expired"].includes(type)) return [];
  const box = `transition:${transition}`;
  const error = type === "failed" || type === "expired";
  const [ins, outs] = [
    new Set((event.consumed ?? []).map(({ place }) => `place:${place}`)),
    new Set((event.produced ?? []).map(({ place }) => `place:${place}`)),
  ];
  const begins = type === "started" || event.attempt === undefined || (type === "fired" && event.durationMs === undefined);
  return edges
    .filter(({ from, to, mode }) => (to === box && ins.has(from) && (begins || mode === "return")) || (from === box && outs.has(to)))
    .slice(0, MOST)
    .map(({ id }) => ({ key: `${seq} ${id}`, edge: id, error }));
}
