/** What a hand has asked of models stands in the event of its attempt and in the books, whatever came of it. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import { costsOf } from "../../src/client/costs.ts";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { ModelUse } from "../../src/contract/event.ts";
import { spendingOf } from "../../src/net/spending.ts";
import { realClock } from "../executors/real-clock.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";

const net = {
  net: "w",
  places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: {
    t: {
      ...{ kind: "command", persona: "coder", pool: "p", hand: "code.claude", retry: { max: 1, delay: "1s" } },
      ...{ input: { ask: "${job.ask}" }, in: [{ place: "a", as: "job" }], out: [{ to: "b" }], onError: "errors" },
    },
  },
};
const coder = personaNamed("coder");
const part = (name: string, calls: number, costUsd: number): ModelUse => ({
  ...{ provider: "claude-code", name, calls, inputTokens: 100 * calls, outputTokens: 10, costUsd, listUsd: costUsd },
});
const use: ModelUse = { ...part("big", 5, 0.35), parts: [part("small", 1, 0.05), part("big", 4, 0.3)] };

let kit: MasterKit;
let hands: HandExecutor;
beforeEach(async () => {
  kit = await masterKit({ work: personaWorker({} as never, realClock) });
  hands = kit.executor("hands", "p");
  await kit.ask(null, "apply-persona", { persona: coder });
  await kit.ask(null, "apply-net", { definition: net });
  hands.beat();
});
afterEach(async () => {
  await hands.stop();
  await kit.stop();
});
async function claimed(nth: number): Promise<WorkOrder> {
  await waitUntil(`order ${nth} is offered`, () => hands.orders.length === nth);
  const order = hands.orders[nth - 1] as WorkOrder;
  expect(await hands.ask(order, "claim")).toMatchObject({ ok: true });
  return order;
}
const costs = async () => (await costsOf(kit.broker, ["w"], ["persona", "tier", "model"], 0)).rows;

it("is in the event, by persona, tier and model, also of an attempt that failed", async () => {
  await kit.put("w", "a", { ask: "Do it" });
  const error = { outlook: "retryable", code: "claude-unreachable", message: "busy" } as const;
  await hands.deliver(await claimed(1), null, { outcome: { ok: false, error }, model: part("big", 2, 0.1) });
  await waitUntil("it failed", async () => (await eventsOf(kit.broker, "w")).some(({ type }) => type === "failed"));
  kit.clock.pass(5000, 500);
  await hands.deliver(await claimed(2), { said: "done" }, { model: use });
  await waitUntil("it is done", () => kit.stateOf("w").places.get("b")?.size === 1);
  const events = (await eventsOf(kit.broker, "w")).filter(({ model }) => model);
  expect(events.map(({ type, persona, model }) => [type, persona, model?.tier, model?.costUsd])).toEqual([
    ["failed", "coder", "economy", 0.1],
    ["fired", "coder", "economy", 0.35],
  ]);
  const by = (model: string) => ({ persona: "coder", tier: "economy", model: `claude-code/${model}` });
  expect(await costs()).toMatchObject([
    { by: by("big"), firings: 1, calls: 6, inputTokens: 600, usd: 0.4 },
    { by: by("small"), firings: 1, calls: 1, inputTokens: 100, usd: 0.05 },
  ]);
  const day = new Date(kit.clock.now()).toISOString().slice(0, 10);
  expect(spendingOf(kit.stateOf("w"), "coder", day).total).toMatchObject({ usd: expect.closeTo(0.45, 9) as unknown, turns: 7 });
});

it("is what a use looks like: anything else an executor says of it is left out", async () => {
  await kit.put("w", "a", { ask: "Do it" });
  const wrong = { ...part("big", 1, -5), secret: "x" } as unknown as ModelUse;
  await hands.deliver(await claimed(1), { said: "done" }, { model: wrong });
  await waitUntil("it is done", () => kit.stateOf("w").places.get("b")?.size === 1);
  expect((await eventsOf(kit.broker, "w")).filter(({ model }) => model)).toEqual([]);
  expect(await costs()).toEqual([]);
});

it("of a late result is told and not booked", async () => {
  await kit.put("w", "a", { ask: "Do it" });
  const order = await claimed(1);
  await hands.deliver(order, { said: "done" }, { model: use });
  await waitUntil("it is done", () => kit.stateOf("w").places.get("b")?.size === 1);
  await hands.deliver({ ...order, attempt: 7 }, { said: "done" }, { model: use });
  await waitUntil("it is ignored", async () => (await eventsOf(kit.broker, "w")).some(({ type }) => type === "ignored"));
  const ignored = (await eventsOf(kit.broker, "w")).find(({ type }) => type === "ignored");
  expect(ignored).toMatchObject({ attributes: { usd: 0.35 } });
  expect(ignored?.model).toBeUndefined();
});
