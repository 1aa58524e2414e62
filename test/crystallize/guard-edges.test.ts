/** Inputs just outside of what was seen go to the model: longer lists where the length decides, new members of what is not always there. */
import { expect, test } from "vitest";
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
