/** What a change would cost is told of what was answered: a budget that ends the asking is no saving. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Output } from "../../src/cli/output.ts";
import type { Retold } from "../../src/cli/run/whatif.ts";
import { changesText } from "../../src/cli/run/whatif-changes.ts";
import { whatifText } from "../../src/cli/run/whatif-words.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { triageNet, triagePersona } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history } from "./history-stage.ts";

let own: History;
let stub: Stub;
let says: (prompt: string) => StubTurn[];
beforeEach(async () => {
  own = await history();
  // A model is given its time.
  own.stage.clock = own.kit.clock;
  says = () => [{ tools: [{ name: "answer", input: { owner: "ada" } }] }];
  stub = await startAnthropicStub([], (prompt) => says(prompt));
  Object.assign(own.stage.env, { ANTHROPIC_API_KEY: "stub", ANTHROPIC_BASE_URL: stub.url });
  await own.kit.ask(null, "apply-persona", { persona: { ...triagePersona, output: undefined } });
  await own.kit.ask(null, "apply-net", { definition: { net: "desk", ...triageNet(undefined) } });
  for (const area of ["net", "ui"]) await own.kit.put("desk", "tickets", { area });
  await waitUntil("both are done", () => own.kit.stateOf("desk").places.get("done")?.size === 2);
});
afterEach(async () => {
  await own.stop();
  await stub.close();
});

it("counts no saving for requests that the budget did not reach, says what to do, and ends with the budget's exit code", async () => {
  const poor = await own.stage.run("whatif", "triage", "--tier", "standard", "--budget", "0.000001");
  expect(poor.code).toBe(6);
  expect(poor.out).toMatch(/None of 2 was answered \(models-budget-exhausted\); the first, event \d+: /);
  expect(poor.out).not.toMatch(/answers are the same|USD now,/);
  expect(poor.out).toContain("The budget was not enough for all: --budget sets another");
  const { json } = await own.stage.run("whatif", "triage", "--tier", "standard", "--budget", "0.000001", "--json");
  expect(json).toMatchObject({ asked: 2, failed: 2, usd: { was: 0, now: 0 }, ms: { was: 0, now: 0 }, rows: [{ was: { usd: 0.5 } }, {}] });
  expect(stub.requests).toHaveLength(0);
});

const whatif = (...args: string[]) => own.stage.run("whatif", "triage", ...args);
interface Sums {
  firstError: { seq: number } | null;
  rows: { seq: number; now: { usd: number | null; error?: string } }[];
}
const sums = async (...args: string[]) => (await whatif(...args, "--json")).json as unknown as Sums & JsonObject;

it("tells failures as failures: how many, the first one, what they cost, and none of it among the answered", async () => {
  await own.kit.ask(null, "apply-persona", { persona: triagePersona });
  for (const area of ["db", "api"]) await own.kit.put("desk", "tickets", { area });
  await waitUntil("four are done", () => own.kit.stateOf("desk").places.get("done")?.size === 4);
  // Its answers about db never fit, and each attempt is paid for; about api it is refused, and costs nothing.
  says = (prompt) => {
    if (prompt.includes("api")) return [{ status: 400, errorType: "invalid_request_error", text: "prompt is too long" }];
    if (!prompt.includes("db")) return [{ tools: [{ name: "answer", input: { owner: "ada" } }] }];
    return Array.from({ length: 4 }, () => ({ tools: [{ name: "answer", input: { nobody: 1 } }] }));
  };
  const told = await sums("--tier", "standard");
  expect(told).toMatchObject({ asked: 4, answered: 2, failed: 2, failures: { "answer-invalid": 1, "model-request": 1 } });
  const failed = told.rows.filter(({ now }) => now.error !== undefined);
  expect(told.firstError).toMatchObject({ seq: failed[0]?.seq });
  const { usd } = told as unknown as { usd: { was: number; now: number; failed: number } };
  expect(usd.was).toBe(1);
  expect(failed.map(({ now }) => now.usd).filter((one) => one !== null)).toEqual([usd.failed]);
  expect(failed).toHaveLength(2);
  expect(usd.failed).toBeGreaterThan(0);
  const { out, code } = await whatif("--tier", "standard");
  expect(code).toBe(0);
  expect(out).toMatch(
    /2 of 4 failed \(answer-invalid 1, model-request 1\); the first, event \d+: .+\. What failed cost \d\.\d{4} USD all the same\./,
  );
  expect(out).toMatch(/0 of 2 answers are the same; the 2 answered cost 1\.0000 USD then/);
  expect(out).toMatch(/failed: invalid/);
  expect(out).toMatch(/ - +\d\.\d s +anthropic refused the request/);
});

it("asks one request of a model that is not there, and says so", async () => {
  says = () => [{ status: 404, errorType: "not_found_error", text: "model: claude-9" }];
  const { err, code } = await whatif("--model", "anthropic/claude-sonnet-5-5");
  expect(code).toBe(1);
  expect(err).toContain("nothing was asked again: anthropic at");
  expect(err).toContain("correct the name after --model");
  expect(stub.requests.length).toBeLessThanOrEqual(4);
  says = () => [{ status: 401, errorType: "authentication_error", text: "no" }];
  expect((await whatif("--tier", "standard")).code).toBe(3);
});

it("compares as the step says when two answers are the same", async () => {
  const answers = { fields: { text: { text: "folded" } } };
  says = () => [{ text: "BY  Triage" }];
  expect(await sums("--tier", "standard")).toMatchObject({ asked: 2, same: 0 });
  expect(await sums("--tier", "standard", "--equality", JSON.stringify(answers))).toMatchObject({ same: 2 });
  await own.kit.ask(null, "apply-net", { definition: { net: "desk", ...triageNet(undefined, { equality: answers }) } });
  await own.kit.put("desk", "tickets", { area: "db" });
  await waitUntil("three are done", () => own.kit.stateOf("desk").places.get("done")?.size === 3);
  expect(await sums("--tier", "standard")).toMatchObject({ asked: 3, same: 1 });
});

it("tells apart nobody of that name, one who has done nothing, and a prompt that is none", async () => {
  const said = async (...args: string[]) => (await own.stage.run("whatif", ...args)).err;
  expect(await said("triaeg", "--tier", "standard")).toMatch(/no persona is called triaeg(.|\n)*did you mean "triage"/);
  expect(await said("author", "--tier", "standard")).toContain("no log has a request of author: it has answered nothing yet");
  expect(await said("triage", "--tier", "standard", "--transition", "nope")).toContain("no log has a request of triage in nope");
  expect(await said("triage", "--prompt", "none.md")).toContain("none.md does not exist");
  own.stage.file("empty.md", " \n");
  expect(await said("triage", "--prompt", "empty.md")).toContain("empty.md is empty");
  own.stage.file("triage.json", JSON.stringify(triagePersona));
  expect(await said("triage", "--prompt", "triage.json")).toContain("triage.json is a persona's file");
  expect(stub.requests).toHaveLength(0);
});

it("shows what a few differing answers were and are, short, and says where there was none to compare with", async () => {
  // Answers of then: {"text": "by triage"}, twice.
  const long = `${"the same beginning ".repeat(30)}and then`;
  says = (prompt) => [{ text: prompt.includes("net") ? "by nobody" : `by triage, ${long}\nmore` }];
  const { out } = await whatif("--tier", "standard");
  expect(out).toMatch(/Answers then -> now \(--json has all, whole\):\n {2}event \d+, triage: \/text: "by triage" -> "by nobody"\n/);
  expect(out).toMatch(/ {2}event \d+, triage: \/text: "by triage" -> "by triage, the same beginning [^\n]*…\n/);
  expect(out).not.toContain("and then");
  const json = await sums("--tier", "standard");
  expect(JSON.stringify(json.rows)).toContain("and then");
});

it("shows no more than the first five firings and five places, and cuts what long texts have in common", () => {
  const long = "the same beginning ".repeat(30);
  const many = Array.from({ length: 8 }, (_, at) => retold(at, { text: `${long}red` }, { text: `${long}blue` }));
  const [head, ...lines] = changesText(many, true);
  expect(head).toBe("Answers then -> now, the first 5 of 8 that differ (--json has all, whole):");
  expect(
    lines.map((line) => /^ {2}event desk (\d), triage: \/text: …[a-z ]+ beginning red" -> …[a-z ]+ beginning blue"$/.exec(line)?.[1]),
  ).toEqual(["0", "1", "2", "3", "4", undefined]);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(200);
  const wide = (value: string) => Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`f${at}`, `${value}${"x".repeat(at * 50)}`]));
  const shown = changesText([retold(1, wide("a"), wide("b"))], false);
  expect(shown.slice(1, 3)).toEqual(["  event 1, triage:", '    /f0: "a" -> "b"']);
  expect(shown.slice(-2)).toEqual(["    and in more", ""]);
  expect(shown).toHaveLength(9);
  expect(Math.max(...shown.map(({ length }) => length))).toBeLessThan(200);
  expect(changesText([retold(1, ["a"], ["a", "b"])], false)[1]).toBe('  event 1, triage: ["a"] -> ["a","b"]');
});

it("says that nothing could be compared where there was no answer then", () => {
  const none = { ...retold(1, null, { owner: "ada" }), was: { outcome: "failed", usd: 0.1, ms: 1, answered: false } };
  const out = { table: () => "" } as unknown as Output;
  const text = whatifText([none], [], out);
  expect(text).toContain("No answer could be compared: there was none then; the 1 answered cost 0.1000 USD then");
  expect(text).not.toMatch(/0 of 0|Answers then/);
});

function retold(seq: number, was: Json, now: Json): Retold {
  const used = { usd: 0.1, ms: 1, provider: "stub", model: "small", recorded: false };
  return {
    ...{ net: "desk", seq, transition: "triage", same: false, differences: [], answers: { was, now } },
    was: { outcome: "answered", usd: 0.1, ms: 1, answered: true },
    now: { outcome: "answered", ...used },
  };
}

it("asks the newest again, whichever net they are of", async () => {
  // Its log is read after that of the other net, which it was before.
  const later = { definition: { net: "zone", ...triageNet(undefined) } };
  await own.kit.ask(null, "apply-net", later);
  for (let n = 0; n < 9; n += 1) await own.kit.put("zone", "tickets", { area: "net" });
  await waitUntil("nine are done", () => own.kit.stateOf("zone").places.get("done")?.size === 9);
  own.kit.clock.jump(60_000);
  await own.kit.put("desk", "tickets", { area: "ui" });
  await waitUntil("three are done", () => own.kit.stateOf("desk").places.get("done")?.size === 3);
  const { rows } = await sums("--tier", "standard", "--last", "1");
  expect(rows).toMatchObject([{ net: "desk" }]);
});
