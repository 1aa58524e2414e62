/** A model that is asked for a rule: what it is shown, what becomes of what it writes, and that nothing it writes reaches further than the step. */
import { describe, expect, it } from "vitest";
import { learnHere } from "../../../src/actors/crystal/learn.ts";
import { MOST_ROUNDS, withWriter } from "../../../src/actors/crystal/rule-writer.ts";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import type { Example, ToolCall } from "../../../src/crystallize/example.ts";
import { WRITTEN } from "../../../src/crystallize/written.ts";
import type { Block } from "../../../src/models/port.ts";
import type { TierRequest, Tiers } from "../../../src/models/tiers.ts";
import { policyOf } from "../../../src/net/crystal/definition.ts";
import { evaluateRule, isProgram, type Rule } from "../../../src/net/rule/rule.ts";
import { exampleOf, madeBy } from "../../crystallize/history.ts";
import { type Letter, letterRule, letterText } from "../../support/letter-rule.ts";

/** A model that hands in these, in turn, and then the last one again and again; what is no object is said as text. */
function model(...hands: Json[]) {
  const requests: TierRequest[] = [];
  const tiers: Pick<Tiers, "ask"> = {
    ask: async (_, request) => {
      requests.push(request);
      const hand = hands[Math.min(requests.length, hands.length) - 1] ?? null;
      const content: Block[] =
        typeof hand === "object"
          ? [{ type: "tool-call", id: `c${requests.length}`, name: "rule", input: hand }]
          : [{ type: "text", text: String(hand) }];
      return {
        answer: { content, stop: "tool-call", usage: { inputTokens: 100, outputTokens: 10 }, model: "m" },
        use: { provider: "test", name: "m", tier: "frontier", calls: 1, inputTokens: 100, outputTokens: 10, costUsd: 0.01, listUsd: 0.01 },
      };
    },
  };
  const learn = withWriter(learnHere, {
    ...{ tiers: tiers as Tiers, tier: "frontier", signal: new AbortController().signal, timeoutMs: 1000, key: "k" },
  });
  return { requests, learn: (examples: Example[], more: object = {}) => learn({ examples }, { ...policyOf(undefined), ...more }) };
}

/** Of a step that the learners do not settle. */
const letters = (size: number, seed: number): Example[] =>
  madeBy(
    size,
    seed,
    (chance) => ({
      letter: {
        code: `${"ABC"[chance.whole(0, 3 - 1)]}${"XYZ"[chance.whole(0, 3 - 1)]}-${1 + chance.whole(0, 4 - 1)}${chance.whole(0, 1000 - 1)}`,
        name: ["Ann", "Bob", "Eve", "Zoe"][chance.whole(0, 4 - 1)] ?? "",
      },
    }),
    (input) => ({ text: letterText(input.letter as unknown as Letter) }),
  );

