/** Where things stand: layers from left to right, by dagre. What leads back or away on failure has no say in it. */
import dagre from "@dagrejs/dagre";
import { isBack, topOf } from "./arc-shape.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { leadsBack, roundsOf } from "./rounds.ts";

export interface Spot {
  x: number;
  y: number;
}
export const SIZE: Record<GraphNode["kind"], { width: number; height: number }> = {
  place: { width: 72, height: 80 },
  transition: { width: 124, height: 64 },
  subnet: { width: 150, height: 84 },
};

export interface Layout {
  /** Upper left corners by id of the node. */
  spots: Map<string, Spot>;
  /** By id of the arc, from left to right: where one that leads past other nodes goes between them. */
  ways: Map<string, Spot[]>;
}

export function layoutOf(graph: Graph): Layout {
  const { nodes, edges } = graph;
  const rounds = roundsOf(graph);
  const drawing = new dagre.graphlib.Graph({ multigraph: true })
    .setGraph({ rankdir: "LR", nodesep: 40, ranksep: 26, marginx: 10, marginy: 10 })
    .setDefaultEdgeLabel(() => ({}));
  for (const { id, kind } of nodes) drawing.setNode(id, { ...SIZE[kind] });
  const ruling = edges.filter((edge) => edge.mode !== "error" && !leadsBack(edge, rounds));
  for (const { id, from, to, mode } of ruling) drawing.setEdge(from, to, { weight: mode === "read" ? 1 : 3 }, id);
  // A place that only failures reach stands behind the last that leads there.
  for (const { id } of nodes) {
    const [first] = edges.filter(({ to }) => to === id).sort((a, b) => (rounds.get(b.from) ?? 0) - (rounds.get(a.from) ?? 0));
    if (first && !ruling.some(({ to, from }) => to === id || from === id)) drawing.setEdge(first.from, id, { weight: 0 }, `${first.id} `);
  }
  dagre.layout(drawing);
  const spots = new Map(
    nodes.map(({ id, kind }) => {
      const { x, y } = drawing.node(id) as Spot;
      return [id, { x: x - SIZE[kind].width / 2, y: y - SIZE[kind].height / 2 }];
    }),
  );
  const ways = new Map(ruling.map(({ id, from, to }) => [id, (drawing.edge(from, to, id) as { points: Spot[] }).points.slice(1, -1)]));
  return { spots, ways };
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
/** Where arcs meet a node, from its upper edge: a place has its name beneath. */
const TOUCH: Record<GraphNode["kind"], number> = { place: 22, transition: SIZE.transition.height / 2, subnet: SIZE.subnet.height / 2 };
/** Line, mark and title around what is drawn. */
const MARGIN = 14;

/** All that is drawn, the arcs that lead back over it too. */
export function boundsOf({ nodes, edges }: Graph, { spots, ways }: Layout): Box {
  const boxes = new Map(nodes.map(({ id, kind }) => [id, { ...(spots.get(id) ?? { x: 0, y: 0 }), ...SIZE[kind], touch: TOUCH[kind] }]));
  const tops = edges.flatMap(({ from, to }) => {
    const [source, target] = [boxes.get(from), boxes.get(to)];
    if (!source || !target) return [];
    const ends = {
      ...{ sourceX: source.x + source.width, sourceY: source.y + source.touch },
      ...{ targetX: target.x, targetY: target.y + target.touch },
    };
    return isBack(ends) ? [topOf(ends)] : [];
  });
  const all = [...boxes.values()];
  const passed = [...ways.values()].flat().map(({ y }) => y);
  const left = Math.min(...all.map(({ x }) => x)) - MARGIN;
  const top = Math.min(...all.map(({ y }) => y), ...tops, ...passed) - MARGIN;
  const right = Math.max(...all.map(({ x, width }) => x + width)) + MARGIN;
  const bottom = Math.max(...all.map(({ y, height }) => y + height), ...passed) + MARGIN;
  return all.length === 0 ? { x: 0, y: 0, width: 1, height: 1 } : { x: left, y: top, width: right - left, height: bottom - top };
}
