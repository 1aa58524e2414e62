/** The crystallizer's tools: a persona leads a step through the stages, and a rule answers only after people or the policy said so (H1 to H3). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type ToolKit, toolKit } from "../support/tool-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = "desk";
const TOOLS = ["candidates", "learn", "show", "shadow", "promote", "undo"].map((name) => `crystallize.${name}`);
const desk = (more: JsonObject = {}): JsonObject => ({
  net: NET,
  places: { tasks: { open: true }, tickets: { open: true }, sorted: { sink: true }, done: { sink: true }, errors: { sink: true } },
  transitions: {
    work: {
      kind: "agent",
      persona: "worker",
      ask: "Do it.",
      in: [{ place: "tasks", as: "task" }],
      out: [{ to: "done" }],
      onError: "errors",
    },
    triage: {
      ...{ kind: "llm", persona: "triage", ask: "Who takes it? Its area is ${ticket.area}.", data: {}, concurrency: 8, onError: "errors" },
      in: [{ place: "tickets", as: "ticket" }],
      out: [{ to: "sorted" }],
    },
    file: { kind: "pass", in: [{ place: "sorted", as: "one", where: "$.never == true" }], out: [{ to: "done" }] },
  },
  ...more,
});
const OWNERS: Record<string, string> = { net: "ada", ui: "bob", db: "eve" };

let tools: ToolKit;
let count: number;
beforeEach(() => {
  count = 0;
});
afterEach(async () => {
  await logAgreesWithPlaces(tools.kit.broker, NET);
  await tools.stop();
});

async function begin(more: JsonObject = {}): Promise<void> {
  tools = await toolKit(desk(more), "tasks");
  tools.says(({ messages }) => OWNERS[/area is (\w+)/.exec(JSON.stringify(messages))?.[1] ?? ""] ?? "zoe");
  const triage = { persona: "triage", title: "Triage", flags: "-----", tools: [], tier: "economy", prompt: "Say who." };
  await tools.kit.ask(null, "apply-persona", { persona: triage, files: {} });
  await tools.grant("-w--l", TOOLS);
}
async function tickets(many: number): Promise<void> {
  const before = tools.data("sorted").length;
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await tools.kit.put(NET, "tickets", { area: ["net", "ui", "db"][count % 3], n: count });
  }
  await waitUntil(`${many} tickets are sorted`, () => tools.data("sorted").length === before + many, 60_000);
}
async function calls(...wanted: [string, JsonObject][]): Promise<Json[]> {
  const { results } = await tools.run(wanted.map(([name, input]) => ({ name: `crystallize.${name}`, input })));
  return results.map(({ output }) => output);
}
const call = async (name: string, input: JsonObject = { transition: "triage" }) => (await calls([name, input]))[0] as JsonObject;
const modeNow = async () =>
  ((await tools.kit.ask(NET, "crystals")) as { transitions: { transition: string; mode: string }[] }).transitions.find(
    ({ transition }) => transition === "triage",
  )?.mode;
const gates = async () => (await tools.kit.ask(NET, "gates")) as { gate: string; firing: string }[];

describe("a persona", () => {
  test("leads a step from its history to people, and cannot go past them", { timeout: 180_000 }, async () => {
    await begin();
    expect(await call("learn")).toMatchObject({ promotable: false, rule: null, reasons: [expect.stringMatching(/0 good examples/)] });
    expect(await call("shadow")).toMatchObject({ error: "nothing-learned" });
    await tickets(220);
    const [candidates, learned, shadow, again, early, shown] = await calls(
      ["candidates", {}],
      ["learn", { transition: "triage" }],
      ["shadow", { transition: "triage" }],
      ["shadow", { transition: "triage" }],
      ["promote", { transition: "triage" }],
      ["show", { transition: "triage" }],
    );
    expect(candidates).toMatchObject({
      total: 2,
      candidates: expect.arrayContaining([expect.objectContaining({ transition: "triage", asked: 220, mode: "none" })]),
    });
    expect(learned).toMatchObject({ promotable: true, readable: expect.any(Array), proof: { wrong: 0 } });
    expect(JSON.stringify((learned as JsonObject).answered)).toContain("ada");
    expect(shadow).toMatchObject({ mode: "shadow", changed: true, firings: 20, decides: "people" });
    expect(again).toMatchObject({ mode: "shadow", changed: false });
    expect(early).toMatchObject({ error: "shadow-not-over", message: expect.stringContaining("0 of 20") });
    expect(shown).toMatchObject({ mode: "shadow", gate: null, proof: { by: "worker" } });
    await tickets(20);
    await waitUntil("people are asked", async () => (await gates()).length === 1);
    expect(await call("promote")).toEqual({
      ...{ transition: "triage", mode: "shadow", decides: "people", gate: "crystal-triage", approvers: ["role:maintainer"] },
    });
    expect(await modeNow()).toBe("shadow");
    const [gate] = await gates();
    await tools.kit.ask(NET, "decide", { firing: gate?.firing, decision: "approve", id: "d1" });
    await waitUntil("it answers", async () => (await modeNow()) === "live");
    expect(await call("promote")).toMatchObject({ mode: "live", decides: "decided" });
    expect(await call("shadow")).toMatchObject({ error: expect.stringMatching(/not-proven|same-rule/) });
    const why = { transition: "triage", reason: "It was wrong twice." };
    expect(await call("undo", why)).toEqual({ transition: "triage", mode: "none", changed: true });
    expect(await call("undo", why)).toMatchObject({ changed: false });
    expect(await modeNow()).toBe("none");
    // Who took it away brings it back.
    expect(await call("shadow")).toMatchObject({ error: "taken-away" });
    const stages = (await eventsOf(tools.kit.broker, NET)).flatMap(({ attributes }) =>
      Array.isArray(attributes?.crystallized)
        ? (attributes.crystallized as JsonObject[]).map(({ stage, by }) => `${String(stage)} ${String(by ?? "")}`)
        : [],
    );
    for (const stage of ["candidates worker", "learned worker", "proven worker", "shadow worker", "undone worker"])
      expect(stages).toContain(stage);
    expect(stages.filter((stage) => stage.startsWith("promoted"))).toEqual(["promoted ada"]);
  });

  test("leads it to the declared policy where the net has one, which then decides", { timeout: 180_000 }, async () => {
    await begin({ crystallize: { every: 100_000, least: 60, bound: 0.2, confidence: 0.9, shadow: 5, promote: "policy" } });
    await tickets(90);
    expect(await call("shadow", { transition: "triage", firings: 2 })).toMatchObject({ error: "shadow-too-short" });
    expect(await call("shadow")).toMatchObject({ firings: 5, decides: "policy" });
    await tickets(6);
    await waitUntil("it answers", async () => (await modeNow()) === "live");
    expect(await gates()).toEqual([]);
  });

  test("has nothing to do with its own step, with steps that ask no model, and with names that nobody knows", async () => {
    await begin();
    for (const name of ["shadow", "promote"]) expect(await call(name, { transition: "work" })).toMatchObject({ error: "own-step" });
    expect(await call("undo", { transition: "work", reason: "x" })).toMatchObject({ error: "own-step" });
    expect(await call("learn", { transition: "file" })).toMatchObject({ error: "no-model-step" });
    expect(await call("show", { transition: "traige" })).toMatchObject({ error: "unknown-transition" });
    expect(await call("promote")).toMatchObject({ error: "no-rule" });
    await tools.grant("-w---", TOOLS);
    expect(await call("shadow")).toMatchObject({ error: "flag-missing" });
  });
});
