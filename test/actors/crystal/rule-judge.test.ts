/** A judge persona decides for a rule of free text: what it is shown, what it is asked about, and what its word changes. */
import { expect, it } from "vitest";
import { chanceOf } from "../../../bench/crystallize/draws.ts";
import { type Learn, learnHere } from "../../../src/actors/crystal/learn.ts";
import { judgingNote } from "../../../src/actors/crystal/learning-notes.ts";
import { MOST_JUDGED, MOST_TURNED_DOWN, withJudge } from "../../../src/actors/crystal/rule-judge.ts";
import { givenRule } from "../../../src/actors/crystal/rule-writer.ts";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import type { Example } from "../../../src/crystallize/example.ts";
import { upperBound } from "../../../src/crystallize/statistics.ts";
import { fences } from "../../../src/models/fence.ts";
import type { TierRequest, Tiers } from "../../../src/models/tiers.ts";
import { policyOf } from "../../../src/net/crystal/definition.ts";
import type { Equality } from "../../../src/net/rule/agree.ts";
import { evaluateRule, type Rule } from "../../../src/net/rule/rule.ts";
import { madeBy } from "../../crystallize/history.ts";

/** The model greets in the usual words, in the later part now and then in others. */
const greetings = (size: number, other: (name: string) => string, every = 8): Example[] =>
  madeBy(
    size,
    4,
    (chance) => ({ who: { name: chance.pick(["Ann", "Bob", "Eve", "Zoe"]) } }),
    ({ who }) => ({ text: `Dear ${(who as { name: string }).name}, thank you.` }),
  ).map((one, at) =>
    at >= size * 0.75 && at % every === 0 ? { ...one, output: { text: other((one.input.who as { name: string }).name) } } : one,
  );

function judge(says: (first: string, second: string) => Json, base: Learn = learnHere) {
  const requests: TierRequest[] = [];
  const tiers: Pick<Tiers, "ask"> = {
    ask: async (tier, request) => {
      requests.push(request);
      const [block] = request.messages[0]?.content ?? [];
      const { data } = fences(block?.type === "text" ? block.text : "");
      const input = says((data.first as { text: string }).text, (data.second as { text: string }).text);
      return {
        answer: {
          content: [{ type: "tool-call", id: "c", name: "verdict", input }],
          stop: "tool-call",
          usage: { inputTokens: 50, outputTokens: 5 },
          model: "m",
        },
        use: { provider: "test", name: "m", tier, calls: 1, inputTokens: 50, outputTokens: 5, costUsd: 0.001 },
      };
    },
  };
  const asked: string[] = [];
  const learn = withJudge(base, {
    ...{ tiers: tiers as Tiers, signal: new AbortController().signal, timeoutMs: 1000, key: "k" },
    persona: async (name) => {
      asked.push(name);
      return { prompt: "You judge greetings.", tier: "economy" };
    },
  });
  const named: Equality = { fields: { text: { judge: "greeter" } } };
  const study = (examples: Example[], equality: Equality = named) => learn({ examples }, { ...policyOf(undefined), equality });
  return { requests, asked, study };
}
const isThanks = (first: string, second: string): JsonObject => ({ same: [first, second].every((text) => /thank/i.test(text)), why: "" });

it("other words that say the same count as the same, and the rule is proven", async () => {
  const examples = greetings(400, (name) => `Many thanks, ${name}!`);
  const { study, requests, asked } = judge(isThanks);
  const before = await learnHere({ examples }, { ...policyOf(undefined), equality: { fields: { text: { judge: "greeter" } } } });
  expect(before).toMatchObject({ promotable: false, proof: { unjudged: expect.any(Number) } });
  const proposal = await study(examples);
  expect(proposal).toMatchObject({ promotable: true, reasons: [], proof: { wrong: 0, unjudged: 0 }, judged: { by: "greeter" } });
  // Each pair once, whatever number of firings it stands for, and only where content was not enough.
  expect(requests).toHaveLength(4);
  expect(proposal.judged).toMatchObject({ asked: 4, model: { calls: 4, costUsd: 0.004 } });
  expect(asked).toEqual(["greeter"]);
  const sent = requests.map(({ messages }) => JSON.stringify(messages));
  expect(sent.every((text) => text.includes("Dear ") && text.includes("Many thanks"))).toBe(true);
  expect(requests.every(({ system }) => system.startsWith("You judge greetings."))).toBe(true);
  // Whose answer stands first tells nothing.
  const first = sent.map((text) => text.indexOf("Dear ") < text.indexOf("Many thanks"));
  expect(new Set(first).size).toBe(2);
});

