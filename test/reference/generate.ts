/** Nets, tokens and schedules for the comparison. Few places and small numbers, so that arcs meet and conditions bite. */
import fc from "fast-check";
import type { Condition, Data, ModelArc, ModelNet, ModelOutput, ModelTransition } from "./model.ts";

export const PLACES = ["a", "b", "c", "d"];
const field = fc.constantFrom("k" as const, "v" as const);
const operator = fc.constantFrom("==" as const, "!=" as const, "<" as const, ">=" as const);
const place = fc.constantFrom(...PLACES);

export const dataArbitrary: fc.Arbitrary<Data> = fc.record({
  k: fc.integer({ min: 0, max: 2 }),
  v: fc.integer({ min: 0, max: 3 }),
  parts: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
});

const plain: fc.Arbitrary<Condition> = fc.record({ field, operator, against: fc.integer({ min: 0, max: 3 }) });
const rarely = <T>(what: fc.Arbitrary<T>) => fc.option(what, { nil: null, freq: 2 });

interface Choice {
  kind: ModelTransition["kind"];
  modes: ("consume" | "read")[];
  places: string[];
  wheres: (Condition | null)[];
  join: boolean;
  orders: ({ field: "k" | "v"; descending: boolean } | null)[];
  take: number | "all";
  special: { mode: "inhibit" | "reset"; place: string; where: Condition | null; take: number } | null;
  out: ModelOutput[];
  route: "first" | "all";
  correlate: boolean;
  priority: number;
  guard: Condition | null;
  concurrency: number | null;
}

const pick = fc.record({ operator, against: fc.integer({ min: 0, max: 3 }) });
const output: fc.Arbitrary<ModelOutput> = fc
  .record({
    to: place,
    when: rarely(plain),
    otherwise: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    each: fc.constantFrom(null, null, null, "parts" as const, "parts" as const, "numbers" as const),
    pick: fc.option(pick, { nil: null }),
    weight: fc.constantFrom(1, 1, 1, 2),
  })
  .map((arc) => ({
    ...arc,
    when: arc.otherwise ? null : arc.when,
    pick: arc.otherwise || arc.each === null ? null : arc.pick,
  }));

const choice: fc.Arbitrary<Choice> = fc.record({
  kind: fc.constantFrom("pass" as const, "map" as const, "command" as const),
  modes: fc.array(fc.constantFrom("consume" as const, "consume" as const, "read" as const), { minLength: 1, maxLength: 2 }),
  places: fc.array(place, { minLength: 2, maxLength: 2 }),
  wheres: fc.array(rarely(plain), { minLength: 2, maxLength: 2 }),
  join: fc.boolean(),
  orders: fc.array(rarely(fc.record({ field, descending: fc.boolean() })), { minLength: 2, maxLength: 2 }),
  take: fc.constantFrom(1, 1, 1, 2, "all" as const),
  special: fc.option(
    fc.record({
      mode: fc.constantFrom("inhibit" as const, "reset" as const),
      place,
      where: rarely(plain),
      take: fc.integer({ min: 1, max: 2 }),
    }),
    {
      nil: null,
      freq: 3,
    },
  ),
  out: fc.array(output, { minLength: 1, maxLength: 3 }),
  route: fc.constantFrom("first" as const, "all" as const),
  correlate: fc.boolean(),
  priority: fc.constantFrom(0, 0, 1),
  guard: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: plain }),
  concurrency: fc.constantFrom(null, null, 1, 2),
});

function transitionOf(id: string, from: Choice): ModelTransition {
  const joined: Condition = { field: "k", operator: "==", against: { input: "x0", field: "k" } };
  const bound = from.modes.map((mode, at): ModelArc => {
    const where = at === 1 && from.join ? joined : (from.wheres[at] ?? null);
    const take = at === 0 && from.modes.length === 1 && mode === "consume" ? from.take : 1;
    return { place: from.places[at] ?? "a", as: `x${at}`, mode, where, order: from.orders[at] ?? null, take };
  });
  const { special } = from;
  const arcs = special ? [...bound, { ...special, as: "", order: null, take: special.mode === "inhibit" ? special.take : 1 }] : bound;
  const consumes = bound.filter(({ mode }) => mode === "consume").length;
  // A list has no fields to ask for: what takes many counts them, or gives them to somebody else.
  const kind = from.kind === "pass" && bound[0]?.take !== 1 ? "map" : from.kind;
  const correlate = from.correlate && consumes === 2 && bound.every(({ mode }) => mode === "consume") ? ("k" as const) : null;
  const concurrency = kind === "command" ? from.concurrency : null;
  const guard = guardOf(from.guard, bound);
  return { id, kind, in: arcs, out: from.out, route: from.route, correlate, priority: from.priority, guard, concurrency };
}

/** With two inputs it holds one against the other; of a list there are no fields to ask for. */
function guardOf(guard: Condition | null, bound: ModelArc[]): Condition | null {
  if (guard === null || bound[0]?.take !== 1) return null;
  return bound.length === 2 ? { ...guard, against: { input: "x1", field: guard.field } } : guard;
}

const isReader = ({ in: arcs }: ModelTransition) => !arcs.some(({ mode }) => mode === "consume");

/** A place with a capacity is filled by arcs that always bring one token; nothing sweeps what somebody has still to read. */
function sensible(transitions: ModelTransition[], capacities: (number | null)[]): ModelNet {
  const read = new Set(transitions.filter(isReader).flatMap(({ in: arcs }) => arcs.map(({ place: of }) => of)));
  const kept = transitions.map((each) => ({ ...each, in: each.in.filter(({ mode, place: of }) => mode !== "reset" || !read.has(of)) }));
  const places = PLACES.map((name, at) => {
    const steady = kept.every(({ out, in: arcs }) => {
      const fills = out.some(({ to }) => to === name);
      const [only] = out;
      return (
        !fills || (out.length === 1 && only?.weight === 1 && !only.each && only.when === null && !arcs.some(({ mode }) => mode === "reset"))
      );
    });
    return { name, capacity: steady ? (capacities[at] ?? null) : null };
  });
  return { places, transitions: kept };
}

export const netArbitrary: fc.Arbitrary<ModelNet> = fc
  .tuple(fc.array(choice, { minLength: 1, maxLength: 4 }), fc.array(rarely(fc.integer({ min: 1, max: 3 })), { minLength: 4, maxLength: 4 }))
  .map(([choices, capacities]) =>
    sensible(
      choices.map((each, at) => transitionOf(`t${at}`, each)),
      capacities,
    ),
  );

export type Step =
  | { put: { place: string; data: Data } }
  | { fire: number }
  | { finish: number; data: Data }
  | { fail: number; mayPass: boolean };
export const stepsArbitrary: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ put: fc.record({ place, data: dataArbitrary }) }) },
    { weight: 5, arbitrary: fc.record({ fire: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ finish: fc.nat(3), data: dataArbitrary }) },
    { weight: 1, arbitrary: fc.record({ fail: fc.nat(3), mayPass: fc.boolean() }) },
  ),
  { minLength: 12, maxLength: 40, size: "max" },
);
