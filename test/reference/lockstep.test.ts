/** The engine's decisions and fold against the reference, step by step: the same transitions enabled, the same tokens moved. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Outcome } from "../../src/net/outcome.ts";
import { settleDraft } from "../../src/net/settle.ts";
import { Bench } from "../support/net-state.ts";
import { dataArbitrary, netArbitrary, PLACES, type Step, stepsArbitrary } from "./generate.ts";
import { Reference } from "./interpreter.ts";
import { expectSameMarking, markingOf } from "./marking.ts";
import { type Data, type ModelNet, netFileOf } from "./model.ts";

type Ending = { ok: true; value: Data } | { ok: false; mayPass: boolean };

/** Ends an attempt of the oldest open firing. */
function end(bench: Bench, id: string, how: Ending): boolean {
  const firing = [...bench.state.firings.values()].find(({ transition }) => transition === id);
  const transition = bench.net.transitions.get(id);
  if (!firing || !transition) return false;
  const error = { code: "bad", message: "it failed" };
  const outcome: Outcome = how.ok
    ? { ok: true, value: { ...how.value } }
    : { ok: false, error: { ...error, outlook: how.mayPass ? "retryable" : "terminal" } };
  bench.commit(settleDraft(bench.state, bench.net, transition, firing, outcome, bench.now, 0.5));
  return true;
}

function openOne({ open }: Reference, at: number): string | undefined {
  return open[at % Math.max(1, open.length)]?.transition.id;
}

function play(net: ModelNet, steps: Step[]): { fired: number; taken: number; failed: number } {
  const bench = new Bench(netFileOf(net));
  const reference = new Reference(net);
  let fired = 0;
  let failed = 0;
  for (const step of steps) {
    if ("put" in step) {
      bench.put(step.put.place, { ...step.put.data });
      reference.put(step.put.place, step.put.data);
    } else if ("fire" in step) {
      // One that may fire, where there is one: the others are asked below.
      const ids = net.transitions.map((each) => each.id);
      const able = ids.filter((each) => reference.isEnabled(each));
      const from = able.length > 0 ? able : ids;
      const id = from[step.fire % from.length] ?? "";
      const did = bench.fire(id) !== null;
      expect({ id, did }).toEqual({ id, did: reference.fire(id) });
      if (did) fired += 1;
    } else if ("finish" in step) {
      const id = openOne(reference, step.finish);
      if (id !== undefined && end(bench, id, { ok: true, value: step.data })) reference.finish(id, step.data);
    } else {
      const id = openOne(reference, step.fail);
      if (id !== undefined && end(bench, id, { ok: false, mayPass: step.mayPass })) {
        reference.fail(id, step.mayPass);
        failed += 1;
      }
    }
    expect(bench.state.firings.size).toBe(reference.open.length);
    expectSameMarking(bench.state, reference);
    for (const { id } of net.transitions)
      expect({ id, enabled: bench.decide(id) !== null }).toEqual({ id, enabled: reference.isEnabled(id) });
  }
  return { fired, taken: conserved(bench), failed };
}

/** Every token is made once, and taken at most once. */
function conserved(bench: Bench): number {
  const made = bench.log.flatMap(({ produced = [] }) => produced.map(({ token }) => token.id));
  const taken = bench.log.filter(({ type }) => type !== "started").flatMap(({ consumed = [] }) => consumed.map(({ id }) => id));
  const there = [...bench.state.places.values()].flatMap((tokens) => [...tokens.keys()]);
  expect(new Set(made).size).toBe(made.length);
  expect(new Set(taken).size).toBe(taken.length);
  expect([...taken, ...there].sort()).toEqual([...made].sort());
  return taken.length;
}

it("does what the reference does, in any net, with any tokens, in any order", { timeout: 240_000 }, () => {
  let fired = 0;
  let taken = 0;
  let failed = 0;
  fc.assert(
    fc.property(netArbitrary, stepsArbitrary, (net, steps) => {
      const run = play(net, steps);
      fired += run.fired;
      taken += run.taken;
      failed += run.failed;
    }),
    { numRuns: 1000 },
  );
  expect(fired).toBeGreaterThan(1000);
  expect(taken).toBeGreaterThan(700);
  expect(failed).toBeGreaterThan(50);
});

const DEPTH = 4;

it("reaches the same markings", { timeout: 240_000 }, () => {
  const tokens = fc.array(fc.record({ place: fc.constantFrom(...PLACES), data: dataArbitrary }), { minLength: 2, maxLength: 5 });
  let most = 0;
  fc.assert(
    fc.property(netArbitrary, tokens, (net, puts) => {
      const reference = new Reference(net);
      for (const { place, data } of puts) reference.put(place, data);
      const expected = reachable(
        reference,
        net,
        (state) => state.copy(),
        (state, id) => state.fire(id),
        (state) => JSON.stringify(sorted(state.marking())),
      );
      const bench = new Bench(netFileOf(net));
      for (const { place, data } of puts) bench.put(place, { ...data });
      const found = reachable(
        bench,
        net,
        copyOf,
        (state, id) => state.fire(id) !== null,
        (state) => JSON.stringify(sorted(markingOf(state.state))),
      );
      expect(found).toEqual(expected);
      most = Math.max(most, found.length);
    }),
    { numRuns: 300 },
  );
  // Chance decides how far the widest net reaches: fourteen and more as a rule.
  expect(most).toBeGreaterThan(5);
});

function copyOf(bench: Bench): Bench {
  const copy = Object.assign(Object.create(Bench.prototype) as Bench, bench);
  return Object.assign(copy, { state: structuredClone(bench.state), log: [...bench.log] });
}
function sorted(marking: Record<string, unknown[]>): unknown {
  return Object.entries(marking).sort(([a], [b]) => (a < b ? -1 : 1));
}

function reachable<State>(
  start: State,
  net: ModelNet,
  copy: (state: State) => State,
  fire: (state: State, id: string) => boolean,
  name: (state: State) => string,
): string[] {
  const found = new Set([name(start)]);
  let edge = [start];
  for (let depth = 0; depth < DEPTH; depth++) {
    const next: State[] = [];
    for (const state of edge) {
      for (const { id } of net.transitions) {
        const after = copy(state);
        if (!fire(after, id)) continue;
        found.add(name(after));
        next.push(after);
      }
    }
    edge = next.slice(0, 200);
  }
  return [...found].sort();
}
