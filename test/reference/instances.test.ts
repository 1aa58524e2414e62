/** Links with an instance for each firing, two deep: the engine's decisions and fold against the reference, step by step. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { EventDraft } from "../../src/contract/event.ts";
import { nextStep } from "../../src/net/instance-steps.ts";
import { withInstance } from "../../src/net/instances.ts";
import { settleDraft } from "../../src/net/settle.ts";
import { Bench } from "../support/net-state.ts";
import {
  type Condition,
  type Datum,
  type InstanceNet,
  InstanceReference,
  type Link,
  netFileOf,
  type Output,
  type Step,
} from "./instances.ts";

const datum: fc.Arbitrary<Datum> = fc.record({ k: fc.integer({ min: 0, max: 2 }), v: fc.integer({ min: 0, max: 3 }) });
const condition: fc.Arbitrary<Condition> = fc.record({
  field: fc.constantFrom("k" as const, "v" as const),
  operator: fc.constantFrom("==" as const, "!=" as const, "<" as const, ">=" as const),
  against: fc.integer({ min: 0, max: 2 }),
});
const rarely = <T>(what: fc.Arbitrary<T>) => fc.option(what, { nil: null, freq: 2 });
const route = fc.constantFrom("first" as const, "all" as const);

/** A step inside the sub-net of this prefix. */
const inside = (prefix: string): fc.Arbitrary<Omit<Step, "id">> =>
  fc.record({
    kind: fc.constantFrom("pass" as const, "map" as const, "command" as const),
    in: fc.array(fc.record({ place: fc.constantFrom(`${prefix}i`, `${prefix}i`, `${prefix}m`), where: rarely(condition) }), {
      minLength: 1,
      maxLength: 2,
    }),
    out: fc.array(
      fc.record({ to: fc.constantFrom(`${prefix}m`, `${prefix}o`, `${prefix}p`), port: fc.constant(null), when: rarely(condition) }),
      { minLength: 0, maxLength: 2 },
    ),
    route,
  });
const leads = (to: string[]): fc.Arbitrary<Output[]> =>
  fc.array(fc.record({ to: fc.constantFrom(...to), port: fc.constantFrom(null, null, "o", "p"), when: rarely(condition) }), {
    minLength: 1,
    maxLength: 2,
  });
const link = (id: string, sub: string, from: string[], to: string[], onError: string[]): fc.Arbitrary<Link> =>
  fc.record({
    id: fc.constant(id),
    kind: fc.constant("link" as const),
    sub: fc.constant(sub),
    in: fc.tuple(fc.record({ place: fc.constantFrom(...from), where: rarely(condition) })),
    out: leads(to),
    route,
    onError: fc.constantFrom(null, ...onError),
    concurrency: fc.constantFrom(null, null, 1, 2),
    tokens: fc.array(datum, { maxLength: 1 }),
  });
const steps = (prefix: string) =>
  fc.array(inside(prefix), { minLength: 1, maxLength: 3 }).map((all) => all.map((step, at): Step => ({ ...step, id: `${prefix}t${at}` })));

const netArbitrary: fc.Arbitrary<InstanceNet> = fc
  .record({
    outer: link("ask", "s", ["a"], ["y", "z"], ["e"]),
    first: steps("s--"),
    nested: fc.option(fc.tuple(link("s--go", "s--n", ["s--i", "s--m"], ["s--m", "s--o", "s--p"], []), steps("s--n--")), {
      nil: null,
      freq: 2,
    }),
  })
  .map(({ outer, first, nested }) => ({ steps: [outer, ...first, ...(nested ? [nested[0], ...nested[1]] : [])] }));

type Move = { put: Datum } | { fire: number } | { finish: number; data: Datum };
const movesArbitrary: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ put: datum }) },
    { weight: 6, arbitrary: fc.record({ fire: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ finish: fc.nat(30), data: datum }) },
  ),
  { minLength: 15, maxLength: 40, size: "max" },
);

class Engine extends Bench {
  next(id: string): EventDraft | null {
    const transition = this.net.transitions.get(id);
    if (!transition) throw new Error(`no transition ${id}`);
    return nextStep(this.state, this.net, transition, this.now);
  }
  take(draft: EventDraft | null): boolean {
    if (draft) this.commit(withInstance(this.state, draft));
    return draft !== null;
  }
  finish(id: string, value: Datum): boolean {
    const firing = [...this.state.firings.values()].find(({ transition }) => transition === id);
    const transition = this.net.transitions.get(id);
    if (!firing || !transition) return false;
    return this.take(settleDraft(this.state, this.net, transition, firing, { ok: true, value: { ...value } }, this.now, 0.5));
  }
  marking(): Record<string, unknown[]> {
    const full = [...this.state.places].filter(([, tokens]) => tokens.size > 0);
    const shown = (data: unknown) => (typeof data === "object" && data !== null && "error" in data ? "error" : data);
    return Object.fromEntries(full.map(([place, tokens]) => [place, [...tokens.values()].map(({ token }) => shown(token.data))]));
  }
}

function play(net: InstanceNet, moves: Move[]): InstanceReference {
  const engine = new Engine(netFileOf(net));
  const reference = new InstanceReference(net);
  const ids = net.steps.map(({ id }) => id);
  const commands = net.steps.filter(({ kind }) => kind === "command").map(({ id }) => id);
  for (const move of moves) {
    if ("put" in move) {
      engine.put("a", { ...move.put });
      reference.put("a", move.put);
    } else if ("fire" in move) {
      const able = ids.filter((id) => reference.isEnabled(id));
      const from = able.length > 0 ? able : ids;
      const id = from[move.fire % from.length] ?? "";
      expect({ id, did: engine.take(engine.next(id)) }).toEqual({ id, did: reference.fire(id) });
    } else {
      const id = commands[move.finish % Math.max(1, commands.length)];
      if (id !== undefined && engine.finish(id, move.data)) reference.finish(id, move.data);
    }
    expect(engine.marking()).toEqual(reference.marking());
    expect(engine.state.firings.size).toBe(reference.firings.length);
    for (const id of ids) expect({ id, enabled: engine.next(id) !== null }).toEqual({ id, enabled: reference.isEnabled(id) });
  }
  conserved(engine);
  return reference;
}

/** Every token is made once and taken at most once, and none outlives its instance. */
function conserved({ log, state }: Engine): void {
  const made = log.flatMap(({ produced = [] }) => produced.map(({ token }) => token.id));
  const taken = log.filter(({ type }) => type !== "started").flatMap(({ consumed = [] }) => consumed.map(({ id }) => id));
  const there = [...state.places.values()].flatMap((tokens) => [...tokens.values()].map(({ token }) => token));
  expect(new Set(made).size).toBe(made.length);
  expect([...taken, ...there.map(({ id }) => id)].sort()).toEqual([...made].sort());
  for (const { instance } of there) if (instance !== undefined) expect(state.firings.has(instance)).toBe(true);
}

it("does what the reference does, in any nets, with any tokens, in any order", { timeout: 240_000 }, () => {
  const ended = { results: 0, failures: 0 };
  let deep = 0;
  fc.assert(
    fc.property(netArbitrary, movesArbitrary, (net, moves) => {
      const reference = play(net, moves);
      ended.results += reference.ended.results;
      ended.failures += reference.ended.failures;
      if (net.steps.some(({ id }) => id === "s--go")) deep += reference.ended.results;
    }),
    { numRuns: 700 },
  );
  expect(ended.results).toBeGreaterThan(100);
  expect(ended.failures).toBeGreaterThan(30);
  expect(deep).toBeGreaterThan(30);
});
