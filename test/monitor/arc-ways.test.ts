/** Arcs that lead over several layers go between the nodes that they pass, in every net that comes with Petrel. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isBack, pathThrough } from "../../src/monitor/net/arc-shape.ts";
import { graphOf, type NetDefinition } from "../../src/monitor/net/graph.ts";
import { layoutOf, SIZE } from "../../src/monitor/net/layout.ts";

const NETS = join(import.meta.dirname, "../../nets");
/** Of an arc's end at a node; a place has its name beneath its circle. */
const TOUCH = { place: 22, transition: SIZE.transition.height / 2, subnet: SIZE.subnet.height / 2 };

/** Points of a path of cubic curves. */
function along(path: string): { x: number; y: number }[] {
  const numbers = [...path.matchAll(/-?\d+(\.\d+)?(e-?\d+)?/g)].map(([text]) => Number(text));
  let [x0 = 0, y0 = 0] = numbers;
  const points = [];
  for (let at = 2; at + 5 < numbers.length; at += 6) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = numbers.slice(at, at + 6);
    for (let t = 0; t <= 1; t += 0.05) {
      const [a, b, c, d] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t ** 2, t ** 3];
      points.push({ x: a * x0 + b * x1 + c * x2 + d * x3, y: a * y0 + b * y1 + c * y2 + d * y3 });
    }
    [x0, y0] = [x3, y3];
  }
  return points;
}

test.each(readdirSync(NETS).filter((name) => name.endsWith(".json")))("%s", (name) => {
  const graph = graphOf(JSON.parse(readFileSync(join(NETS, name), "utf8")) as NetDefinition, new Set());
  const { spots, ways } = layoutOf(graph);
  const kinds = new Map(graph.nodes.map(({ id, kind }) => [id, kind]));
  const over: string[] = [];
  for (const { id, from, to } of graph.edges) {
    const way = ways.get(id) ?? [];
    const [source, target] = [spots.get(from), spots.get(to)];
    const [sourceKind, targetKind] = [kinds.get(from) ?? "place", kinds.get(to) ?? "place"];
    if (!source || !target || way.length < 2) continue;
    const ends = {
      ...{ sourceX: source.x + SIZE[sourceKind].width, sourceY: source.y + TOUCH[sourceKind] },
      ...{ targetX: target.x, targetY: target.y + TOUCH[targetKind] },
    };
    if (isBack(ends)) continue;
    const [path] = pathThrough(ends, way);
    for (const { x, y } of along(path))
      for (const node of graph.nodes) {
        const spot = spots.get(node.id);
        if (!spot || node.id === from || node.id === to) continue;
        const { width, height } = SIZE[node.kind];
        if (x > spot.x + 4 && x < spot.x + width - 4 && y > spot.y + 4 && y < spot.y + height - 4)
          over.push(`${from} to ${to} passes behind ${node.id}`);
      }
  }
  expect([...new Set(over)]).toEqual([]);
});
