/** Answers that count as the same by the declared equality, each written in the way that is most frequent: classes are told by content. */
import { canonicalJson, type Json } from "../contract/json.ts";
import { agreement, type Equality, folded } from "../net/rule/agree.ts";
import { keyOf, labelsOf } from "./task.ts";

/** More different answers than this are not compared with each other. */
const MOST = 500;

/** Undefined: as they are. */
export function represented(targets: readonly (Json | undefined)[], equality: Equality): (Json | undefined)[] | undefined {
  if (typeof equality === "string" || "judge" in equality) return undefined;
  if ("text" in equality) return byKey(targets, foldedKey);
  if ("tolerance" in equality && targets.every((target) => typeof target === "number" || target === null || target === undefined))
    return nearest(targets, equality.tolerance);
  return compared(targets, equality);
}

function compared(targets: readonly (Json | undefined)[], equality: Equality): (Json | undefined)[] | undefined {
  const { values } = labelsOf(targets);
  if (values.length > MOST) return undefined;
  const chosen: (Json | undefined)[] = [];
  const known = new Map<string, Json | undefined>();
  for (const value of values) {
    const like = chosen.find((one) => agreement(equality, one, value) === "yes");
    if (like === undefined) chosen.push(value);
    known.set(keyOf(value), like ?? value);
  }
  return targets.map((target) => known.get(keyOf(target)));
}

function byKey(targets: readonly (Json | undefined)[], nameOf: (target: Json | undefined) => string): (Json | undefined)[] {
  const usual = new Map<string, Json | undefined>();
  // Most frequent first.
  for (const value of labelsOf(targets).values) if (!usual.has(nameOf(value))) usual.set(nameOf(value), value);
  return targets.map((target) => usual.get(nameOf(target)));
}

function foldedKey(target: Json | undefined): string {
  if (target === undefined) return keyOf(target);
  return canonicalJson(
    JSON.parse(JSON.stringify(target), (_, value: unknown) => (typeof value === "string" ? folded(value) : value)) as Json,
  );
}

/** Again and again the number that has most others within the tolerance: in what scatters around a value, that is near its middle. */
function nearest(targets: readonly (Json | undefined)[], tolerance: number): (Json | undefined)[] {
  const counts = new Map<number, number>();
  for (const target of targets) if (typeof target === "number") counts.set(target, (counts.get(target) ?? 0) + 1);
  let open = [...counts].sort(([one], [other]) => one - other);
  const written = new Map<number, number>();
  for (let round = 0; round < MOST && open.length > 0; round++) {
    const { from, to, at } = densest(open, tolerance);
    const [centre = 0] = open[at] ?? [];
    for (const [value] of open.slice(from, to)) written.set(value, centre);
    open = [...open.slice(0, from), ...open.slice(to)];
  }
  return targets.map((target) => (typeof target === "number" ? (written.get(target) ?? target) : target));
}

interface Neighbourhood {
  from: number;
  to: number;
  at: number;
}

/** Of sorted numbers with their counts: the one with the heaviest neighbourhood, and from where to where that goes; of several, the middle one. */
function densest(open: readonly [number, number][], tolerance: number): Neighbourhood {
  let heaviest = -1;
  let best: Neighbourhood[] = [];
  let [from, to, weight] = [0, 0, 0];
  for (const [at, [value]] of open.entries()) {
    for (; to < open.length && (to <= at || isNear(value, open[to]?.[0] ?? 0, tolerance)); to++) weight += open[to]?.[1] ?? 0;
    for (; from < at && !isNear(value, open[from]?.[0] ?? 0, tolerance); from++) weight -= open[from]?.[1] ?? 0;
    if (weight > heaviest) best = [];
    if (weight >= heaviest && (best.length === 0 || best.at(-1)?.from === from)) best.push({ from, to, at });
    heaviest = Math.max(heaviest, weight);
  }
  return best[Math.floor(best.length / 2)] ?? { from: 0, to: open.length, at: 0 };
}

const isNear = (one: number, other: number, tolerance: number): boolean => agreement({ tolerance }, one, other) === "yes";
