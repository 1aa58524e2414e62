/** One net for each kind, run, with the events that it leaves beside it. `http` is run in test/actors/http.test.ts. */
import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import type { Json } from "../../src/contract/json.ts";
import type { ModelAnswer } from "../../src/models/port.ts";
import type { Tiers } from "../../src/models/tiers.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { personaSchema } from "../../src/personas/persona-schema.ts";
import { goldenEvents } from "../support/golden-events.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

interface Turn {
  tools: { name: string; input: Json }[];
}

/** A model that answers with these tool calls, turn by turn. */
function scripted(turns: Turn[]): Tiers {
  let asked = 0;
  return {
    async ask() {
      const turn = turns[asked++];
      if (!turn) throw new Error(`the script has no turn ${asked}`);
      const content: ModelAnswer["content"] = turn.tools.map(({ name, input }, at) => ({
        type: "tool-call",
        id: `call-${asked}-${at}`,
        name,
        input,
      }));
      const usage = { inputTokens: 100, outputTokens: 10 };
      return {
        answer: { content, stop: "tool-call", usage, model: "scripted" },
        use: { provider: "scripted", name: "scripted", calls: 1, ...usage, costUsd: 0 },
      };
    },
    preview: () => {
      throw new Error("nobody looks");
    },
    spentUsd: () => 0,
    plan: () => [],
  };
}

/** Applies `examples/kinds/<kind>.json` with the personas that it names. */
async function start(kind: string, turns: Turn[] = []): Promise<string> {
  kit = await masterKit({ work: personaWorker(scripted(turns), wallClock) });
  const { definition, problems } = checkNetFile(readFileSync(`examples/kinds/${kind}.json`, "utf8"), `${kind}.json`);
  expect(problems).toEqual([]);
  for (const { persona } of Object.values(definition?.transitions ?? {})) {
    if (persona === undefined) continue;
    const file = JSON.parse(readFileSync(`examples/personas/${persona}.json`, "utf8")) as Json;
    await kit.ask(null, "apply-persona", { persona: personaSchema.parse(file) });
  }
  await kit.ask(null, "apply-net", { definition });
  return definition?.net ?? "";
}
async function arrive(net: string, places: Record<string, number>): Promise<void> {
  await waitUntil(`${JSON.stringify(places)} lie there`, () =>
    Object.entries(places).every(([place, count]) => (kit.stateOf(net).places.get(place)?.size ?? 0) === count),
  );
}
const data = (net: string, place: string): Json[] =>
  [...(kit.stateOf(net).places.get(place)?.values() ?? [])].map(({ token }) => token.data);

async function leavesItsEvents(net: string, kind: string): Promise<void> {
  await waitUntil("all is in the log", () => kit.master.terms.get(net)?.loop.backlog === 0);
  const file = `examples/kinds/${kind}.events.json`;
  expect(existsSync(file), file).toBe(true);
  expect(goldenEvents(await eventsOf(kit.broker, net))).toEqual(JSON.parse(readFileSync(file, "utf8")));
}

describe("examples/kinds", () => {
  it("pass moves tokens on, by their data, in one event each", async () => {
    const net = await start("pass");
    await kit.put(net, "mail", { subject: "Answer today, please" });
    await kit.put(net, "mail", { subject: "News" });
    await arrive(net, { urgent: 1, later: 1 });
    expect([data(net, "urgent"), data(net, "later")]).toEqual([[{ subject: "Answer today, please" }], [{ subject: "News", seen: false }]]);
    await leavesItsEvents(net, "pass");
  });

  it("map computes in one event, and what cannot be computed goes where errors go", async () => {
    const net = await start("map");
    await kit.put(net, "basket", { customer: "Ada", prices: [3, 4, 5] });
    await kit.put(net, "basket", { prices: [1] });
    await arrive(net, { bill: 1, broken: 1 });
    expect(data(net, "bill")).toEqual([{ customer: "Ada", articles: 3, total: 12, greeting: "Dear Ada, thank you." }]);
    await leavesItsEvents(net, "map");
  });

  it("llm leaves started and fired, and its answer has the form that the persona declares", async () => {
    const answer = (tone: string) => ({ tools: [{ name: "answer", input: { tone, because: "of its words" } }] });
    const net = await start("llm", [answer("good")]);
    await kit.put(net, "review", { book: "Ulysses", text: "I could not put it down." });
    await arrive(net, { praise: 1 });
    expect(data(net, "praise")).toEqual([{ book: "Ulysses", because: "of its words" }]);
    await leavesItsEvents(net, "llm");
  });

  it("agent: three tool calls are one firing, and one `fired`", async () => {
    const net = await start("agent", [
      { tools: [{ name: "think", input: { thought: "The shelf may know." } }] },
      { tools: [{ name: "place.read", input: { place: "shelf", where: '$.title == "Ulysses"' } }] },
      { tools: [{ name: "done", input: { summary: "In 1922." } }] },
    ]);
    await kit.put(net, "shelf", { title: "Ulysses", year: 1922 });
    await kit.put(net, "question", { text: "When did Ulysses come out?" });
    await arrive(net, { answer: 1, shelf: 1, question: 0 });
    expect(data(net, "answer")).toEqual([{ question: "When did Ulysses come out?", answer: "In 1922." }]);
    const events = await eventsOf(kit.broker, net);
    const fired = events.filter(({ type }) => type === "fired");
    expect(fired.map(({ tools }) => tools?.map(({ name, ok }) => ({ name, ok })))).toEqual([
      ["think", "place.read", "done"].map((name) => ({ name, ok: true })),
    ]);
    await leavesItsEvents(net, "agent");
  });

  it("command: an executor claims the offer, and its result fires", async () => {
    const net = await start("command");
    const executor = kit.executor("one", "tools");
    await kit.put(net, "text", { words: "to be or not to be" });
    await waitUntil("it is offered", () => executor.orders.length === 1);
    const [order] = executor.orders;
    if (!order) throw new Error("no order");
    expect(order.input.argv).toEqual(["node", "-e", "console.log(process.argv[1].split(' ').length)", "to be or not to be"]);
    expect(await executor.ask(order, "claim")).toMatchObject({ ok: true });
    await executor.deliver(order, { exitCode: 0, stdout: "6", stderr: "" });
    await arrive(net, { counted: 1 });
    expect(data(net, "counted")).toEqual([{ words: "to be or not to be", count: "6" }]);
    await executor.stop();
    await leavesItsEvents(net, "command");
  });
});
