/** An arc with its mode, and the tokens that go along it. */
import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { isBack, pathOver, pathThrough } from "./arc-shape.ts";
import { FLIGHT_MS, type Flight } from "./flights.ts";
import type { GraphEdge } from "./graph.ts";

export interface ArcData extends Record<string, unknown> {
  mode: GraphEdge["mode"];
  flights: Flight[];
  /** Between the nodes that it passes. */
  way: readonly { x: number; y: number }[];
}

const MODE_WORDS: Partial<Record<GraphEdge["mode"], string>> = { inhibit: "only while empty", reset: "empties" };

export function Arc({ id, data, label, markerEnd, ...ends }: EdgeProps & { data: ArcData }) {
  const back = isBack(ends);
  const [path, x, y] = back ? pathOver(ends) : data.way.length > 1 ? pathThrough(ends, data.way) : getBezierPath(ends);
  const words = MODE_WORDS[data.mode];
  const condition = [data.mode === "error" ? "on failure" : undefined, typeof label === "string" && label !== "" ? label : undefined]
    .filter(Boolean)
    .join(": ");
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={`arc ${data.mode}${back ? " back" : ""}`}
        {...(markerEnd === undefined ? {} : { markerEnd })}
      />
      {condition !== "" && (
        <path d={path} className="arc-touch">
          <title>{condition}</title>
        </path>
      )}
      {words !== undefined && (
        <text x={x} y={y - 4} className="arc-label" textAnchor="middle">
          {words}
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
