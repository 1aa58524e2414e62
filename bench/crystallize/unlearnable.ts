/** Streams that must not be crystallized, and streams whose pattern changes half-way. */
import type { Chance } from "./draws.ts";
import { BY_COUNTRY, byCountry, orderOf, otherOf, QUEUES } from "./routing.ts";
import type { Item, Stream } from "./stream.ts";

const unlearnable = (name: string, queues: string[], item: (at: number, chance: Chance) => Item): Stream => ({
  ...{ name, kind: "unlearnable" as const, item, slip: otherOf(queues) },
});

const random = unlearnable("random answers", QUEUES, (_, chance) => ({ input: { order: orderOf(chance) }, truth: chance.pick(QUEUES) }));

/** What decides is a stock level that the input does not have. */
const hidden = unlearnable("answers by what is not in the input", [...BY_COUNTRY, "returns"], (_, chance) => {
  const order = orderOf(chance);
  return { input: { order }, truth: chance.chance(0.3) ? "returns" : byCountry(order) };
});

/** Two in a hundred are escalated, for reasons that are nowhere in the input. */
const rare = unlearnable("rare but important exceptions", BY_COUNTRY, (_, chance) => {
  const order = orderOf(chance);
  return { input: { order }, truth: chance.chance(0.02) ? "escalate" : byCountry(order) };
});

/** Most orders lie within a hair of the limit, where the truth hangs on the last digits of the order's number. */
const edge = unlearnable("adversary near the edge", ["billing", "legal"], (_, chance) => {
  const order = orderOf(chance);
  if (chance.chance(0.6)) order.total = Math.round((1000 + (chance.draw() - 0.5) * 8) * 100) / 100;
  const near = Math.abs(Number(order.total) - 1000) <= 4;
  const above = near ? Number(String(order.id).slice(-3)) % 7 < 3 : Number(order.total) >= 1000;
  return { input: { order }, truth: above ? "legal" : "billing" };
});

const turnedBy = (queues: readonly string[], queue: string, steps: number): string =>
  queues[(queues.indexOf(queue) + steps) % queues.length] ?? "";

const restless = unlearnable("a pattern that changes every 120", QUEUES, (at, chance) => {
  const order = orderOf(chance);
  return { input: { order }, truth: turnedBy(QUEUES, byCountry(order), Math.floor(at / 120)) };
});

const CHANGE = 5000;
/** Everything goes elsewhere from the middle on. */
const turned: Stream = {
  name: "all answers change half-way",
  kind: "changing",
  changesAt: CHANGE,
  item: (at, chance) => {
    const order = orderOf(chance);
    return { input: { order }, truth: turnedBy(BY_COUNTRY, byCountry(order), at < CHANGE ? 0 : 1) };
  },
  slip: otherOf(BY_COUNTRY),
};

/** Two of three answers change places, for about a quarter of the items; later stages send half of what is wrong back. */
const partly: Stream = {
  ...turned,
  name: "a quarter changes half-way, later stages notice",
  reworks: 0.5,
  item: (at, chance) => {
    const order = orderOf(chance);
    const before = byCountry(order);
    const swapped: Record<string, string> = { support: "sales", sales: "support" };
    return { input: { order }, truth: at < CHANGE ? before : (swapped[before] ?? before) };
  },
};
const silently: Stream = { ...partly, name: "a quarter changes half-way, audits alone", reworks: 0 };

export const UNLEARNABLE = [random, hidden, rare, edge, restless];
export const CHANGING = [turned, partly, silently];
