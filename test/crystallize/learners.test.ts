/** Each learner on what it is for, and what it must not be fooled by. */
import { describe, expect, test } from "vitest";
import { type Chance, chanceOf } from "../../bench/crystallize/draws.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { columnsOf } from "../../src/crystallize/columns.ts";
import { winnerOf } from "../../src/crystallize/contest.ts";
import { crystallize, learnRule, proveRule } from "../../src/crystallize/crystallize.ts";
import type { Example } from "../../src/crystallize/example.ts";
import { learnLists } from "../../src/crystallize/lists.ts";
import type { Equality } from "../../src/net/rule/agree.ts";
import { printAnswer } from "../../src/net/rule/print-rule.ts";
import { evaluateRule } from "../../src/net/rule/rule.ts";
import { exampleOf, madeBy } from "./history.ts";

function won(examples: Example[]) {
  const inputs = examples.map(({ input }) => input);
  const winner = winnerOf({ inputs, targets: examples.map(({ output }) => output), columns: columnsOf(inputs), equality: "exact" });
  return winner && { learner: winner.best.learner, printed: printAnswer(winner.best.answer) };
}

const PEOPLE = ["ada lovelace", "grace hopper", "alan turing", "barbara liskov", "donald knuth", "radia perlman"];
const WORDS = "alpha beta gamma delta epsilon zeta eta theta".split(" ");

