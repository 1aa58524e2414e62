/** A persona's memory: lessons are tokens with provenance, recalled for an ask, and they expire. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personaMemory } from "../../src/actors/persona-memory.ts";
import { personaWorker } from "../../src/actors/persona-work.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import type { TierRequest, Tiers } from "../../src/models/tiers.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { realClock } from "../support/model-clock.ts";
import { waitUntil } from "../support/wait-until.ts";

const persona = (memory: boolean) => ({
  ...{ persona: "clerk", title: "Clerk", flags: "r----", tier: "economy", prompt: "You price orders." },
  output: { type: "object", required: ["price"], properties: { price: { type: "string" }, lesson: { type: "string" } } },
  ...(memory ? { memory: "lessons" } : {}),
});
const net = {
  net: "shop",
  places: { orders: { open: true }, priced: { sink: true }, lessons: { sink: true } },
  transitions: {
    price: {
      ...{ kind: "llm", persona: "clerk", ask: "What does the order of ${orders.what} cost?", route: "all" },
      in: [{ place: "orders" }],
      out: [
        { to: "priced", value: { price: "${$result.price}" } },
        { to: "lessons", when: "EXISTS $result.lesson", value: { lesson: "${$result.lesson}", tags: ["prices"] } },
      ],
    },
  },
};
const LESSON = "Orders of tea are priced in pence.";
let asked: TierRequest[];
/** It learns on its first order, and prices in pence once it was reminded of that. */
const tiers: Tiers = {
  ask: async (_, request) => {
    asked.push(request);
    const reminded = JSON.stringify(request.messages).includes(LESSON);
    const input: JsonObject = reminded ? { price: "250 pence" } : { price: "2.50 pounds", lesson: LESSON };
    const usage = { inputTokens: 1, outputTokens: 1 };
    return {
      answer: { content: [{ type: "tool-call", id: "a", name: "answer", input }], stop: "tool-call", usage, model: "m" },
      use: { provider: "p", name: "m", calls: 1, ...usage, costUsd: 0 },
    };
  },
  preview: () => {
    throw new Error("nobody looks");
  },
  spentUsd: () => 0,
  plan: () => [],
};

let kit: MasterKit;
beforeEach(async () => {
  asked = [];
  kit = await masterKit({ work: personaWorker(tiers, realClock) });
});
afterEach(() => kit.stop());

const begin = async (memory: boolean) => {
  await kit.ask(null, "apply-persona", { persona: persona(memory) });
  await kit.ask(null, "apply-net", { definition: net });
};
const priced = () =>
  [...(kit.stateOf("shop").places.get("priced")?.values() ?? [])].map(({ token }) => (token.data as { price: string }).price);
const order = async (what: string) => {
  const before = priced().length;
  await kit.put("shop", "orders", { what });
  await waitUntil("it is priced", () => priced().length > before);
};

describe("a lesson of one run", () => {
  it("stands in the request of the next, fenced as data, and the outcome is another than without it", async () => {
    await begin(true);
    await order("green tea");
    await order("black tea");
    expect(priced()).toEqual(["2.50 pounds", "250 pence"]);
    const text = JSON.stringify(asked[1]?.messages);
    expect(text).toContain(LESSON);
    expect(text).toMatch(/<data name=.{1,3}lessons/);
    expect(JSON.stringify(asked[0])).not.toContain(LESSON);
  });
  it("is not there for a control without memory", async () => {
    await begin(false);
    await order("green tea");
    await order("black tea");
    expect(priced()).toEqual(["2.50 pounds", "2.50 pounds"]);
  });
  it("is recalled by what it says: not for an ask that shares no word with it", async () => {
    await begin(true);
    await order("green tea");
    await kit.ask("shop", "tokens", { place: "lessons" });
    const term = await kit.master.termOf("shop");
    const memory = personaMemory(term, { firing: "", attempt: 1 }, { persona: "clerk", memory: "lessons" });
    expect((await memory?.recall("zebra crossings", 5)) ?? []).toEqual([]);
    expect(await memory?.recall("the price of an order", 5)).toMatchObject([{ text: LESSON, by: "clerk", tags: ["prices"] }]);
  });
  it("expires: it is recalled no more, and leaves its place by an event", async () => {
    await begin(true);
    await order("green tea");
    kit.clock.jump(31 * 24 * 3_600_000);
    await order("black tea");
    expect(priced()).toEqual(["2.50 pounds", "2.50 pounds"]);
    const events = await eventsOf(kit.broker, "shop");
    expect(events.filter(({ attributes }) => attributes?.verb === "expire")).toMatchObject([
      { type: "intervened", consumed: [{ place: "lessons" }] },
    ]);
  });
});

