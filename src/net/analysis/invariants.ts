/**
 * Minimal semi-positive invariants by Farkas' algorithm. A place invariant is a weighted sum of tokens that no firing
 * changes; a transition invariant says how often each must fire to come back to the same marking.
 */
import type { Watch } from "./limits.ts";
import { effectOf, type PetriNet } from "./petri-net.ts";

/** Weights by place or transition, all positive; what has weight 0 is left out. */
export type Invariant = Map<number, number>;

export interface Invariants {
  places: Invariant[];
  transitions: Invariant[];
  /** False where there were too many to list, or no time was left. */
  complete: boolean;
}

/** Rows of the tableau; their number can grow exponentially with the net. */
const MOST_ROWS = 600;

export function invariantsOf(net: PetriNet, watch: Watch = () => null): Invariants {
  const effects = net.transitions.map(effectOf);
  // What an emptied place loses is not known: no sum over it holds.
  const emptied = new Set(net.transitions.flatMap(({ reset }) => reset));
  const places = farkas(
    net.places.map((_, place) => (emptied.has(place) ? null : new Map(column(effects, place)))),
    net.transitions.length,
    watch,
  );
  const transitions = farkas(
    net.transitions.map(({ reset }, at) => (reset.length > 0 ? null : (effects[at] as Map<number, number>))),
    net.places.length,
    watch,
  );
  return { places: places ?? [], transitions: transitions ?? [], complete: places !== null && transitions !== null };
}

/** The bound that the invariants prove for each place; null where they prove none. */
export function boundsOf(net: PetriNet, invariants: readonly Invariant[]): (number | null)[] {
  return net.places.map((_, place) => {
    const proofs = invariants.flatMap((one) => {
      const weight = one.get(place);
      return weight === undefined ? [] : [Math.floor(sumOf(net, one) / weight)];
    });
    return proofs.length === 0 ? null : Math.min(...proofs);
  });
}

/** The weighted sum in the initial marking, and so in every one. */
export function sumOf(net: PetriNet, invariant: Invariant): number {
  let sum = 0;
  for (const [place, weight] of invariant) sum += weight * (net.places[place]?.initial ?? 0);
  return sum;
}

function column(effects: readonly Map<number, number>[], place: number): [number, number][] {
  return effects.flatMap((effect, transition): [number, number][] => {
    const change = effect.get(place);
    return change === undefined ? [] : [[transition, change]];
  });
}

interface Row {
  /** What is still to become zero, by column. */
  left: Map<number, number>;
  weights: Invariant;
}

/** Null when there are too many, or no time is left. */
function farkas(matrix: (Map<number, number> | null)[], columns: number, watch: Watch): Invariant[] | null {
  let rows: Row[] = matrix.flatMap((left, at): Row[] => (left === null ? [] : [{ left, weights: new Map([[at, 1]]) }]));
  const open = new Set(Array.from({ length: columns }, (_, at) => at));
  while (open.size > 0) {
    const next = cheapest(open, rows);
    open.delete(next);
    const up = rows.filter(({ left }) => (left.get(next) ?? 0) > 0);
    const down = rows.filter(({ left }) => (left.get(next) ?? 0) < 0);
    if (up.length * down.length > MOST_ROWS * 4) return null;
    const rest = rows.filter(({ left }) => !left.has(next));
    const fewer = minimal([...rest, ...up.flatMap((one) => down.map((other) => cancelled(one, other, next)))], watch);
    if (fewer === null || fewer.length > MOST_ROWS) return null;
    rows = fewer;
  }
  const all = rows.flatMap(({ weights }) => [...weights.values()]);
  return all.every(Number.isSafeInteger) ? rows.map(({ weights }) => new Map([...weights].sort(([a], [b]) => a - b))) : null;
}

/** The column that makes the fewest new rows. */
function cheapest(open: ReadonlySet<number>, rows: readonly Row[]): number {
  const signs = new Map<number, [number, number]>();
  for (const { left } of rows) {
    for (const [at, value] of left) {
      const sign = signs.get(at) ?? [0, 0];
      sign[value > 0 ? 0 : 1] += 1;
      signs.set(at, sign);
    }
  }
  let best = -1;
  let cost = Number.POSITIVE_INFINITY;
  for (const at of open) {
    const [up, down] = signs.get(at) ?? [0, 0];
    if (up * down - up - down >= cost) continue;
    best = at;
    cost = up * down - up - down;
  }
  return best;
}

function cancelled(up: Row, down: Row, at: number): Row {
  const a = -(down.left.get(at) as number);
  const b = up.left.get(at) as number;
  const left = sum(up.left, a, down.left, b);
  const weights = sum(up.weights, a, down.weights, b);
  const divisor = [...left.values(), ...weights.values()].reduce((one, value) => gcd(one, Math.abs(value)), 0);
  for (const map of [left, weights]) for (const [key, value] of map) map.set(key, value / divisor);
  return { left, weights };
}

function sum(one: Map<number, number>, a: number, other: Map<number, number>, b: number): Map<number, number> {
  const result = new Map<number, number>();
  for (const [key, value] of one) result.set(key, a * value);
  for (const [key, value] of other) {
    const total = (result.get(key) ?? 0) + b * value;
    if (total === 0) result.delete(key);
    else result.set(key, total);
  }
  return result;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Drops every row whose support holds another's. Null when no time is left. */
function minimal(rows: Row[], watch: Watch): Row[] | null {
  const bySize = [...rows].sort((a, b) => a.weights.size - b.weights.size);
  const kept: Row[] = [];
  for (const row of bySize) {
    if (watch(0) !== null) return null;
    if (!kept.some(({ weights }) => [...weights.keys()].every((key) => row.weights.has(key)))) kept.push(row);
  }
  return kept;
}
