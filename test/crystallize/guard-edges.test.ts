/** Inputs just outside of what was seen go to the model: longer lists where the length decides, new members and elements, more decimals, null. */
import { describe, expect, test } from "vitest";
import type { Chance } from "../../bench/crystallize/draws.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { crystallize } from "../../src/crystallize/crystallize.ts";
import { evaluateRule, type RuleAnswer } from "../../src/net/rule/rule.ts";
import { madeBy } from "./history.ts";

const SLOW = 120_000;

function ruleFor(
  seed: number,
  input: (chance: Chance) => JsonObject,
  output: (input: JsonObject) => Json,
): (input: JsonObject) => RuleAnswer {
  const { rule, promotable, reasons } = crystallize(madeBy(400, seed, input, output));
  expect({ promotable, reasons }).toEqual({ promotable: true, reasons: [] });
  return (given) => evaluateRule(rule as NonNullable<typeof rule>, given);
}
const lines = (many: number) => Array.from({ length: many }, () => ({ sku: "a", n: 1 }));

test("a list longer or shorter than all that were seen, where its length decides", { timeout: SLOW }, () => {
  const answer = ruleFor(
    1,
    (chance) => ({ order: { lines: lines(chance.whole(2, 10)) } }),
    ({ order }) => ((order as { lines: Json[] }).lines.length > 5 ? "bulk" : "small"),
  );
  expect(answer({ order: { lines: lines(9) } })).toEqual({ applies: true, value: "bulk" });
  for (const many of [0, 1, 11, 13, 20]) expect([many, answer({ order: { lines: lines(many) } }).applies]).toEqual([many, false]);
});

test("a text longer than all that were seen, where its length decides; where it does not, length says little", { timeout: SLOW }, () => {
  const answer = ruleFor(
    2,
    (chance) => ({ note: "a word or two ".repeat(40).slice(0, chance.whole(5, 140)), area: chance.pick(["net", "ui"]) }),
    ({ note, area }) => ({ form: String(note).length > 70 ? "mail" : "sms", area: area as string }),
  );
  expect(answer({ note: "a word or two ".repeat(40).slice(0, 90), area: "ui" })).toEqual({
    applies: true,
    value: { form: "mail", area: "ui" },
  });
  expect(answer({ note: "a word or two ".repeat(40).slice(0, 200), area: "ui" })).toMatchObject({ applies: false });
  const by = ruleFor(
    3,
    (chance) => ({ note: "a word or two ".repeat(40).slice(0, chance.whole(5, 140)), area: chance.pick(["net", "ui"]) }),
    ({ area }) => area as string,
  );
  expect(by({ note: "a word or two ".repeat(40).slice(0, 200), area: "ui" })).toEqual({ applies: true, value: "ui" });
});

test("a new member of an object that is not always there", { timeout: SLOW }, () => {
  const answer = ruleFor(
    4,
    (chance) => ({
      ticket: { id: chance.whole(1, 9999), ...(chance.chance(0.5) ? { contract: { level: chance.pick(["gold", "silver"]) } } : {}) },
    }),
    ({ ticket }) => (ticket as { contract?: { level: string } }).contract?.level ?? "none",
  );
  expect(answer({ ticket: { id: 500, contract: { level: "gold" } } })).toEqual({ applies: true, value: "gold" });
  expect(answer({ ticket: { id: 500 } })).toEqual({ applies: true, value: "none" });
  expect(answer({ ticket: { id: 500, contract: { level: "gold", cancelled: true } } })).toMatchObject({ applies: false });
});

