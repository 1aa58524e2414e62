/** A slip that makes something else of each answer keeps no rule from being promoted; a rare answer that stands for all kinds does. */
import { expect, test } from "vitest";
import type { Chance } from "../../bench/crystallize/draws.ts";
import type { Item, Stream } from "../../bench/crystallize/stream.ts";
import { crystallize } from "../../src/crystallize/crystallize.ts";
import { historyOf } from "./history.ts";

const SLOW = 120_000;
const FIRST = "Ada Grace Alan Edsger Barbara Donald Frances Ken".split(" ");
const CITIES = "Rome Oslo Bern Paris Lima Quito".split(" ");
const AREAS = "net ui db ops web mail docs lab".split(" ");

function promoted(item: (chance: Chance) => Item, slip: Stream["slip"], errs = 0.05) {
  const stream: Stream = { name: "", kind: "learnable", item: (_, chance) => item(chance), slip };
  const { rule, promotable, reasons } = crystallize(historyOf(stream, 900, errs, 11).examples, { bound: 0.1 });
  return { learned: rule !== null, promotable, reasons };
}
const FINE = { learned: true, promotable: true, reasons: [] };

test("one part of the input for another", { timeout: SLOW }, () => {
  const item = (chance: Chance): Item => {
    const [name, city] = [chance.pick(FIRST), chance.pick(CITIES)];
    const mail = chance.pick([`My name is ${name} and I live in ${city}.`, `Greetings from ${city}! Yours, ${name}`]);
    return { input: { mail }, truth: { name, city } };
  };
  expect(
    promoted(item, (truth) => {
      const { name, city } = truth as { name: string; city: string };
      return { name: city, city: name };
    }),
  ).toEqual(FINE);
});

test("the same answer in capitals", { timeout: SLOW }, () => {
  const item = (chance: Chance): Item => {
    const [count, what] = [chance.whole(0, 6), chance.pick(["cup", "pen"])];
    return { input: { count, what }, truth: `${count} ${what}${count === 1 ? "" : "s"} in the box` };
  };
  expect(promoted(item, (truth) => String(truth).toUpperCase())).toEqual(FINE);
});

/** What is not in the input decides, two times in a hundred. */
const rarely = (otherwise: (team: string) => string, teams: string[]) =>
  promoted(
    (chance) => {
      const area = chance.pick(AREAS);
      const team = teams[AREAS.indexOf(area) % teams.length] as string;
      return { input: { area, count: chance.whole(1, 900) }, truth: chance.chance(0.03) ? otherwise(team) : team };
    },
    (truth) => truth,
    0,
  );

test("a rare answer in place of all others, or of a few", { timeout: SLOW }, () => {
  const cases: [(team: string) => string, string[]][] = [
    [() => "escalate", ["ada", "bob", "cyd", "dee", "eve", "fay"]],
    [(team) => `${team}-urgent`, ["ada", "bob", "cyd"]],
  ];
  for (const [otherwise, teams] of cases) {
    const { promotable, reasons } = rarely(otherwise, teams);
    expect({ promotable, reasons: reasons.join() }).toEqual({
      promotable: false,
      reasons: expect.stringContaining("where the rule never does"),
    });
  }
});