describe("a rule that a model writes", () => {
  it("is proven on what the model was not shown, and taken where the learners found less", async () => {
    const examples = letters(300, 1);
    expect((await learnHere({ examples }, policyOf(undefined))).promotable).toBe(false);
    const { learn, requests } = model(letterRule);
    const proposal = await learn(examples);
    expect(proposal).toMatchObject({
      promotable: true,
      learner: WRITTEN,
      written: { rounds: 1, outcome: "taken", model: { calls: 1, costUsd: 0.01 } },
    });
    expect(proposal.proof).toMatchObject({ holdout: 90, covered: 90, wrong: 0 });
    const sent = JSON.stringify(requests[0]?.messages);
    expect(examples.slice(0, 210).some(({ output }) => sent.includes((output as { text: string }).text))).toBe(true);
    const earlyTexts = new Set(examples.slice(0, 210).map(({ output }) => JSON.stringify(output)));
    for (const { output } of examples.slice(210)) {
      if (!earlyTexts.has(JSON.stringify(output))) expect(sent).not.toContain((output as { text: string }).text);
    }
  });
  it("gets the guard of what was seen", async () => {
    const { rule } = await model(letterRule).learn(letters(300, 1));
    const claims = (input: JsonObject) => evaluateRule(rule ?? expect.fail(), input).applies;
    expect(claims({ letter: { code: "AX-12", name: "Ann" } })).toBe(true);
    expect(claims({ letter: { code: "AX-92", name: "Ann" } })).toBe(false);
    expect(claims({ letter: { code: 12, name: "Ann" } })).toBe(false);
    expect(claims({ letter: { code: "AX-12", name: "Ann", vip: true } })).toBe(false);
  });
  it("is not promotable where it is wrong, however sure the model is; the learned one stays where it is as good", async () => {
    const wrong = { guard: [], answer: { kind: "object", fields: { text: { kind: "constant", value: "thank you" } } } };
    const lost = await model(wrong).learn(letters(300, 1));
    expect(lost).toMatchObject({ promotable: false, written: { outcome: "unproven" } });
    expect(lost.written?.rounds).toBe(MOST_ROUNDS);
    const sorted = madeBy(
      300,
      3,
      (chance) => ({ n: chance.whole(0, 3 - 1) }),
      ({ n }) => ({ to: ["a", "b", "c"][Number(n)] ?? "" }),
    );
    const rows = [0, 1, 2].map((n) => ({ when: [n], give: { to: "abc"[n] ?? "" } }));
    const kept = await model({ guard: [], answer: { kind: "table", keys: [{ path: "/n" }], rows } }).learn(sorted);
    expect(kept).toMatchObject({ promotable: true, written: { outcome: "behind" } });
    expect(kept.learner).not.toBe(WRITTEN);
  });
  it("may be mended: what is wrong with it comes back to the model", async () => {
    const { learn, requests } = model(
      { guard: "all", answer: 7 },
      { ...letterRule, guard: [{ test: "range", path: "/letter/code" }] },
      letterRule,
    );
    expect(await learn(letters(300, 1))).toMatchObject({ promotable: true, written: { rounds: 3, outcome: "taken", model: { calls: 3 } } });
    const told = requests.map(({ messages }) => JSON.stringify(messages.at(-1)));
    expect(told[1]).toContain("guard");
    expect(told[2]).toContain("a range has at least one end");
  });
  it("is none where the model hands none in; the learned one stays", async () => {
    const { learn, requests } = model("I would rather not.");
    expect(await learn(letters(300, 1))).toMatchObject({ promotable: false, written: { rounds: 1, outcome: "none" } });
    expect(requests).toHaveLength(1);
  });
  it("is not asked for where there is too little to prove it on", async () => {
    const { learn, requests } = model(letterRule);
    expect((await learn(letters(100, 1))).written).toBeUndefined();
    expect(requests).toHaveLength(0);
  });
});

describe("for an agent", () => {
  const base = "https://shop.example/orders/";
  const made = (n: number): Example => {
    const [order, total] = [`o${n}`, (n * 37) % 500];
    const get: ToolCall = {
      name: "http.get",
      input: { url: `${base}${order}` },
      output: { status: 200, type: "application/json", text: JSON.stringify({ total }), truncated: false },
    };
    return exampleOf(n, { ask: { order } }, { total }, { tools: [get] });
  };
  const examples = Array.from({ length: 200 }, (_, n) => made(n));
  const end = { do: "end", answer: { kind: "object", fields: { total: { kind: "copy", path: "/$1/body/total" } } } };
  const program = (tool: string, url: string) => ({
    guard: [],
    answer: { kind: "decline", reason: "it answers after its calls" },
    program: {
      do: "call",
      tool,
      input: { kind: "object", fields: { url: { kind: "text", parts: [url, { path: "/ask/order" }] } } },
      expects: [],
      next: end,
    },
  });

  it("a written program is compared with the recorded calls, and knows what their answers look like", async () => {
    const { written } = await model(program("http.get", base)).learn(examples);
    expect(written).toMatchObject({ rounds: 1, proof: { covered: 60, wrong: 0 } });
    const { readWritten } = await import("../../../src/crystallize/written.ts");
    const read = readWritten(program("http.get", base) as unknown as Json, examples);
    const rule: Rule = "rule" in read ? read.rule : expect.fail();
    expect(isProgram(rule) && rule.program.do === "call" && rule.program.expects.length).toBeGreaterThan(0);
  });
  it("one that goes elsewhere is wrong, and one with a tool that the step has never called is refused", async () => {
    const elsewhere = await model(program("http.get", "https://evil.example/")).learn(examples);
    expect(elsewhere.written).toMatchObject({ outcome: "behind", proof: { wrong: 60 } });
    const posts = model(program("http.post", base));
    expect((await posts.learn(examples)).written).toMatchObject({ outcome: "none", rounds: MOST_ROUNDS });
    expect(JSON.stringify(posts.requests[1]?.messages.at(-1))).toContain("this step has never called http.post");
  });
  it("a rule without calls is refused where something happens by them", async () => {
    const acting = examples.map((one) => ({
      ...one,
      tools: one.tools.map((tool) => ({ ...tool, name: "http.post", input: { url: base, json: {} } })),
    }));
    const constant = model({ guard: [], answer: { kind: "constant", value: { total: 1 } } });
    expect((await constant.learn(acting)).written?.outcome).toBe("none");
    expect(JSON.stringify(constant.requests[1]?.messages.at(-1))).toContain("only a rule with a program");
  });
});