it("an agent writes a lesson by its tool, and reads it in the request of its next work", async () => {
  const requests: TierRequest[] = [];
  const agent: Tiers = {
    ...tiers,
    ask: async (_, request) => {
      requests.push(request);
      const reminded = JSON.stringify(request.messages[0]).includes(LESSON);
      const first = request.messages.length === 1;
      const call: { name: string; input: JsonObject } =
        first && !reminded
          ? { name: "memory.write", input: { text: LESSON, tags: ["prices"] } }
          : { name: "done", input: { summary: reminded ? "pence" : "pounds" } };
      const usage = { inputTokens: 1, outputTokens: 1 };
      return {
        answer: { content: [{ type: "tool-call", id: "a", ...call }], stop: "tool-call", usage, model: "m" },
        use: { provider: "p", name: "m", calls: 1, ...usage, costUsd: 0 },
      };
    },
  };
  await kit.stop();
  kit = await masterKit({ work: personaWorker(agent, realClock) });
  const { output: _, ...plain } = persona(true);
  await kit.ask(null, "apply-persona", { persona: { ...plain, flags: "rw---", tools: ["memory.write", "memory.recall"] } });
  const step = { kind: "agent", persona: "clerk", ask: "What does the order of ${orders.what} cost?", in: [{ place: "orders" }] };
  const out = [{ to: "priced", value: { price: "${$result.summary}" } }];
  const places = { ...net.places, lessons: { open: true, sink: true } };
  await kit.ask(null, "apply-net", { definition: { net: "shop", places, transitions: { price: { ...step, out } } } });
  await order("green tea");
  await order("black tea");
  expect(priced()).toEqual(["pounds", "pence"]);
  expect(requests).toHaveLength(3);
  const [lesson] = kit.stateOf("shop").places.get("lessons")?.values() ?? [];
  expect(lesson?.token).toMatchObject({
    by: "clerk",
    from: { net: "shop", transition: "price" },
    data: { lesson: LESSON, tags: ["prices"] },
  });
});

describe("the memory's handle", () => {
  const handle = async (name = "clerk", memory = "lessons") => {
    const term = await kit.master.termOf("shop");
    const [firing] = term.state.firings.values();
    return personaMemory(term, { firing: firing?.firing ?? "", attempt: firing?.attempt ?? 1 }, { persona: name, memory });
  };
  beforeEach(async () => {
    await kit.stop();
    // A persona that never answers holds its firing open.
    kit = await masterKit({ work: () => new Promise(() => {}) });
    await begin(true);
    await kit.put("shop", "orders", { what: "tea" });
    await waitUntil("a firing is open", () => kit.stateOf("shop").firings.size === 1);
  });

  it("writes once for each step, with the firing as its source", async () => {
    const memory = await handle();
    const lesson = { text: "Ask before you round.", tags: [], days: 2 };
    const { id } = (await memory?.write(lesson, "t1c1")) ?? { id: "" };
    expect(await memory?.write(lesson, "t1c1")).toEqual({ id });
    const { lessons, total } = (await memory?.list(10)) ?? { lessons: [], total: 0 };
    expect(total).toBe(1);
    expect(lessons[0]).toMatchObject({ id, text: "Ask before you round.", by: "clerk" });
    const [firing] = kit.stateOf("shop").firings.keys();
    expect(kit.stateOf("shop").places.get("lessons")?.get(id)?.token.from).toMatchObject({ net: "shop", transition: "price", firing });
    // The firing that wrote it is still open, and the lesson outlives a crash.
    expect(kit.stateOf("shop").firings.size).toBe(1);
    await kit.crash({ work: () => new Promise(() => {}) });
    await kit.master.termOf("shop");
    expect((await (await handle())?.list(10))?.total).toBe(1);
  });
  it("forgets its own lessons and nobody else's", async () => {
    const { id } = (await (await handle())?.write({ text: "One.", tags: [], days: null }, "t1c1")) ?? { id: "" };
    const other = await handle("porter");
    await expect(other?.forget(id)).rejects.toMatchObject({ code: "lesson-not-own", outlook: "refused" });
    expect(await (await handle())?.forget(id)).toEqual({ forgotten: true });
    expect(await (await handle())?.forget(id)).toEqual({ forgotten: false });
  });
  it("is not there for a place that the net does not declare", async () => {
    expect(await handle("clerk", "elsewhere")).toBeNull();
  });
});
