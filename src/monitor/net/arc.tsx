/** An arc with its mode, and the tokens that go along it. */
import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { FLIGHT_MS, type Flight } from "./flights.ts";
import type { GraphEdge } from "./graph.ts";

export interface ArcData extends Record<string, unknown> {
  mode: GraphEdge["mode"];
  flights: Flight[];
}

const MODE_WORDS: Partial<Record<GraphEdge["mode"], string>> = { inhibit: "only while empty", reset: "empties" };

export function Arc({ id, data, label, markerEnd, ...ends }: EdgeProps & { data: ArcData }) {
  const { sourceX, sourceY, targetX, targetY } = ends;
  const back = targetX < sourceX;
  const [path, x, y] = back ? over({ sourceX, sourceY, targetX, targetY }) : getBezierPath(ends);
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

/** What leads back goes over the others, the higher the further: rework is seen as such. */
function over({
  sourceX,
  sourceY,
  targetX,
  targetY,
}: {
  sourceX: number;
  sourceY: number;
  targetX: number;
  targetY: number;
}): [string, number, number] {
  const top = Math.min(sourceY, targetY) - 46 - Math.min(170, (sourceX - targetX) * 0.2);
  const reach = 40;
  const path = `M ${sourceX},${sourceY} C ${sourceX + reach},${top} ${sourceX - reach},${top} ${(sourceX + targetX) / 2},${top} S ${targetX - reach},${top} ${targetX},${targetY}`;
  return [path, (sourceX + targetX) / 2, top];
}