describe("the winner of the contest", () => {
  test("for what is always the same: a constant", () => {
    const examples = madeBy(
      60,
      1,
      (chance) => ({ n: chance.whole(1, 99) }),
      () => ({ ok: true }),
    );
    expect(won(examples)).toEqual({ learner: "constant", printed: ['{"ok":true}'] });
  });

  type User = { name: string; cents: number; born: string };
  test.each<[string, string, (user: User) => Json]>([
    ["copy", "user.cents", ({ cents }) => cents],
    ["format", "upper of user.name", ({ name }) => name.toUpperCase()],
    ["format", "scale(0.01), then fixed(2) of user.cents", ({ cents }) => (cents / 100).toFixed(2)],
    ["format", 'date("YYYY-MM-DD", "DD.MM.YYYY") of user.born', ({ born }) => born.split("-").reverse().join(".")],
  ])("for what stands in the input: a %s, %s", (learner, printed, output) => {
    const user = (chance: Chance): JsonObject => ({
      name: chance.pick(PEOPLE),
      cents: chance.whole(100, 999_999),
      born: `19${chance.whole(10, 99)}-0${chance.whole(1, 9)}-1${chance.whole(0, 9)}`,
    });
    const examples = madeBy(
      80,
      2,
      (chance) => ({ user: user(chance) }),
      (given) => output(given.user as User),
    );
    expect(won(examples)).toEqual({ learner, printed: [printed] });
  });

  test("for texts with slots: a template", () => {
    const examples = madeBy(
      80,
      3,
      (chance) => ({ name: chance.pick(PEOPLE), count: chance.whole(2, 400), tags: [chance.pick(WORDS), chance.pick(WORDS)] }),
      (given) => `${given.count} items for ${given.name}: ${(given.tags as string[]).join(", ")}.`,
    );
    expect(won(examples)).toEqual({ learner: "text", printed: ['count + " items for " + name + ": " + join(", ") of tags + "."'] });
  });

  test("for values of a key: a lookup, which answers for the keys alone that it has seen twice", () => {
    const codes = Array.from({ length: 30 }, (_, at) => `C${at}`);
    const examples = madeBy(
      300,
      4,
      (chance) => ({ code: chance.pick(codes), size: chance.whole(1, 1000) }),
      (given) => `T${(Number(String(given.code).slice(1)) * 7) % 5}`,
    );
    examples.push(exampleOf(999, { code: "C99", size: 5 }, "T1"));
    const rule = learnRule(examples)?.rule;
    expect(rule?.answer.kind).toBe("table");
    expect(rule && evaluateRule(rule, { code: "C3", size: 10 })).toEqual({ applies: true, value: "T1" });
    for (const code of ["C99", "C100"]) expect(rule && evaluateRule(rule, { code, size: 10 }).applies).toBe(false);
  });

  test("for thresholds: a tree that leaves the gap between the two last numbers to the model", () => {
    const examples = madeBy(
      400,
      5,
      (chance) => ({ total: chance.whole(0, 100_000) / 10 }),
      (given) => (Number(given.total) >= 2000 ? "review" : "pay"),
    );
    const totals = examples.map(({ input }) => Number(input.total));
    const rule = learnRule(examples)?.rule;
    const answer = (total: number) => rule && evaluateRule(rule, { total });
    expect(answer(50)).toEqual({ applies: true, value: "pay" });
    expect(answer(9000)).toEqual({ applies: true, value: "review" });
    const below = Math.max(...totals.filter((total) => total < 2000));
    const above = Math.min(...totals.filter((total) => total >= 2000));
    expect(answer((below + above) / 2)).toMatchObject({ applies: false });
    expect(answer(20_000)).toMatchObject({ applies: false });
  });

  describe("of decision lists", () => {
    const order = (chance: Chance): JsonObject => ({
      country: chance.pick(["DE", "FR", "IT"]),
      tier: chance.pick(["free", "plus", "gold"]),
      channel: chance.pick(["web", "mail", "phone"]),
      total: Math.round(chance.draw() ** 2 * 4000),
    });
    const listOf = (size: number, seed: number, output: (input: JsonObject) => Json) => {
      const examples = madeBy(size, seed, order, output);
      const inputs = examples.map(({ input }) => input);
      const [list] = learnLists({ inputs, targets: examples.map((one) => one.output), columns: columnsOf(inputs), equality: "exact" });
      if (!list) throw new Error("no list");
      return { rule: { guard: [], answer: list.answer }, inputs };
    };

    test("what lies between two numbers that were seen is left to the model, also where the rest has an answer", () => {
      const { rule, inputs } = listOf(110, 3, ({ total, tier }) => (Number(total) < 1000 ? "small" : tier === "gold" ? "vip" : "large"));
      for (const tier of ["free", "plus"]) {
        const seen = inputs.filter((input) => input.tier === tier || tier === "plus").map(({ total }) => Number(total));
        const [below, above] = [Math.max(...seen.filter((n) => n < 1000)), Math.min(...seen.filter((n) => n >= 1000))];
        expect(above - below).toBeGreaterThan(2);
        const middle = evaluateRule(rule, { country: "DE", channel: "web", tier, total: Math.round((below + above) / 2) });
        expect(middle).toMatchObject({ applies: false, reason: "between two numbers that were seen" });
      }
      const wrong = inputs.filter(({ tier, total }) => {
        const answer = evaluateRule(rule, { country: "DE", channel: "web", tier: tier ?? "", total: total ?? 0 });
        return answer.applies && answer.value !== (Number(total) < 1000 ? "small" : tier === "gold" ? "vip" : "large");
      });
      expect(wrong).toEqual([]);
    });

    test("what a case misses for a reason stands before it, or is left to the model", () => {
      const truth = ({ country, tier, total, channel }: JsonObject): Json => {
        if (country === "DE" && tier === "gold" && Number(total) >= 1800) return "legal";
        return tier === "gold" ? "sales" : channel === "web" ? "billing" : "support";
      };
      const { rule } = listOf(400, 11, truth);
      const later = madeBy(2000, 12, order, truth);
      const claimed = later.filter(({ input }) => evaluateRule(rule, input).applies);
      const exceptions = later.filter(({ output }) => output === "legal");
      expect(exceptions.length).toBeGreaterThan(40);
      const missed = exceptions.filter(({ input }) => {
        const answer = evaluateRule(rule, input);
        return answer.applies && answer.value !== "legal";
      });
      expect(missed.length).toBeLessThanOrEqual(exceptions.length / 20);
      expect(claimed.length).toBeGreaterThan(0.9 * later.length);
    });
  });

  test("for values inside a text: patterns, each for a form of the text", () => {
    const letter = (chance: Chance, id: string): string => {
      if (chance.chance(0.5)) return `Your order ${id} has been sent, ${chance.pick(WORDS)}.`;
      return `Reference: ${id}\nThanks, ${chance.pick(WORDS)} ${chance.whole(1, 9)}`;
    };
    const examples = madeBy(
      120,
      6,
      (chance) => ({ mail: letter(chance, `${chance.pick(["AB", "XY"])}-${chance.whole(100, 9999)}`) }),
      (given) => String(given.mail).match(/[A-Z]{2}-\d+/)?.[0] ?? "",
    );
    const rule = learnRule(examples)?.rule;
    const answer = (mail: string) => rule && evaluateRule(rule, { mail });
    expect(rule?.answer.kind).toBe("extract");
    expect(answer("Your order ZZ-1234 has been sent, beta.")).toEqual({ applies: true, value: "ZZ-1234" });
    expect(answer("Your order 77 has been sent to AB-1, al.")).toMatchObject({ applies: false });
    expect(answer("Your order AB-1 has been sent. Your order AB-2 has been sent.")).toMatchObject({ applies: false });
  });

  test("for chance: none", () => {
    const chance = madeBy(
      300,
      8,
      (one) => ({ n: one.whole(1, 1000), word: one.pick(WORDS) }),
      () => null,
    );
    const answers = madeBy(
      300,
      9,
      (one) => ({ answer: one.pick(["a", "b", "c"]) }),
      () => null,
    );
    expect(won(chance.map((one, at) => ({ ...one, output: answers[at]?.input.answer ?? null })))).toBeNull();
  });
});

