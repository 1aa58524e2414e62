/** Where things stand: layers from left to right, by dagre. */
import dagre from "@dagrejs/dagre";
import type { Graph, GraphNode } from "./graph.ts";

export interface Spot {
  x: number;
  y: number;
}
export const SIZE: Record<GraphNode["kind"], { width: number; height: number }> = {
  place: { width: 120, height: 92 },
  transition: { width: 132, height: 66 },
  subnet: { width: 150, height: 84 },
};

/** Upper left corners by id. */
export function layoutOf({ nodes, edges }: Graph): Map<string, Spot> {
  const drawing = new dagre.graphlib.Graph({ multigraph: true })
    .setGraph({ rankdir: "LR", nodesep: 26, ranksep: 62, marginx: 20, marginy: 20 })
    .setDefaultEdgeLabel(() => ({}));
  for (const { id, kind } of nodes) drawing.setNode(id, { ...SIZE[kind] });
  for (const { id, from, to, mode } of edges) drawing.setEdge(from, to, { weight: mode === "error" ? 1 : mode === "read" ? 1 : 3 }, id);
  dagre.layout(drawing);
  return new Map(
    nodes.map(({ id, kind }) => {
      const { x, y } = drawing.node(id) as Spot;
      return [id, { x: x - SIZE[kind].width / 2, y: y - SIZE[kind].height / 2 }];
    }),
  );
}