it("other words that say something else count against it", async () => {
  const proposal = await judge(isThanks).study(greetings(400, (name) => `Go away, ${name}.`));
  expect(proposal.promotable).toBe(false);
  expect(proposal.proof).toMatchObject({ unjudged: 0, wrong: expect.any(Number) });
  expect(proposal.proof?.wrong).toBeGreaterThan(5);
});

it("a judge that says nothing has not judged: the rule stays unproven", async () => {
  const proposal = await judge(() => ({ why: "I cannot tell." })).study(greetings(400, (name) => `Many thanks, ${name}!`));
  expect(proposal).toMatchObject({ promotable: false, judged: { asked: 0 } });
  expect(proposal.reasons.join()).toContain("no judge has looked at them");
});

/** A model that words what it says in three ways, as it likes: half, three in ten, two in ten. */
const worded = (size: number, say: (name: string, late: boolean) => [string, string, string]): Example[] => {
  const draws = chanceOf(77);
  return madeBy(
    size,
    5,
    (chance) => ({ order: { who: chance.pick(PEOPLE), number: chance.whole(1000, 99_999), days: chance.whole(0, 12) } }),
    ({ order }) => {
      const { who, number, days } = order as { who: string; number: number; days: number };
      const [usual, second, third] = say(`${who}, order ${number}`, days > 6);
      const draw = draws.draw();
      return { text: draw < 0.5 ? usual : draw < 0.8 ? second : third };
    },
  );
};
const PEOPLE = ["Ann", "Bob", "Eve", "Zoe", "Ida", "Max"];
const shipping = (about: string, late: boolean): [string, string, string] =>
  late
    ? [`Dear ${about} is late, sorry.`, `We apologise, ${about} is late.`, `Sorry! ${about} comes late.`]
    : [`Dear ${about} is on its way.`, `Good news, ${about} is on its way.`, `${about} is on its way to you.`];
const saysLate = (text: string) => text.includes("late");
const isSameNews = (first: string, second: string): JsonObject => ({ same: saysLate(first) === saysLate(second), why: "" });

it("a step that words its answers in three ways at random is crystallized with the judge's word, and not without", async () => {
  const examples = worded(900, shipping);
  const alone = await learnHere({ examples }, { ...policyOf(undefined), equality: { fields: { text: { judge: "greeter" } } } });
  expect(alone.promotable).toBe(false);
  expect(alone.reasons.join()).toContain("no judge has looked at them");
  expect((await learnHere({ examples }, policyOf(undefined))).rule).toBeNull();
  const { study, requests } = judge(isSameNews);
  const proposal = await study(examples);
  expect(proposal).toMatchObject({ promotable: true, reasons: [], learner: "tree of usual forms" });
  // What is proposed is the usual wording, and the one for the case at hand.
  const said = (days: number) => evaluateRule(proposal.rule as Rule, { order: { who: "Ida", number: 4242, days } });
  expect(said(2)).toEqual({ applies: true, value: { text: "Dear Ida, order 4242 is on its way." } });
  expect(said(11)).toEqual({ applies: true, value: { text: "Dear Ida, order 4242 is late, sorry." } });
  expect(requests.length).toBeLessThanOrEqual(MOST_JUDGED);
  expect(proposal.judged).toMatchObject({ asked: requests.length, model: { calls: requests.length } });
});

it("a step whose other words say something else is not, and the judge is not paid for what cannot end well any more", async () => {
  const moody = (about: string): [string, string, string] => [
    `Dear ${about} is on its way.`,
    `${about} is late.`,
    `Sorry! ${about} is late.`,
  ];
  const { study, requests } = judge(isSameNews);
  const proposal = await study(worded(900, moody));
  expect(proposal.promotable).toBe(false);
  expect(proposal.proof?.wrong).toBeGreaterThan(3);
  expect(proposal.judged?.stopped).toMatch(/bound cannot be met/);
  expect(requests.length).toBeLessThan(40);
});

