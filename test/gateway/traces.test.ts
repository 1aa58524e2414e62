/** Traces at a collector: one story is one trace, with its firings, attempts, model calls, tool calls and commands. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { traceIdOf, traceparentOf } from "../../src/contract/trace-context.ts";
import { collectorFrom } from "../../src/gateway/traces/trace-exporter.ts";
import { otlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse, PEOPLE } from "./house.ts";

const at = Date.now();
const TIMELINE: JsonObject[] = [
  {
    call: "model",
    name: "small",
    provider: "mistral",
    from: at,
    to: at + 40,
    ok: true,
    inputTokens: 100,
    outputTokens: 10,
    cacheReadTokens: 60,
  },
  { call: "tool", name: "fs.read", from: at + 40, to: at + 45, ok: false, id: "call_7", error: "no-such-file" },
  { call: "model", name: "", from: at + 45, to: at + 50, ok: false, error: "model-busy" },
];
const TEAM = {
  net: "team",
  places: { asked: { open: true }, told: {}, packed: { sink: true } },
  transitions: {
    write: { kind: "llm", persona: "writer", ask: "Say ${job.n}", in: [{ place: "asked", as: "job" }], out: [{ to: "told" }] },
    pack: { kind: "command", pool: "yard", argv: ["true"], in: [{ place: "told", as: "job" }], out: [{ to: "packed" }] },
  },
};
let failing = false;
let house: GatewayHouse;
let receiver: Awaited<ReturnType<typeof otlpReceiver>>;
beforeAll(async () => {
  receiver = await otlpReceiver();
  receiver.away = true;
  const collector = collectorFrom({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "x-team=birds%20of%20sea",
  });
  house = await gatewayHouse({
    collector,
    master: {
      work: async ({ firing }) => ({
        firing: firing.firing,
        attempt: firing.attempt,
        outcome:
          firing.kind === "command"
            ? null
            : failing
              ? { ok: false, error: { outlook: "terminal", code: "model-refused", message: "no" } }
              : { ok: true, value: { said: 1 } },
        extra: {
          model: { provider: "rules", name: "small", calls: 1, inputTokens: 100, outputTokens: 10, costUsd: 0.25, tier: "economy" },
          attributes: { timeline: TIMELINE },
        },
      }),
    },
  });
  await house.kit.ask(null, "apply-persona", {
    persona: { persona: "writer", title: "Writer", flags: "r----", tier: "economy", prompt: "Write." },
    by: PEOPLE,
  });
  await house.kit.ask(null, "apply-net", { definition: TEAM, by: PEOPLE });
});
afterAll(async () => {
  await house.stop();
  await receiver.stop();
});

test("a story is one trace: the run of the net, its firings, attempts, calls and the command, each under the one that it belongs to", async () => {
  const yard = house.kit.executor("hand", "yard");
  yard.beat();
  await house.kit.put("team", "asked", { n: 1 });
  await waitUntil("the command is offered", () => yard.orders.length === 1);
  const [order] = yard.orders;
  if (!order) throw new Error("no order");
  await yard.ask(order, "claim");
  await yard.deliver(order, { ok: true });
  // The collector is away: what could not be told is told when it is back.
  await waitUntil("it was asked in vain", () => receiver.refused > 0);
  receiver.away = false;
  house.kit.clock.jump(6000);
  await waitUntil("the command's firing is told", () => receiver.named("command pack").length === 2);
  house.kit.clock.jump(3000);
  await waitUntil("the run is told", () => receiver.named("invoke_workflow team").length === 1);
  const [run] = receiver.named("invoke_workflow team");
  const [agent] = receiver.named("invoke_agent writer");
  const [chat] = receiver.named("chat small");
  const [tool] = receiver.named("execute_tool fs.read");
  const [attempt] = receiver.named("attempt 1");
  expect(run?.traceId).toBe(traceIdOf(order.correlation));
  expect(run?.parentSpanId).toBeUndefined();
  expect(agent).toMatchObject({ traceId: run?.traceId, parentSpanId: run?.spanId });
  expect(attempt).toMatchObject({ parentSpanId: agent?.spanId });
  for (const call of [chat, tool]) expect(call).toMatchObject({ traceId: run?.traceId, parentSpanId: attempt?.spanId });
  expect(agent?.attributes).toMatchObject({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "writer",
    "gen_ai.provider.name": "rules",
    "gen_ai.request.model": "small",
    "gen_ai.usage.input_tokens": "100",
    "petrel.cost.usd": 0.25,
  });
  expect(agent?.attributes["error.type"]).toBeUndefined();
  expect(agent?.status).toEqual({});
  // Tokens of the firing stand at one span of it, and at those of the calls.
  expect(Object.keys(attempt?.attributes ?? {}).filter((key) => key.startsWith("gen_ai.") || key === "petrel.cost.usd")).toEqual([]);
  expect(chat?.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "mistral_ai",
    "gen_ai.request.model": "small",
    "gen_ai.conversation.id": order.correlation,
    "gen_ai.usage.input_tokens": "100",
    "gen_ai.usage.output_tokens": "10",
    "gen_ai.usage.cache_read.input_tokens": "60",
  });
  const [unanswered] = receiver.named("chat");
  expect(unanswered).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "model-busy", "gen_ai.operation.name": "chat" } });
  expect(tool).toMatchObject({
    status: { code: 2 },
    attributes: {
      ...{ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "fs.read", "gen_ai.tool.type": "function" },
      ...{ "gen_ai.tool.call.id": "call_7", "error.type": "no-such-file" },
    },
  });
  expect(receiver.headers[0]).toMatchObject({ "x-team": "birds of sea" });
  // What the executor gave its children names the span of the attempt that they belong to.
  const [, trace, parent] = traceparentOf(order).split("-");
  const command = receiver.named("command pack").find(({ spanId }) => spanId === parent);
  expect(command).toMatchObject({ traceId: trace, attributes: { "petrel.executor": "hand", "petrel.attempt": "1" } });
  const times = (span: ReceivedSpan | undefined) => [BigInt(span?.startTimeUnixNano ?? 0), BigInt(span?.endTimeUnixNano ?? 0)] as const;
  const [[from, to], [inner]] = [times(run), times(command)];
  expect(inner >= from && to >= inner).toBe(true);
});

test("a gateway that starts anew tells on from where the one before was, and the same span keeps its id", async () => {
  const before = new Set(receiver.spans.keys());
  await (await house.restart("a"))();
  await (await house.restart("b"))();
  await house.kit.put("team", "asked", { n: 2 });
  house.kit.clock.jump(21_000);
  await waitUntil("the second is told", () => receiver.named("invoke_agent writer").length === 2);
  for (const id of before) expect(receiver.spans.has(id)).toBe(true);
  expect(receiver.named("chat small")).toHaveLength(2);
});

test("what fails has the code of its error at the agent's span, the attempt's and the run's", async () => {
  failing = true;
  await house.kit.put("team", "asked", { n: 3 });
  await waitUntil("it is told", () => {
    house.kit.clock.jump(6000);
    return receiver.named("invoke_workflow team").some(({ status }) => status.code === 2);
  });
  failing = false;
  for (const name of ["invoke_agent writer", "attempt 1", "invoke_workflow team"]) {
    const span = receiver.named(name).find(({ status }) => status.code === 2);
    expect(span?.attributes["error.type"]).toBe("model-refused");
  }
  expect(receiver.schemas).toEqual(new Set(["https://opentelemetry.io/schemas/1.41.0"]));
});
