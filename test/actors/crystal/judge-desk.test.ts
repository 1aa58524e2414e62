/** A judge beside the work: answers in other words in a shadow and in audits (P1, P2, P3, D1, D2, D3). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersonaWorker } from "../../../src/actors/persona-work.ts";
import { Terminal } from "../../../src/contract/errors.ts";
import type { NetEvent } from "../../../src/contract/event.ts";
import type { Json } from "../../../src/contract/json.ts";
import { fences } from "../../../src/models/fence.ts";
import type { TierRequest, Tiers } from "../../../src/models/tiers.ts";
import { MOST_WAITING, pairsOf } from "../../../src/net/crystal/judging.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "letters";
let kit: MasterKit;
/** How the model greets. */
let words: (name: string) => string;
/** Requests that the judge got, and what it says of two texts. */
let requests: TierRequest[];
let verdict: (first: string, second: string) => Json;
let held: Promise<void> | null;
let letGo: () => void;
let broken: Error | null;

const worker: PersonaWorker = async ({ firing }) => {
  const name = /for (\w+)/.exec(firing.ask ?? "")?.[1] ?? "";
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value: { text: words(name) } }, extra: { model } };
};
const tiers = {
  ask: async (tier, request, { allow, signal }) => {
    requests.push(request);
    const price = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 } as never;
    const allowance = allow?.({ tier: "economy", provider: "test", model: "m", inputTokens: 50, maxOutputTokens: 500, price });
    if (held) await Promise.race([held, new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason as Error)))]);
    if (broken) throw broken;
    const [block] = request.messages[0]?.content ?? [];
    const { data } = fences(block?.type === "text" ? block.text : "");
    const input = verdict((data.first as { text: string }).text, (data.second as { text: string }).text);
    const use = { provider: "test", name: "m", tier, calls: 1, inputTokens: 50, outputTokens: 5, costUsd: 0.001 };
    allowance?.done(use);
    const usage = { inputTokens: 50, outputTokens: 5 };
    return { answer: { content: [{ type: "tool-call", id: "c", name: "verdict", input }], stop: "tool-call", usage, model: "m" }, use };
  },
} as Partial<Tiers> as Tiers;
const models = { crystalModels: { tiers, budgets: {} } };

const rule = {
  guard: [{ test: "type", path: "/letter/name", is: ["text"] }],
  answer: { kind: "object", fields: { text: { kind: "text", parts: ["Dear ", { path: "/letter/name" }, "."] } } },
};
const crystal = (more: object = {}) => ({
  ...{ mode: "shadow", rule, shadow: 4, audit: 1, bound: 0.2, equality: { fields: { text: { judge: "editor" } } } },
  ...more,
});
const file = (own?: object) => ({
  net: NET,
  places: { letters: { open: true }, done: { sink: true } },
  transitions: {
    greet: {
      ...{ kind: "llm", persona: "clerk", ask: "A greeting for ${letter.name}.", concurrency: 8 },
      in: [{ place: "letters", as: "letter" }],
      out: [{ to: "done" }],
      ...(own ? { crystal: own } : {}),
    },
  },
});
const output = { type: "object", required: ["text"], properties: { text: { type: "string" } }, additionalProperties: false };
const clerk = { ...{ persona: "clerk", title: "Clerk", flags: "-----", tools: [], tier: "economy", prompt: "Greet." }, output };
const editor = (more: object = {}) => ({
  ...{ persona: "editor", title: "Editor", flags: "-----", tools: [], tier: "economy", prompt: "You judge greetings." },
  ...more,
});

const state = () => kit.stateOf(NET);
const record = () => state().crystals.get("greet");
const done = () => state().places.get("done")?.size ?? 0;
const lying = () => [...(state().places.get("disagreements")?.values() ?? [])].map(({ token }) => token.data as { about: string });
const settle = (action: string, more: object = {}) => kit.ask(NET, "crystal-settle", { transition: "greet", action, ...more });
const stages = async () =>
  (await eventsOf(kit.broker, NET)).flatMap(({ attributes }) => (attributes?.crystallized ?? []) as { stage: string; same?: boolean }[]);
