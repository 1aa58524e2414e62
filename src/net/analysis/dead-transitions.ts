/**
 * Transitions of a net file that can never fire, however many tokens come from outside, and whenever they come.
 *
 * D1 What fires in the one case can fire. D2 What cannot fire without capacities, inhibit and reset arcs never can: a coverability tree tells.
 * D3 With capacities alone a tree tells too, since the room left in a place is a place; a smaller tree, with smaller capacities, goes before
 * it: what fires there fires with larger ones. D4 With inhibit and reset arcs no tree can tell. Then the places that have a bound are looked at in
 * all their states, and those without one are left out: what does not fire there never can. D5 Of the rest a way is looked for, with some
 * tokens from outside; what none is found for is said to be undecided.
 */
import { type Covered, covered } from "./covered.ts";
import type { OneCase } from "./from-definition.ts";
import { type Limits, watchOf } from "./limits.ts";
import { boundedPart, firedNames, hardCapacities, leastCapacities, withArrivals, worldOf } from "./open-net.ts";
import { isOrdinary, type PetriNet } from "./petri-net.ts";
import { type StateSpace, stateSpace } from "./state-space.ts";

export interface DeadTransitions {
  dead: { name: string; why: string }[];
  /** Neither seen to fire nor shown to be dead. */
  undecided: string[];
}

/** States in which a way is looked for. */
const MOST_TRIED = 20_000;
const SHARE = 0.05;

/** `fired`: which transitions fired in the one case. */
export function deadTransitions(one: OneCase, limits: Limits, fired: readonly boolean[]): DeadTransitions {
  return new Search(one, limits, fired).result();
}

class Search {
  readonly #one: OneCase;
  readonly #limits: Limits;
  readonly #names: string[];
  readonly #seen: Set<string>;
  readonly #dead = new Map<string, string>();
  readonly #hard: ReadonlyMap<number, number>;

  constructor(one: OneCase, limits: Limits, fired: readonly boolean[]) {
    this.#one = one;
    this.#limits = limits;
    this.#names = [...new Set(one.net.transitions.flatMap(({ of }) => of ?? []))];
    // D1.
    this.#seen = firedNames(one.net, fired);
    this.#hard = hardCapacities(one);
  }

  result(): DeadTransitions {
    const { net } = this.#one;
    for (const name of this.#left()) {
      const why = this.#tooMany(name);
      if (why !== null) this.#dead.set(name, why);
    }
    this.#bury(
      this.#tree(() => undefined),
      (name) => this.#one.never.get(name) ?? "its inputs never hold enough tokens at the same time",
    );
    if (isOrdinary(net)) {
      const least = leastCapacities(net);
      this.#see(this.#tree((at) => smaller(this.#hard.get(at), least.get(at))));
    }
    const emptied = new Set(net.transitions.flatMap(({ reset }) => reset));
    const full = this.#tree((at) => (emptied.has(at) ? undefined : this.#hard.get(at)));
    if (isOrdinary(net)) this.#see(full);
    this.#bury(full, () => "places that are full keep it, or what would fill its inputs, from firing");
    if (!isOrdinary(net)) this.#lookAtStates();
    const dead = this.#names.flatMap((name) => {
      const why = this.#dead.get(name);
      return why === undefined ? [] : [{ name, why }];
    });
    return { dead, undecided: this.#left() };
  }

  #left(): string[] {
    return this.#names.filter((name) => !this.#seen.has(name) && !this.#dead.has(name));
  }

  /** D2, D3. Null: nothing is left to ask. */
  #tree(capacityOf: (place: number) => number | undefined): Covered | null {
    const left = this.#left();
    if (left.length === 0) return null;
    const { net, endless } = worldOf(this.#one, capacityOf);
    const transitions = net.transitions.filter(({ of }) => of === undefined || !this.#dead.has(of));
    return covered({ net: { ...net, transitions }, endless }, left, watchOf(this.#limits, SHARE));
  }

  #see(found: { fired: ReadonlySet<string> } | null): void {
    for (const name of found?.fired ?? []) this.#seen.add(name);
  }

  #bury(found: Covered | null, why: (name: string) => string): void {
    if (!found?.complete) return;
    for (const name of this.#left()) if (!found.fired.has(name)) this.#dead.set(name, why(name));
  }

  /** D4, D5. */
  #lookAtStates(): void {
    if (this.#left().length === 0) return;
    const world = worldOf(this.#one, (at) => this.#hard.get(at));
    const part = boundedPart(world, this.#dead);
    const space = stateSpace(part, watchOf(this.#limits, SHARE));
    const fired = firedNames(part, space.fired);
    if (space.complete) {
      for (const name of this.#left()) if (!fired.has(name)) this.#dead.set(name, forbidWords(part, space, name));
    }
    if (this.#left().length === 0) return;
    const tried = withArrivals(this.#one);
    const most = { ...this.#limits, states: Math.min(this.#limits.states, MOST_TRIED) };
    this.#see({ fired: firedNames(tried, stateSpace(tried, watchOf(most, SHARE)).fired) });
  }

  /** What wants more of a place than it ever holds. */
  #tooMany(name: string): string | null {
    const { net } = this.#one;
    for (const { of, how, consume, read } of net.transitions) {
      if (of !== name || how === "late") continue;
      const arc = [...consume, ...read].find(({ place, weight }) => weight > (this.#hard.get(place) ?? weight));
      if (arc) return `it wants ${arc.weight} tokens of "${net.places[arc.place]?.name}", which holds at most ${this.#hard.get(arc.place)}`;
    }
    return null;
  }
}

function smaller(hard: number | undefined, least: number | undefined): number | undefined {
  return hard === undefined ? undefined : Math.min(hard, least ?? hard);
}

function forbidWords(net: PetriNet, space: StateSpace, name: string): string {
  const own = net.transitions.flatMap(({ of, inhibit }) => (of === name ? inhibit : []));
  for (const { place, weight } of own) {
    let least = Number.POSITIVE_INFINITY;
    for (let state = 0; state < space.states; state += 1) least = Math.min(least, space.marking(state)[place] ?? 0);
    if (least < weight) continue;
    const held = least === 1 ? "a token" : `${least} tokens`;
    return `its inhibit arc forbids it: "${net.places[place]?.name}" always holds ${held}`;
  }
  return "inhibit or reset arcs keep it, or what would fill its inputs, from firing";
}
