/** A judge persona decides for a rule of free text: what it is shown, what it is asked about, and what its word changes. */
import { expect, it } from "vitest";
import { type Learn, learnHere } from "../../../src/actors/crystal/learn.ts";
import { MOST_JUDGED, withJudge } from "../../../src/actors/crystal/rule-judge.ts";
import { givenRule } from "../../../src/actors/crystal/rule-writer.ts";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import type { Example } from "../../../src/crystallize/example.ts";
import { fences } from "../../../src/models/fence.ts";
import type { TierRequest, Tiers } from "../../../src/models/tiers.ts";
import { policyOf } from "../../../src/net/crystal/definition.ts";
import type { Equality } from "../../../src/net/rule/agree.ts";
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
  expect(proposal).toMatchObject({ promotable: false, judged: { asked: MOST_JUDGED } });
});

it("what somebody has seen who wrote the rule proves nothing, with the judge's word either", async () => {
  const examples = greetings(400, (name) => `Many thanks, ${name}!`);
  const seenTo = examples[349]?.seq ?? 0;
  const rule = (await learnHere({ examples }, policyOf(undefined))).rule as unknown as Json;
  const proposal = await judge(isThanks, givenRule(rule, "given", seenTo)).study(examples);
  expect(proposal).toMatchObject({ judged: { by: "greeter" }, proof: { holdout: 50, unjudged: 0 } });
  expect(proposal.proof?.seqs[0]).toBeGreaterThan(seenTo);
});