const verdicts = async () => (await stages()).filter(({ stage }) => stage === "judged");
const events = async (fits: (event: NetEvent) => boolean) => (await eventsOf(kit.broker, NET)).filter(fits);
async function letters(...names: string[]): Promise<void> {
  const before = done();
  for (const name of names) await kit.put(NET, "letters", { name });
  await waitUntil("the letters are answered", () => done() === before + names.length);
}
async function begin(definition: object = file(), judge: object | null = editor()): Promise<void> {
  await kit.ask(null, "apply-persona", { persona: clerk });
  if (judge) await kit.ask(null, "apply-persona", { persona: judge });
  await kit.ask(null, "apply-net", { definition });
}

beforeEach(async () => {
  words = (name) => `Hello ${name}!`;
  requests = [];
  verdict = () => ({ same: true, why: "both greet" });
  held = null;
  broken = null;
  kit = await masterKit({ work: worker, ...models });
});
afterEach(async () => {
  letGo?.();
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});
const slow = () => {
  held = new Promise((resolve) => {
    letGo = () => {
      held = null;
      resolve();
    };
  });
};

describe("in the shadow", () => {
  it("other words that mean the same fill it, each pair asked once, booked under the judge, and people are asked", async () => {
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann", "Bob", "Cid", "Dan");
    await waitUntil("the shadow is over", () => record()?.shadow.same === 4);
    await waitUntil("people are asked", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 1);
    expect(requests).toHaveLength(4);
    expect(requests[0]?.system).toContain("You judge greetings.");
    expect(JSON.stringify(requests[0]?.messages)).toContain("Dear Ann.");
    expect(lying().map(({ about }) => about)).toEqual(["promote"]);
    const told = await events(({ persona, model }) => persona === "editor" && model !== undefined);
    expect(told.map(({ model }) => model?.costUsd)).toEqual([0.001, 0.001, 0.001, 0.001]);
    expect(state().spent.get("editor")?.total).toMatchObject({ usd: expect.closeTo(0.004), turns: 4 });
    // It is over: more is not asked about.
    await letters("Eve");
    expect(await events(({ attributes }) => (attributes?.crystal as { unjudged?: boolean })?.unjudged === true)).toHaveLength(5);
    expect(pairsOf(state())).toEqual([]);
  });
  it("equal content asks nobody", async () => {
    words = (name) => `Dear ${name}.`;
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann", "Bob");
    expect(record()?.shadow).toEqual({ same: 2, other: 0 });
    expect(requests).toEqual([]);
  });
  it("what does not mean the same stays as a disagreement, with the judge's reason, and counts against the rule", async () => {
    words = (name) => `Go away, ${name}.`;
    verdict = () => ({ same: false, why: "one is rude" });
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann", "Bob", "Cid", "Dan");
    await waitUntil("it is demoted", () => record()?.demoted != null);
    expect(record()?.shadow.same).toBe(0);
    const [one] = lying().filter(({ about }) => about === "disagreement");
    expect(one).toMatchObject({ judge: "editor", why: "one is rude", says: { text: "Dear Ann." }, model: { text: "Go away, Ann." } });
  });
  it("no more pairs are kept than it still needs, nor than may wait, and the work is not held up meanwhile", async () => {
    slow();
    await begin();
    await settle("shadow", { crystal: crystal({ shadow: 3 }) });
    await letters("Ann", "Bob", "Cid", "Dan", "Eve");
    expect(done()).toBe(5);
    expect(pairsOf(state())).toHaveLength(3);
    expect(requests.length).toBeLessThanOrEqual(1);
    letGo();
    await waitUntil("the three are judged", () => record()?.shadow.same === 3);
    await settle("undo");
    slow();
    await settle("shadow", { crystal: crystal({ shadow: 500 }) });
    await letters(...Array.from({ length: MOST_WAITING + 5 }, (_, at) => `N${at}`));
    expect(pairsOf(state())).toHaveLength(MOST_WAITING);
  });
});

