/** Whose answer was no good: what came back, what people turned down, also behind steps in between and in a batch that fans out. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { historyOf, type StepHistory } from "../../../src/actors/crystal/history.ts";
import type { PersonaWorker } from "../../../src/actors/persona-work.ts";
import { runningNet } from "../../../src/client/crystals.ts";
import type { JsonObject } from "../../../src/contract/json.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
let kit: MasterKit;
/** How often each task was asked about. */
let times: Map<number, number>;

const worker: PersonaWorker = async ({ firing }) => {
  const { n } = (firing.data as { task: { n: number } }).task;
  const time = (times.get(n) ?? 0) + 1;
  times.set(n, time);
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  // Of each third one the first answer is no good.
  const value = { text: n % 3 === 0 && time === 1 ? "bad" : "good", n };
  return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value }, extra: { model } };
};

beforeEach(async () => {
  times = new Map();
  kit = await masterKit({ work: worker });
  const persona = { persona: "writer", title: "Writer", flags: "-----", tools: [], tier: "economy", prompt: "Write." };
  await kit.ask(null, "apply-persona", { persona });
});
afterEach(() => kit.stop());

const spread = { kind: "pass", in: [{ place: "batches", as: "batch" }], out: [{ to: "tasks", each: "batch.items" }] };
const write = {
  ...{ kind: "llm", persona: "writer", ask: "Write.", data: { task: "${task}" }, concurrency: 4 },
  in: [{ place: "tasks", as: "task" }],
  out: [{ to: "drafts" }],
};
const begin = (places: object, transitions: object) => {
  const all = { batches: { open: true }, tasks: {}, drafts: {}, done: { sink: true }, ...places };
  return kit.ask(null, "apply-net", { definition: { net: NET, places: all, transitions: { spread, write, ...transitions } } });
};
const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
const batch = (size: number) => kit.put(NET, "batches", { items: Array.from({ length: size }, (_, at) => ({ n: at + 1 })) });
const gates = async () => (await kit.ask(NET, "gates")) as { firing: string; inputs?: unknown }[];
async function examples(): Promise<StepHistory["examples"]> {
  const steps = await historyOf(kit.broker, await runningNet(kit.broker, NET));
  return steps.find(({ transition }) => transition === "write")?.examples ?? [];
}
const numberOf = ({ output }: { output: unknown }) => (output as JsonObject).n as number;

it("blames the answer that came back, among many of one batch that are under way at once", async () => {
  const check = {
    ...{ kind: "pass", in: [{ place: "drafts", as: "draft" }] },
    out: [
      { to: "tasks", when: "draft.text == 'bad'", value: { n: "${draft.n}" } },
      { to: "done", otherwise: true },
    ],
  };
  await begin({}, { check });
  await batch(12);
  await waitUntil("all are done", () => done() === 12);
  const all = await examples();
  expect(all).toHaveLength(16);
  expect(
    all
      .filter(({ bad }) => bad === "reworked")
      .map(numberOf)
      .sort((one, other) => one - other),
  ).toEqual([3, 6, 9, 12]);
  expect(all.filter(({ bad }) => bad === undefined).every(({ output }) => (output as JsonObject).text === "good")).toBe(true);
});

it("blames the answer that people turn down behind a step that asks no model", async () => {
  const shape = {
    kind: "map",
    in: [{ place: "drafts", as: "draft" }],
    value: { shown: "${draft.text}", n: "${draft.n}" },
    out: [{ to: "shaped" }],
  };
  const look = { kind: "pass", in: [{ place: "shaped", as: "job" }], gate: { approvers: ["role:maintainer"] }, out: [{ to: "done" }] };
  await begin({ shaped: {} }, { shape, look });
  await batch(4);
  await waitUntil("four wait", async () => (await gates()).length === 4);
  const [first] = await gates();
  await kit.ask(NET, "decide", { firing: first?.firing, decision: "reject", id: "no" });
  expect((await examples()).filter(({ bad }) => bad === "rejected")).toHaveLength(1);
});

it("blames nobody for a counter that the step hands on to itself", async () => {
  const counted = {
    ...{ ...write, concurrency: 1, route: "all" },
    in: [...write.in, { place: "counter", as: "counter" }],
    out: [{ to: "done" }, { to: "counter", value: "${counter}" }],
  };
  const definition = {
    ...{ net: NET, tokens: { counter: [{ at: 0 }] } },
    places: { batches: { open: true }, tasks: {}, done: { sink: true }, counter: {} },
    transitions: { spread, write: counted },
  };
  await kit.ask(null, "apply-net", { definition });
  await batch(5);
  await waitUntil("all are done", () => done() === 5);
  expect((await examples()).map(({ bad }) => bad)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

it("blames an answer that the step itself has sent back for another try", async () => {
  const own = {
    ...write,
    out: [
      { to: "tasks", when: "$result.text == 'bad'", value: { n: "${task.n}" } },
      { to: "done", otherwise: true },
    ],
  };
  await begin({}, { write: own });
  await batch(6);
  await waitUntil("all are done", () => done() === 6);
  const bad = (await examples()).filter((one) => one.bad === "reworked");
  expect(bad.map(({ output }) => output)).toEqual([expect.objectContaining({ text: "bad" }), expect.objectContaining({ text: "bad" })]);
});

it("blames nobody where a later step changes what the step only reads", async () => {
  const reads = { ...write, in: [...write.in, { place: "settings", as: "settings", mode: "read", orderBy: "$meta.at DESC" }] };
  const keep = {
    kind: "map",
    in: [{ place: "drafts", as: "draft" }],
    value: { last: "${draft.n}" },
    route: "all",
    out: [{ to: "settings" }, { to: "done" }],
  };
  const definition = {
    ...{ net: NET, tokens: { settings: [{ last: 0 }] } },
    places: { batches: { open: true }, tasks: {}, drafts: {}, done: { sink: true }, settings: {} },
    transitions: { spread, write: { ...reads, concurrency: 1 }, keep },
  };
  await kit.ask(null, "apply-net", { definition });
  await batch(6);
  await waitUntil("all are done", () => done() === 6);
  expect((await examples()).map(({ bad }) => bad)).toEqual(Array.from({ length: 6 }, () => undefined));
});
