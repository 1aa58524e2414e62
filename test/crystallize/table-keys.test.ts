/** Tables whose places say nothing alone. */
import { expect, test } from "vitest";
import { type Chance, chanceOf } from "../../bench/crystallize/draws.ts";
import type { Stream } from "../../bench/crystallize/stream.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { crystallize } from "../../src/crystallize/crystallize.ts";
import { bestKeys } from "../../src/crystallize/table-keys.ts";
import { evaluateRule } from "../../src/net/rule/rule.ts";
import { historyOf } from "./history.ts";

const SLOW = 120_000;
const PLACES = { region: ["n", "s", "e", "w"], tier: ["a", "b", "c"], lang: ["de", "en"] };

function order(chance: Chance): JsonObject {
  const chosen = Object.entries(PLACES).map(([name, values]) => [name, chance.pick(values)]);
  const more = { id: `R${chance.whole(10_000, 99_999)}`, product: chance.pick(["tv", "oven", "phone"]), amount: chance.whole(1, 2000) };
  return { ...Object.fromEntries(chosen), ...more };
}

/** How the rule that is learned does on later inputs; the model errs in one of twenty. */
function learned(name: string, truth: (input: JsonObject) => string, answers: string[], seed: number) {
  const stream: Stream = {
    ...{ name, kind: "learnable" },
    item: (_, chance) => {
      const input = order(chance);
      return { input, truth: truth(input) };
    },
    slip: (right, chance) => chance.pick(answers.filter((answer) => answer !== right)),
  };
  const { examples, later } = historyOf(stream, 900, 0.05, seed);
  const { rule, promotable, reasons } = crystallize(examples, { bound: 0.1 });
  const given = later.map((item) => (rule ? evaluateRule(rule, item.input) : { applies: false as const, reason: "none" }));
  const wrong = given.filter((answer, at) => answer.applies && answer.value !== later[at]?.truth).length;
  return { promotable, reasons, claims: given.filter(({ applies }) => applies).length / later.length > 0.9, wrong };
}
const FINE = { promotable: true, reasons: [], claims: true, wrong: 0 };

test("two that only together decide", { timeout: SLOW }, () => {
  const truth = ({ lang, tier }: JsonObject) => ((lang === "de") === (tier === "a") ? "ada" : "bob");
  expect(learned("either or", truth, ["ada", "bob"], 3)).toEqual(FINE);
});

test("an answer of its own for each of 24 combinations of three places", { timeout: SLOW }, () => {
  for (const seed of [1, 2, 3]) {
    const chance = chanceOf(seed);
    const answers = ["ada", "bob", "cyd", "dee"];
    const table = new Map<string, string>();
    for (const region of PLACES.region)
      for (const tier of PLACES.tier) for (const lang of PLACES.lang) table.set(region + tier + lang, chance.pick(answers));
    const truth = ({ region, tier, lang }: JsonObject) => table.get(`${region}${tier}${lang}`) as string;
    expect([seed, learned("table", truth, answers, seed)]).toEqual([seed, FINE]);
  }
});

test("a place more is a key only where it makes the table clearly better, and what comes later counts for nothing", () => {
  const chance = chanceOf(5);
  const places = Array.from({ length: 400 }, () => ({ a: chance.pick(["x", "y"]), b: chance.pick(["u", "v"]) }));
  const keyOn = (name: "a" | "b") => ({ term: { path: `/${name}` }, values: places.map((place) => place[name]) });
  const byOne = places.slice(0, 300).map(({ a }) => a);
  const byBoth = places.slice(0, 300).map(({ a, b }) => String((a === "x") === (b === "u")));
  const paths = (targets: string[]) => bestKeys([keyOn("a"), keyOn("b")], targets).map((keys) => keys.map(({ term }) => term.path));
  expect(paths(byOne)).toEqual([["/a"]]);
  expect(paths(byBoth)).toEqual([["/a", "/b"]]);
});
