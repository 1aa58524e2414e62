/** An arc with its mode, and the tokens that go along it. */
import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { FLIGHT_MS, type Flight } from "./flights.ts";
import type { GraphEdge } from "./graph.ts";

export interface ArcData extends Record<string, unknown> {
  mode: GraphEdge["mode"];
  flights: Flight[];
}

const MODE_WORDS: Partial<Record<GraphEdge["mode"], string>> = {
  read: "reads",
  inhibit: "only while empty",
  reset: "empties",
  error: "on failure",
};

export function Arc({ id, data, label, markerEnd, ...ends }: EdgeProps & { data: ArcData }) {
  const [path, x, y] = getBezierPath(ends);
  const words = [MODE_WORDS[data.mode], typeof label === "string" && label !== "" ? label : undefined].filter(Boolean).join(": ");
  return (
    <>
      <BaseEdge id={id} path={path} className={`arc ${data.mode}`} {...(markerEnd === undefined ? {} : { markerEnd })} />
      {words !== "" && (
        <text x={x} y={y - 4} className="arc-label" textAnchor="middle">
          {words.length > 26 ? `${words.slice(0, 25)}…` : words}
          <title>{words}</title>
        </text>
      )}
      {data.flights.map(({ key, error }) => (
        <circle key={key} r="6" className={error ? "token failed" : "token"}>
          <animateMotion dur={`${FLIGHT_MS}ms`} path={path} fill="freeze" />
        </circle>
      ))}
    </>
  );
}
