/** Answers of which one part follows from the input and another does not: the reason names it, and the equality that leaves it out is enough. */
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { crystallize } from "../../src/crystallize/crystallize.ts";
import { evaluateRule } from "../../src/net/rule/rule.ts";
import { exampleOf } from "./history.ts";

const QUEUES: Record<string, string> = { net: "ada", ui: "bob", db: "eve" };
const WORDS = ["cable", "button", "table", "screen", "switch", "index", "colour"];
const input = (n: number): JsonObject => ({ ticket: { area: Object.keys(QUEUES)[n % 3] ?? "", n } });
/** What follows from nothing that the input has. */
const noise = (n: number) => (n * 7919 + ((n * n) % 997) * 31) % 10_007;
const history = (output: (n: number) => JsonObject, tools: object = {}) =>
  Array.from({ length: 400 }, (_, n) => exampleOf(n, input(n), output(n), tools));
const reasoned = history((n) => ({
  queue: QUEUES[Object.keys(QUEUES)[n % 3] ?? ""] ?? "",
  reason: `It is about a ${WORDS[noise(n) % 7]}, I think, ${noise(n)}.`,
  sure: 0.5 + (noise(n) % 50) / 100,
}));

test("the reason names what follows from nothing, and says how to leave it out", () => {
  const { rule, reasons } = crystallize(reasoned);
  expect(rule).toBeNull();
  expect(reasons).toEqual([
    'no learner found a rule that holds on later examples: nothing tells what "reason" and "sure" in its answer follows from. ' +
      'If that does not count, say so by the equality {"fields":{"queue":"exact"}}',
  ]);
});

test("with that equality a rule is found, and says of its words that nobody has worded them", () => {
  const { rule, promotable } = crystallize(reasoned, { equality: { fields: { queue: "exact" } } });
  expect(promotable).toBe(true);
  const answer = rule && evaluateRule(rule, input(4));
  expect(answer).toEqual({ applies: true, value: { queue: "bob", reason: "answered by a rule", sure: expect.any(Number) } });
});

test("an agent's summary in its own words is named too", () => {
  const call = {
    name: "http.get",
    input: { url: "https://shop.example/orders" },
    output: { status: 200, type: "text/plain", text: "ok", truncated: false },
  };
  const agent = history((n) => ({ status: "done", summary: `Done, ${noise(n)}.`, result: { n } }), { tools: [call] });
  const { reasons } = crystallize(agent);
  expect(reasons.join()).toContain('nothing tells what "summary" in its answer follows from');
  expect(reasons.join()).toContain('{"fields":{"status":"exact","result":"exact"}}');
});

test("where nothing of an answer can be learned, no equality is offered", () => {
  const { reasons } = crystallize(history((n) => ({ queue: `q${noise(n)}` })));
  expect(reasons).toEqual(["no learner found a rule that holds on later examples"]);
});