it("of many different pairs a sample stands for the others, in the bound as well", async () => {
  const { study } = judge(isSameNews);
  const proposal = await study(worded(2400, (about) => shipping(about, false)));
  const { proof, judged } = proposal;
  expect(proposal).toMatchObject({ promotable: true, judged: { asked: MOST_JUDGED } });
  expect(judged?.open).toBeGreaterThan(MOST_JUDGED);
  expect(proof?.unjudged).toBe((judged?.open ?? 0) - MOST_JUDGED);
  // No less than what the judged ones alone allow of their half, and no more than half of it would be if all were compared.
  const [all, other] = [proof?.covered ?? 0, judged?.open ?? 0];
  expect(proof?.bound).toBeGreaterThan((other / all) * upperBound(0, MOST_JUDGED, 0.95));
  expect(proof?.bound).toBeLessThan(upperBound(0, MOST_JUDGED, 0.95) + upperBound(0, all - other, 0.95));
});

it("answers that were turned down and that the rule means again count against it", async () => {
  const examples = worded(900, shipping);
  const late = examples.length * 0.75;
  const bad = examples.map((one, at) => (at > late && at % 8 === 0 ? { ...one, bad: "rejected" } : one));
  const fine = await judge(isSameNews).study(examples);
  const proposal = await judge(isSameNews).study(bad);
  expect(fine.judged?.turnedDown).toBeUndefined();
  expect(proposal.judged?.turnedDown?.same).toBe(MOST_TURNED_DOWN);
  expect(proposal).toMatchObject({ promotable: false, proof: { repeated: MOST_TURNED_DOWN } });
  expect(proposal.reasons.join()).toContain("turned down would be given again");
});

it("what is no verdict is told with what it was and what is wanted, and a judge that gives none is not asked on and on", async () => {
  const { study, requests } = judge(() => ({ verdict: "yes, I think so" }));
  const proposal = await study(worded(900, shipping));
  expect(requests).toHaveLength(5);
  expect(proposal.judged).toMatchObject({ asked: 0, stopped: "it gives no verdicts", unread: { code: "bad-verdict", count: 5 } });
  expect(proposal.reasons.join()).toMatch(/bad-verdict.*yes, I think so.*"same": true or false/);
  expect(judgingNote("greet", proposal.judged as NonNullable<typeof proposal.judged>).summary).toMatch(/bad-verdict/);
});

it("is not asked where none is named or all is equal, and no more often than it may be", async () => {
  const equal = judge(isThanks);
  expect((await equal.study(greetings(400, (name) => `Dear ${name}, thank you.`))).promotable).toBe(true);
  const unnamed = judge(isThanks);
  await unnamed.study(
    greetings(400, (name) => `Many thanks, ${name}!`),
    "judge",
  );
  expect([...equal.requests, ...unnamed.requests]).toEqual([]);
  let count = 0;
  const many = judge(isThanks);
  const proposal = await many.study(greetings(2500, (name) => `Many thanks, ${name}, for the ${++count}th time!`, 2));
  expect(count).toBeGreaterThan(MOST_JUDGED);
  expect(many.requests).toHaveLength(MOST_JUDGED);
  expect(proposal).toMatchObject({ promotable: true, judged: { asked: MOST_JUDGED } });
});

it("what somebody has seen who wrote the rule proves nothing, with the judge's word either", async () => {
  const examples = greetings(400, (name) => `Many thanks, ${name}!`);
  const seenTo = examples[349]?.seq ?? 0;
  const rule = (await learnHere({ examples }, policyOf(undefined))).rule as unknown as Json;
  const proposal = await judge(isThanks, givenRule(rule, "given", seenTo)).study(examples);
  expect(proposal).toMatchObject({ judged: { by: "greeter" }, proof: { holdout: 50, unjudged: 0 } });
  expect(proposal.proof?.seqs[0]).toBeGreaterThan(seenTo);
});
