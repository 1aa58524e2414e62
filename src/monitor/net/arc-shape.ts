/** The way of an arc: between the nodes that it passes, and, where it leads back, over the others, so that rework is seen as such. Pure. */
export interface Ends {
  sourceX: number;
  sourceY: number;
  targetX: number;
  targetY: number;
}

const REACH = 40;

export const isBack = ({ sourceX, targetX }: Ends): boolean => targetX < sourceX;

/** The highest that it comes; smaller is higher. */
export function topOf({ sourceX, sourceY, targetX, targetY }: Ends): number {
  return Math.min(sourceY, targetY) - 46 - Math.min(170, (sourceX - targetX) * 0.2);
}

/** Through points between other nodes, from left to right, level at each; as an SVG path, and its middle. */
export function pathThrough(
  { sourceX, sourceY, targetX, targetY }: Ends,
  points: readonly { x: number; y: number }[],
): [string, number, number] {
  const stops = [...points.filter(({ x }) => x > sourceX && x < targetX), { x: targetX, y: targetY }];
  let path = `M ${sourceX},${sourceY}`;
  let from = { x: sourceX, y: sourceY };
  for (const to of stops) {
    const half = (from.x + to.x) / 2;
    path += ` C ${half},${from.y} ${half},${to.y} ${to.x},${to.y}`;
    from = to;
  }
  const middle = stops[Math.floor((stops.length - 1) / 2)] ?? from;
  return [path, middle.x, middle.y];
}

/** As an SVG path, and its middle. */
export function pathOver(ends: Ends): [path: string, x: number, y: number] {
  const { sourceX, sourceY, targetX, targetY } = ends;
  const top = topOf(ends);
  const middle = (sourceX + targetX) / 2;
  const path = `M ${sourceX},${sourceY} C ${sourceX + REACH},${top} ${sourceX - REACH},${top} ${middle},${top} S ${targetX - REACH},${top} ${targetX},${targetY}`;
  return [path, middle, top];
}