test("digits are taken of texts with as many numbers as were seen, and never of one without", () => {
  const examples = madeBy(
    120,
    10,
    (chance) => ({ text: `Order ${chance.pick(["AB", "CD", "XY"])}-${chance.whole(1000, 9999)} has not come` }),
    (given) => String(given.text).replace(/\D+/g, ""),
  );
  const rule = learnRule(examples)?.rule;
  const answer = (text: string) => rule && evaluateRule(rule, { text });
  expect(answer("Order AB-5005 has not come")).toEqual({ applies: true, value: "5005" });
  for (const text of ["Hello there my dear friend, no number", "In room 12, order AB-5005 is lost", "Order AB-1000 and order CD-2000"])
    expect(answer(text)).toMatchObject({ applies: false });
});

test("an equality for the fields of other answers does not make answers by chance the same", () => {
  const answers = madeBy(
    400,
    11,
    (chance) => ({ urgency: chance.pick(["now", "soon", "later"]) }),
    () => null,
  );
  const examples = madeBy(
    400,
    12,
    (chance) => ({ n: chance.whole(1, 1000), word: chance.pick(WORDS) }),
    () => null,
  ).map((one, at): Example => ({ ...one, output: answers[at]?.input ?? null }));
  const equality = { fields: { queue: "exact" as const, text: { judge: "editor" } } };
  expect(crystallize(examples, { equality })).toMatchObject({ promotable: false });
  const wrong = { guard: [], answer: { kind: "constant" as const, value: { queue: "press" } } };
  const { promotable, proof } = proveRule(wrong, examples, { equality });
  expect(promotable).toBe(false);
  expect(proof?.wrong).toBe(proof?.covered);
});

test("learning twice gives the same rule", () => {
  const learn = () =>
    learnRule(
      madeBy(
        300,
        9,
        (chance) => ({ n: chance.whole(1, 50), word: chance.pick(WORDS) }),
        (given) => (Number(given.n) > 20 && given.word !== "eta" ? "yes" : "no"),
      ),
    );
  expect(learn()).not.toBeNull();
  expect(learn()).toEqual(learn());
});

describe("the declared equality is what learners look for a fit by", () => {
  const about = (centre: number, chance: Chance, share: number): number =>
    Number((centre * (1 + (2 * chance.draw() - 1) * share)).toFixed(3));
  const noise = chanceOf(8);
  const learned = (equality: Equality, output: (input: JsonObject) => Json) => {
    const examples = madeBy(500, 6, (chance) => ({ weight: chance.whole(100, 90_000), zone: chance.pick(["a", "b", "c"]) }), output);
    return crystallize(examples, { equality });
  };
  const zones: Record<string, number> = { a: 40, b: 900, c: 12_000 };

  test.each<[string, string, Equality, (input: JsonObject) => Json]>([
    ["a number that scatters around one of the input", "copy", { tolerance: 0.01 }, ({ weight }) => about(Number(weight), noise, 0.008)],
    ["a number that scatters around a constant", "constant", { tolerance: 0.01 }, () => about(500, noise, 0.008)],
    [
      "numbers that scatter around those of a table",
      "lookup",
      { tolerance: 0.01 },
      ({ zone }) => about(zones[String(zone)] ?? 0, noise, 0.008),
    ],
    [
      "the same inside an object, and declared for its field",
      "lookup",
      { fields: { price: { tolerance: 0.01 } } },
      ({ zone }) => ({
        price: about(zones[String(zone)] ?? 0, noise, 0.008),
        note: `n${noise.draw()}`,
      }),
    ],
    [
      "the same inside an object, and declared for the whole",
      "lookup",
      { tolerance: 0.01 },
      ({ zone }) => ({
        price: about(zones[String(zone)] ?? 0, noise, 0.008),
        unit: "EUR",
      }),
    ],
    [
      "a text in any case",
      "text",
      { text: "folded" },
      ({ weight }) => noise.pick([`Weighs ${weight} g`, `WEIGHS  ${weight} G`, `weighs ${weight} g`]),
    ],
  ])("%s: %s", (_, learner, equality, output) => {
    const proposal = learned(equality, output);
    expect(proposal.learner.split(", ")).toContain(learner);
    expect(proposal).toMatchObject({ promotable: true, proof: { wrong: 0, coverage: expect.closeTo(1, 1) } });
    expect(learned("exact", output).promotable).toBe(false);
  });

  test("and what scatters more is no fit", () => {
    const proposal = learned({ tolerance: 0.01 }, ({ weight }) => about(Number(weight), noise, 0.05));
    expect(proposal.promotable).toBe(false);
  });
});
