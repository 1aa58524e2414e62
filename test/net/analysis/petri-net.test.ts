/** P/T nets: the published counts of well-known models, and nets that are wrong in each way that the analysis knows. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { analysePetriNet } from "../../../src/net/analysis/analyse-petri-net.ts";
import { boundsOf, invariantsOf, sumOf } from "../../../src/net/analysis/invariants.ts";
import type { Limits } from "../../../src/net/analysis/limits.ts";
import { effectOf, type PetriNet } from "../../../src/net/analysis/petri-net.ts";
import { readPnml } from "../../../src/net/analysis/pnml.ts";
import { writePnml } from "../../../src/net/analysis/pnml-write.ts";
import { stateSpace } from "../../../src/net/analysis/state-space.ts";
import { kanban, mutualExclusion, petriNet, philosophers, politePhilosophers, producerConsumer } from "./models.ts";

const limits: Limits = { states: 500_000, seconds: 60, clock: { now: () => 0 } };
const analyse = (net: PetriNet, more: Partial<Limits> = {}) => analysePetriNet(net, { ...limits, ...more });
const codes = (net: PetriNet) => analyse(net).findings.map(({ code }) => code);

describe("published state counts", () => {
  test.each([
    [1, 160, 616],
    [2, 4600, 28_120],
    [3, 58_400, 446_400],
  ])("Kanban, N = %i: %i states, %i steps", (count, states, edges) => {
    const found = analyse(readPnml(writePnml(kanban(count)), "kanban.pnml"));
    expect(found).toMatchObject({ states, edges, deadlocks: 0, live: true, gaveUp: null, findings: [] });
    expect(new Set(Object.values(found.bound))).toEqual(new Set([count]));
  });

  test.each([2, 3, 5, 8])("%i dining philosophers: 3^n states, and both ways to starve", (count) => {
    const found = analyse(readPnml(writePnml(philosophers(count)), "philosophers.pnml"));
    expect(found).toMatchObject({ states: 3 ** count, deadlocks: 2, live: false, gaveUp: null });
    expect(found.findings[0]?.message).toMatch(/^nothing can fire any more with tokens in has-(left|right)-0, .*the shortest way there: /);
  });

  test.each([
    [3, 4],
    [5, 11],
    [10, 123],
  ])("%i philosophers who take both forks at once: %i states, a Lucas number", (count, states) => {
    expect(analyse(politePhilosophers(count))).toMatchObject({ states, deadlocks: 0, live: true });
  });

  test("producer and consumer, mutual exclusion", () => {
    expect(analyse(producerConsumer(5))).toMatchObject({ states: 24, deadlocks: 0, live: true, bound: { full: 5, free: 5, made: 1 } });
    // Each of n idle or waiting, or one of them in and the others idle or waiting.
    expect(analyse(mutualExclusion(4))).toMatchObject({ states: 2 ** 4 + 4 * 2 ** 3, deadlocks: 0, live: true });
  });
});

describe("invariants", () => {
  test("of the philosophers: each is somewhere, each fork is somewhere", () => {
    const { invariants } = analyse(politePhilosophers(5));
    expect(invariants.places).toHaveLength(10);
    expect(invariants.places).toContainEqual({ weights: { "think-0": 1, "eat-0": 1 }, sum: 1 });
    expect(invariants.places).toContainEqual({ weights: { "fork-1": 1, "eat-0": 1, "eat-1": 1 }, sum: 1 });
    expect(invariants.transitions).toHaveLength(5);
    expect(invariants.transitions).toContainEqual({ weights: { "take-3": 1, "leave-3": 1 } });
  });

  test("say who excludes whom: at most one process is in", () => {
    expect(analyse(mutualExclusion(3)).invariants.places).toContainEqual({ weights: { lock: 1, "in-0": 1, "in-1": 1, "in-2": 1 }, sum: 1 });
  });

  test("of any net hold in every marking, bound it, and come back to it", () => {
    const arcs = fc.array(fc.record({ place: fc.nat(3), weight: fc.integer({ min: 1, max: 3 }) }), { maxLength: 3 });
    const nets = fc.record({
      starts: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
      steps: fc.array(fc.tuple(arcs, arcs), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(nets, ({ starts, steps }) => {
        const net = petriNet("any", { a: starts[0] ?? 0, b: starts[1] ?? 0, c: starts[2] ?? 0, d: starts[3] ?? 0 }, {});
        for (const [at, [consume, produce]] of steps.entries()) {
          net.transitions.push({ id: `t${at}`, name: `t${at}`, consume, produce, read: [], inhibit: [], reset: [] });
        }
        const { places, transitions } = invariantsOf(net);
        const bounds = boundsOf(net, places);
        const space = stateSpace(net, (states) => (states > 300 ? "enough" : null));
        for (let state = 0; state < space.states; state += 1) {
          const marking = space.marking(state);
          for (const one of places)
            expect([...one].reduce((sum, [at, weight]) => sum + weight * (marking[at] ?? 0), 0)).toBe(sumOf(net, one));
          for (const [at, bound] of bounds.entries()) if (bound !== null) expect(marking[at]).toBeLessThanOrEqual(bound);
        }
        for (const one of transitions) {
          const total = [0, 0, 0, 0];
          for (const [at, times] of one)
            for (const [place, change] of effectOf(net.transitions[at] as never)) total[place] = (total[place] ?? 0) + times * change;
          expect(total).toEqual([0, 0, 0, 0]);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("what is wrong with a net", () => {
  const unbounded = petriNet("u", { run: 1, heap: 0 }, { grow: { takes: ["run"], gives: ["run", "heap"] } });

  test("a place that fills without end is found although there is no end of states", () => {
    const found = analyse(unbounded);
    expect(found.bound).toEqual({ run: 1, heap: null });
    expect(found.gaveUp).toContain("no end of states");
    expect(found.findings).toMatchObject([{ code: "unbounded-place", message: 'place "heap" can fill without end: repeat grow' }]);
    expect(found).toMatchObject({ live: null, sound: null });
  });

  test("a capacity bounds it", () => {
    const bounded = { ...unbounded, places: unbounded.places.map((place) => (place.id === "heap" ? { ...place, capacity: 7 } : place)) };
    expect(analyse(bounded)).toMatchObject({ states: 8, deadlocks: 1, bound: { run: 1, heap: 7 }, gaveUp: null });
    expect(analyse(readPnml(writePnml(bounded), "b.pnml"))).toMatchObject({ states: 8, deadlocks: 1 });
  });

  test("a dead transition", () => {
    const net = petriNet(
      "d",
      { a: 1, b: 0, c: 0 },
      { go: { takes: ["a"], gives: ["b"] }, back: { takes: ["b"], gives: ["a"] }, never: { takes: ["a", "b"], gives: ["c"] } },
    );
    expect(analyse(net)).toMatchObject({
      live: false,
      findings: [{ code: "dead-transition", message: 'transition "never" can never fire' }],
    });
  });

  test("inhibitor, test and reset arcs", () => {
    const arcs = { inhibit: [{ place: 1, weight: 2 }] };
    expect(analyse(petriNet("i", { run: 1, heap: 0 }, { grow: { takes: ["run"], gives: ["run", "heap"], parts: arcs } }))).toMatchObject({
      states: 3,
      deadlocks: 1,
      gaveUp: null,
    });
    const read = { read: [{ place: 1, weight: 1 }] };
    expect(analyse(petriNet("r", { a: 2, key: 1, b: 0 }, { go: { takes: ["a"], gives: ["b"], parts: read } }))).toMatchObject({
      states: 3,
      bound: { key: 1 },
    });
    const reset = petriNet("z", { a: 3, run: 1, end: 0 }, { clear: { takes: ["run"], gives: ["end"], parts: { reset: [0] } } });
    expect(analyse(reset)).toMatchObject({ states: 2, bound: { a: 3 } });
  });

  test("limits are kept, and said", () => {
    expect(analyse(kanban(5), { states: 2000 })).toMatchObject({
      gaveUp: "more than 2000 states",
      live: null,
      sound: null,
      bound: { kan1: 5 },
    });
    let now = 0;
    const clock = { now: () => (now += 100) };
    expect(analyse(kanban(5), { seconds: 1, clock }).gaveUp).toMatch(/^the 1 seconds were up after \d+ states$/);
  });
});

describe("workflow soundness", () => {
  const split = { takes: ["start"], gives: ["left", "right"] };
  test("a fork that joins is sound", () => {
    const net = petriNet("w", { start: 0, left: 0, right: 0, end: 0 }, { split, join: { takes: ["left", "right"], gives: ["end"] } });
    expect(analyse(net)).toMatchObject({ sound: true, findings: [], states: 3 });
  });

  test("a choice that joins never completes", () => {
    const net = petriNet(
      "w",
      { start: 1, left: 0, right: 0, end: 0 },
      {
        a: { takes: ["start"], gives: ["left"] },
        b: { takes: ["start"], gives: ["right"] },
        join: { takes: ["left", "right"], gives: ["end"] },
      },
    );
    expect(analyse(net).sound).toBe(false);
    expect(codes(net)).toEqual(["dead-transition", "deadlock", "deadlock", "cannot-complete"]);
  });

  test("a fork whose branches end alone completes with work left over", () => {
    const net = petriNet(
      "w",
      { start: 1, left: 0, right: 0, end: 0 },
      { split, l: { takes: ["left"], gives: ["end"] }, r: { takes: ["right"], gives: ["end"] } },
    );
    expect(analyse(net).sound).toBe(false);
    expect(codes(net)).toContain("improper-completion");
  });

  test("a net with two ends is no workflow", () => {
    const net = petriNet("w", { start: 1, a: 0, b: 0 }, { l: { takes: ["start"], gives: ["a"] }, r: { takes: ["start"], gives: ["b"] } });
    expect(analyse(net).sound).toBeNull();
  });
});
