/** Firings that bring more than a place may ever hold. Waiting for room does not help them: they never happen. */
import type { OutputArc, PlaceDefinition, Transition } from "./definition.ts";

export interface Excess {
  place: string;
  /** Tokens that each good firing brings there at once. */
  brings: number;
  capacity: number;
}

/** The first place that every good firing would fill beyond its capacity, also when it is empty. Arrays and conditions aside: the data decides them. */
export function excessOf(transition: Transition, placeOf: (name: string) => PlaceDefinition | undefined): Excess | null {
  for (const [place, brings] of surelyBrings(transition)) {
    const capacity = placeOf(place)?.capacity;
    if (capacity !== undefined && brings > capacity && brings > takes(transition, place)) return { place, brings, capacity };
  }
  return null;
}

function surelyBrings({ out, route }: Transition): Map<string, number> {
  const good = out.filter(({ error }) => !error);
  const sure = (route === "all" ? good : good.slice(0, 1)).filter((arc, at) => isSure(arc, at));
  const brings = new Map<string, number>();
  for (const { to, weight = 1 } of sure) brings.set(to, (brings.get(to) ?? 0) + weight);
  return brings;
}

function isSure({ when, each, otherwise, port }: OutputArc, at: number): boolean {
  return when === undefined && each === undefined && port === undefined && (otherwise === undefined || at === 0);
}

/** What is taken out of the same place is put back, not brought. Where the data says how many, it may be enough. */
function takes({ in: arcs }: Transition, place: string): number {
  return arcs
    .filter((arc) => arc.place === place && arc.mode === "consume")
    .reduce(
      (sum, { take = 1, gather, batch }) => sum + (typeof take === "number" && !gather && !batch ? take : Number.POSITIVE_INFINITY),
      0,
    );
}