describe("elements of a list", () => {
  const order = (chance: Chance) => ({
    order: {
      items: Array.from({ length: chance.whole(1, 4) }, () => ({ name: chance.pick(["cup", "pen", "mug"]), n: chance.whole(1, 5) })),
    },
  });
  test("that are objects have the members that they had, each of them", { timeout: SLOW }, () => {
    const answer = ruleFor(5, order, ({ order: given }) =>
      (given as { items: { name: string }[] }).items.map(({ name }) => name).join(", "),
    );
    const of = (...items: Json[]) => answer({ order: { items } });
    const cup = { name: "cup", n: 1 };
    expect(of(cup, { name: "pen", n: 2 })).toEqual({ applies: true, value: "cup, pen" });
    for (const other of [{ ...cup, cancelled: true }, { name: "cup" }, { ...cup, name: 7 }, "cup", null])
      expect([other, of(cup, other).applies]).toEqual([other, false]);
  });

  test("that decide are among those that were seen", { timeout: SLOW }, () => {
    const tags = ["urgent", "net", "ui", "db"];
    const answer = ruleFor(
      6,
      (chance) => ({ ticket: { tags: tags.filter(() => chance.chance(0.4)), plan: chance.pick(["free", "pro"]) } }),
      ({ ticket }) => ((ticket as { tags: string[] }).tags.includes("urgent") ? "now" : "later"),
    );
    const of = (...given: Json[]) => answer({ ticket: { tags: given, plan: "pro" } });
    expect(of("net", "urgent")).toEqual({ applies: true, value: "now" });
    for (const other of ["cancelled", "Urgent", 7, null]) expect([other, of("net", other).applies]).toEqual([other, false]);
  });
});

test("a number with more decimals than any that was seen", { timeout: SLOW }, () => {
  const answer = ruleFor(
    7,
    (chance) => ({ amount: chance.whole(1, 90_000) / 100 }),
    ({ amount }) => `${(amount as number).toFixed(2)} EUR`,
  );
  expect(answer({ amount: 120.5 })).toEqual({ applies: true, value: "120.50 EUR" });
  for (const amount of [120.505, 1.005, 1e-7]) expect([amount, answer({ amount }).applies]).toEqual([amount, false]);
});

test("null where a value was there or nothing at all", { timeout: SLOW }, () => {
  const answer = ruleFor(
    8,
    (chance) => ({
      order: { id: chance.whole(1, 9999), ...(chance.chance(0.5) ? { ship: { to: { country: chance.pick(["DE", "FR", "US"]) } } } : {}) },
    }),
    ({ order }) => {
      const country = (order as { ship?: { to: { country: string } } }).ship?.to.country;
      return country === undefined ? "none" : country === "US" ? "us" : "eu";
    },
  );
  expect(answer({ order: { id: 500, ship: { to: { country: "FR" } } } })).toEqual({ applies: true, value: "eu" });
  expect(answer({ order: { id: 500 } })).toEqual({ applies: true, value: "none" });
  for (const ship of [null, { to: null }, { to: { country: null } }])
    expect([ship, answer({ order: { id: 500, ship } }).applies]).toEqual([ship, false]);
});

describe("what is now and then null", () => {
  const order = (chance: Chance) => ({
    amount: chance.chance(0.1) ? null : chance.whole(1, 100),
    tier: chance.chance(0.2) ? null : chance.pick(["gold", "silver", "free"]),
    id: chance.chance(0.2) ? null : `A-${chance.whole(1000, 9999)}`,
  });
  const some = { amount: 50, tier: "gold", id: "A-4711" };

  test("is else among the seen numbers and values, where it decides", { timeout: SLOW }, () => {
    const size = ruleFor(9, order, ({ amount }) => (amount === null ? "ask" : Number(amount) > 50 ? "big" : "small"));
    expect(size({ ...some, amount: 70 })).toEqual({ applies: true, value: "big" });
    expect(size({ ...some, amount: null })).toEqual({ applies: true, value: "ask" });
    for (const amount of [0, 101, 1e9, "70", true]) expect([amount, size({ ...some, amount }).applies]).toEqual([amount, false]);
    const team = ruleFor(10, order, ({ tier }) => (tier === "gold" ? "vip" : tier === "silver" ? "mid" : "low"));
    expect(team({ ...some, tier: null })).toEqual({ applies: true, value: "low" });
    for (const tier of ["bronze", "", "Gold", 5]) expect([tier, team({ ...some, tier }).applies]).toEqual([tier, false]);
  });

  test("has else the form that it had, where it is handed on", { timeout: SLOW }, () => {
    const answer = ruleFor(11, order, ({ id }) => ({ id: id as string | null }));
    expect(answer({ ...some, id: "A-5000" })).toEqual({ applies: true, value: { id: "A-5000" } });
    expect(answer({ ...some, id: null })).toEqual({ applies: true, value: { id: null } });
    for (const id of ["", "B/1", "A-500", 7]) expect([id, answer({ ...some, id }).applies]).toEqual([id, false]);
  });
});
