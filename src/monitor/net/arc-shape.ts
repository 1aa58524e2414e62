/** The way of an arc that leads back: over the others, the higher the further, so that rework is seen as such. Pure. */
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

/** As an SVG path, and its middle. */
export function pathOver(ends: Ends): [path: string, x: number, y: number] {
  const { sourceX, sourceY, targetX, targetY } = ends;
  const top = topOf(ends);
  const middle = (sourceX + targetX) / 2;
  const path = `M ${sourceX},${sourceY} C ${sourceX + REACH},${top} ${sourceX - REACH},${top} ${middle},${top} S ${targetX - REACH},${top} ${targetX},${targetY}`;
  return [path, middle, top];
}