describe("in audits", () => {
  it("its word counts like any comparison: drift that only a judge can see demotes the rule", async () => {
    await begin(file(crystal({ mode: "live" })));
    await letters("Ann", "Bob", "Cid");
    await waitUntil("three are judged", () => (record()?.audit.same ?? 0) === 3);
    verdict = () => ({ same: false, why: "other facts" });
    for (let n = 0; n < 20 && !record()?.demoted; n += 1) {
      await letters(`Z${n}`);
      await waitUntil("nothing waits", () => pairsOf(state()).length === 0);
    }
    expect(record()?.demoted).not.toBeNull();
    expect((await stages()).map(({ stage }) => stage)).toContain("demoted");
  });
});

describe("when things go wrong", () => {
  it("a pair outlives its master and is judged once (D1)", async () => {
    slow();
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann", "Bob");
    await waitUntil("it is asked", () => requests.length === 1);
    await kit.crash();
    letGo();
    await waitUntil("both are judged", () => record()?.shadow.same === 2);
    expect(await verdicts()).toHaveLength(2);
  });
  it("a judge that nobody has applied is told, once, and asked when it is there (D3)", async () => {
    await begin(file(), null);
    // Told at once where somebody asks for the shadow; a file may come before its judge.
    await expect(settle("shadow", { crystal: crystal() })).rejects.toMatchObject({ code: "unknown-persona" });
    expect(record()).toBeUndefined();
    await kit.ask(null, "apply-net", { definition: file(crystal()) });
    await letters("Ann");
    const waits = () => events(({ attributes }) => JSON.stringify(attributes?.crystallized ?? "").includes("waits-for-judge"));
    await waitUntil("it is told", async () => (await waits()).length === 1);
    expect((await waits())[0]?.summary).toContain("editor as its judge, and there is no such persona");
    await kit.ask(null, "apply-persona", { persona: editor() });
    await waitUntil("it is judged", () => {
      kit.clock.jump(6000);
      return record()?.shadow.same === 1;
    });
    expect(await waits()).toHaveLength(1);
  });
  it("a judge that fails for good is not paid for without end: the pair counts neither way", async () => {
    broken = new Terminal({ code: "model-refused", message: "no" });
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann");
    await waitUntil("the pair is gone", () => {
      kit.clock.jump(20_000);
      return pairsOf(state()).length === 0;
    });
    expect(requests).toHaveLength(3);
    expect(record()?.shadow).toEqual({ same: 0, other: 0 });
  });
  it("what is no verdict is told with what it was and what is wanted, and counts neither way", async () => {
    verdict = () => ({ answer: "they are alike" });
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann");
    await waitUntil("the pair is gone", () => requests.length === 1 && pairsOf(state()).length === 0);
    expect(record()?.shadow).toEqual({ same: 0, other: 0 });
    const [told] = await events(({ persona }) => persona === "editor");
    expect(told?.summary).toMatch(
      /counts neither way: bad-verdict: it said .*they are alike.*wanted is the tool verdict with \{"same": true or false/,
    );
    expect(told?.model?.costUsd).toBe(0.001);
  });
  it("a budget of the judge that is spent holds the pairs, not the work (D2)", async () => {
    await begin(file(), editor({ budget: { perNet: { turns: 2 } } }));
    await settle("shadow", { crystal: crystal() });
    await letters("Ann", "Bob", "Cid", "Dan");
    await waitUntil("two are judged", () => record()?.shadow.same === 2);
    await waitUntil("it is told", async () => (await stages()).some(({ stage }) => stage === "waits-for-judge"));
    await letters("Eve");
    expect(requests.length).toBeLessThanOrEqual(3);
    expect(record()?.shadow.same).toBe(2);
    expect(state().killed).toBeFalsy();
  });
  it("nobody is asked about a rule that is gone", async () => {
    slow();
    await begin();
    await settle("shadow", { crystal: crystal() });
    await letters("Ann", "Bob");
    await settle("undo");
    letGo();
    await waitUntil("nothing waits", () => pairsOf(state()).length === 0);
    expect(requests).toHaveLength(1);
    expect(record()?.shadow).toEqual({ same: 1, other: 0 });
  });
});
