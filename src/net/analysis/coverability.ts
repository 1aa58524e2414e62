/**
 * Boundedness by a coverability tree (Karp and Miller): where a marking covers an ancestor, what grew between them can
 * grow for ever, and counts as omega from there on. Places with a capacity must have been given their room places first.
 */
import type { Watch } from "./limits.ts";
import { isOrdinary, type PetriNet } from "./petri-net.ts";
import { tokenGame } from "./token-game.ts";

const OMEGA = Number.POSITIVE_INFINITY;

export interface Coverability {
  /** Null: not decided. */
  bounded: boolean | null;
  /** The places without a bound; for each the transitions that, repeated in this order, add tokens to it. */
  unbounded: { place: number; pump: number[] }[];
  /** Whether each transition can ever fire. Whole only where nothing was given up. */
  fired: boolean[];
  gaveUp?: string;
}

interface Node {
  marking: number[];
  /** How many places hold omega, and what the others hold together: what covers another marking has no less of either. */
  omegas: number;
  sum: number;
  parent: Node | null;
  transition: number;
}

/**
 * `endless` names places that hold as many tokens as anybody wants from the start; `enough` says, of the transitions that were seen to
 * fire, that nothing more is wanted.
 */
export function coverability(
  net: PetriNet,
  watch: Watch,
  endless: readonly number[] = [],
  enough: (fired: readonly boolean[]) => boolean = () => false,
): Coverability {
  const fired = net.transitions.map(() => false);
  if (!isOrdinary(net)) return { bounded: null, unbounded: [], fired, gaveUp: "inhibitor and reset arcs, for which it is undecidable" };
  const game = tokenGame(net);
  const pumps = new Map<number, number[]>();
  const seen = new Set<string>();
  const start = game.start.map((count, place) => (endless.includes(place) ? OMEGA : count));
  const open: Node[] = [{ marking: start, ...sizeOf(start), parent: null, transition: -1 }];
  let gaveUp: string | null = null;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const key = node.marking.join();
    if (seen.has(key)) continue;
    seen.add(key);
    gaveUp = watch(seen.size);
    if (gaveUp !== null || enough(fired)) break;
    for (let transition = game.transitions - 1; transition >= 0; transition -= 1) {
      if (!game.isEnabled(node.marking, transition)) continue;
      fired[transition] = true;
      const marking = game.fire(node.marking, transition);
      if (isSame(marking, node.marking) || seen.has(marking.join())) continue;
      const next: Node = { marking, ...sizeOf(marking), parent: node, transition };
      accelerate(next, pumps);
      open.push(next);
    }
  }
  const unbounded = [...pumps].map(([place, pump]) => ({ place, pump })).sort((a, b) => a.place - b.place);
  const bounded = unbounded.length > 0 ? false : gaveUp === null ? true : null;
  return { bounded, unbounded, fired, ...(gaveUp === null ? {} : { gaveUp }) };
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.every((count, place) => count === other[place]);
}

function sizeOf(marking: readonly number[]): Pick<Node, "omegas" | "sum"> {
  let omegas = 0;
  let sum = 0;
  for (const count of marking) {
    if (count === OMEGA) omegas += 1;
    else sum += count;
  }
  return { omegas, sum };
}

function mayGrow(before: Node, after: Node): boolean {
  return before.omegas < after.omegas || (before.omegas === after.omegas && before.sum < after.sum);
}

/** Turns into omega what is more than in an ancestor that is covered. */
function accelerate(node: Node, pumps: Map<number, number[]>): void {
  const pump = [node.transition];
  for (let ancestor = node.parent; ancestor !== null; ancestor = ancestor.parent) {
    const before = ancestor.marking;
    if (mayGrow(ancestor, node) && before.every((count, place) => count <= (node.marking[place] as number))) {
      for (const [place, count] of before.entries()) {
        if (count >= (node.marking[place] as number)) continue;
        node.marking[place] = OMEGA;
        if (!pumps.has(place)) pumps.set(place, [...pump].reverse());
      }
      Object.assign(node, sizeOf(node.marking));
    }
    pump.push(ancestor.transition);
  }
}
