/** Gates, batches, groups, delays, schedules, deadlines and a sub-net: the engine's algebra beside the second reference, step by step. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { PetrelError } from "../../src/contract/errors.ts";
import { incompleteDraft } from "../../src/net/due.ts";
import { decisionDraft, dueGates, expiryDraft, findGates } from "../../src/net/gates.ts";
import { compileSchedule, scheduleText } from "../../src/net/schedule.ts";
import { deadlineDrafts } from "../../src/net/timing.ts";
import { Bench, T0 } from "../support/net-state.ts";
import { FROM, fileOf, PLACES, type Step, type TimedNet, TimedReference } from "./timed.ts";

const place = fc.constantFrom(...PLACES);
const ms = fc.constantFrom(100, 250, 700);
const maybe = fc.option(ms, { nil: null });
const feature = fc.oneof(
  fc.record({ kind: fc.constantFrom("pass" as const, "link" as const, "link" as const) }),
  fc.record({ kind: fc.constant("gate" as const), quorum: fc.integer({ min: 1, max: 2 }), expires: maybe }),
  fc.record({ kind: fc.constant("batch" as const), size: fc.integer({ min: 2, max: 3 }), within: ms }),
  fc.record({ kind: fc.constant("gather" as const), group: place, after: maybe }),
  fc.record({ kind: fc.constant("delay" as const), ms }),
  fc.record({ kind: fc.constant("every" as const), ms, takes: fc.boolean() }),
);
const netArbitrary: fc.Arbitrary<TimedNet> = fc.record({
  steps: fc
    .array(fc.tuple(fc.constantFrom(...FROM), place, feature), { minLength: 2, maxLength: 4 })
    .map((all) => all.map(([from, to, own], at) => ({ id: `t${at}`, from, to: own.kind === "link" ? "s--in" : to, ...own }) as Step)),
  deadline: fc.option(fc.constantFrom(300, 900), { nil: null }),
});

type Move =
  | { put: string; data: { k: number; v: number } }
  | { fire: number }
  | { decide: number; person: string; approves: boolean }
  | { wait: number }
  | { pause: boolean };
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ put: place, data: fc.record({ k: fc.integer({ min: 0, max: 1 }), v: fc.integer({ min: 0, max: 2 }) }) }),
    },
    { weight: 6, arbitrary: fc.record({ fire: fc.nat(5) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        decide: fc.nat(3),
        person: fc.constantFrom("ada", "bob", "cem"),
        approves: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
      }),
    },
    { weight: 2, arbitrary: fc.record({ wait: fc.constantFrom(50, 100, 400) }) },
    { weight: 1, arbitrary: fc.record({ pause: fc.integer({ min: 0, max: 3 }).map((n) => n === 0) }) },
  ),
  { minLength: 15, maxLength: 45, size: "max" },
);

function benchOf(net: TimedNet): Bench {
  const bench = new Bench(fileOf(net));
  const schedules = Object.fromEntries(
    net.steps.flatMap((step) => (step.kind === "every" ? [[step.id, scheduleText({ every: `${step.ms}ms` })]] : [])),
  );
  bench.event("edited", { netVersion: "v1", attributes: { schedules } });
  return bench;
}

/** As the pump does it when a timer fires. */
function wait(bench: Bench, by: number): void {
  const { state, net } = bench;
  bench.now += by;
  for (const firing of dueGates(state, bench.now)) {
    const transition = net.transitions.get(firing.transition);
    if (transition) bench.commit(expiryDraft(state, transition, firing, bench.now));
  }
  for (let draft = incompleteDraft(state, net, bench.now); draft; draft = incompleteDraft(state, net, bench.now)) bench.commit(draft);
  for (const draft of deadlineDrafts(state, net, bench.now, 1000)) bench.commit(draft);
}

function decide(bench: Bench, at: number, person: string, approves: boolean): void {
  const firing = findGates(bench.state)[at];
  const transition = firing && bench.net.transitions.get(firing.transition);
  if (!firing || !transition) return;
  const by = { user: person, roles: ["maintainer"] };
  try {
    const request = { id: `${firing.firing}-${person}-${approves}`, decision: approves ? ("approve" as const) : ("reject" as const), by };
    const draft = decisionDraft(bench.state, transition, firing, request, bench.now);
    if (draft) bench.commit(draft);
  } catch (error) {
    // Whoever has decided cannot decide otherwise.
    if (!(error instanceof PetrelError) || error.code !== "already-decided") throw error;
  }
}

function markingOf(bench: Bench): Record<string, unknown[]> {
  const places = [...bench.state.places].filter(([, tokens]) => tokens.size > 0);
  return Object.fromEntries(
    places.map(([name, tokens]) => [name, [...tokens.values()].map(({ token }) => (name === "late" ? "late" : token.data))]),
  );
}

/** How often each kind of thing came about. */
function play(net: TimedNet, all: Move[], came: Map<string, number>): void {
  const bench = benchOf(net);
  const reference = new TimedReference(net, T0);
  const ids = reference.steps.map(({ id }) => id);
  const count = (kind: string) => came.set(kind, (came.get(kind) ?? 0) + 1);
  for (const move of all) {
    const before = reference.marking().late?.length ?? 0;
    if ("put" in move) {
      bench.put(move.put, { ...move.data });
      reference.put(move.put, move.data);
    } else if ("fire" in move) {
      const able = ids.filter((id) => reference.isEnabled(id));
      const from = able.length > 0 ? able : ids;
      const id = from[move.fire % from.length] ?? "";
      const kind = reference.steps.find((step) => step.id === id)?.kind ?? "";
      const did = bench.fire(id) !== null;
      expect({ id, did }).toEqual({ id, did: reference.fire(id) });
      if (did) count(id.startsWith("s--") ? "inside" : kind);
    } else if ("decide" in move) {
      const gate = reference.open[move.decide % Math.max(1, reference.open.length)];
      decide(bench, gate ? reference.open.indexOf(gate) : 0, move.person, move.approves);
      if (gate) reference.decide(gate, move.person, move.approves);
      if (gate?.passed) count("passed");
    } else if ("pause" in move) {
      bench.event(move.pause ? "paused" : "resumed");
      reference.paused = move.pause;
    } else {
      reference.wait(move.wait);
      if (reference.paused) count("paused");
      wait(bench, move.wait);
      if ((reference.marking().late?.length ?? 0) > before) count("late");
    }
    expect(sorted(markingOf(bench))).toEqual(sorted(reference.marking()));
    const enabled = (is: (id: string) => boolean) => ids.filter(is);
    expect(enabled((id) => bench.decide(id) !== null)).toEqual(enabled((id) => reference.isEnabled(id)));
  }
}

const sorted = (marking: Record<string, unknown[]>) => Object.entries(marking).sort(([a], [b]) => (a < b ? -1 : 1));

it("does what the reference does, whatever people decide and however time goes by", { timeout: 240_000 }, () => {
  const came = new Map<string, number>();
  fc.assert(
    fc.property(netArbitrary, moves, (net, all) => play(net, all, came)),
    { numRuns: 1500 },
  );
  // A kind that never came about is not compared.
  const kinds = ["pass", "link", "gate", "passed", "batch", "gather", "delay", "every", "inside", "late", "paused"];
  expect(kinds.filter((kind) => (came.get(kind) ?? 0) < 100)).toEqual([]);
});

it("knows the schedules that it compares", () => {
  expect(compileSchedule({ every: "250ms" }).due(T0, T0 + 800)).toEqual({ at: T0 + 750, missed: 2 });
});
