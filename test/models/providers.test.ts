import { afterEach, describe, expect, test } from "vitest";
import type { ModelRequest } from "../../src/models/port.ts";
import { retryAfterMs } from "../../src/models/provider-errors.ts";
import { anthropicProvider } from "../../src/models/providers/anthropic.ts";
import { openaiProvider } from "../../src/models/providers/openai.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { realClock as clock } from "../support/model-clock.ts";
import { askOptions, modelRequest, weatherTool } from "../support/model-request.ts";
import { startOpenAIStub } from "../support/openai-stub.ts";
import type { Stub, StubRequest, StubTurn } from "../support/stub-turn.ts";

const open: Stub[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((stub) => stub.close()));
});
async function anthropic(turns: StubTurn[]) {
  const stub = await startAnthropicStub(turns);
  open.push(stub);
  return { stub, provider: anthropicProvider({ apiKey: "sk-test-key", baseURL: stub.url, clock }) };
}
async function openai(turns: StubTurn[], apiKey: string | undefined = "sk-test-key") {
  const stub = await startOpenAIStub(turns);
  open.push(stub);
  return { stub, provider: openaiProvider({ ...(apiKey ? { apiKey } : {}), baseURL: `${stub.url}/v1`, clock }) };
}
const forced = (model: string): ModelRequest => modelRequest({ model, tools: [weatherTool], toolChoice: "weather.look" });
const look = { tools: [{ name: "weather__look", input: { city: "Bern" } }] };

describe("anthropic", () => {
  test("sends key, system, limits and tools as the API wants them", async () => {
    const { stub, provider } = await anthropic([look]);
    await provider.ask(forced("claude-sonnet-5-5"), askOptions());
    const { headers, body } = stub.requests[0] as StubRequest;
    expect(`${headers["x-api-key"]} ${headers.authorization}`).toContain("sk-test-key");
    expect(body).toMatchObject({
      model: "claude-sonnet-5-5",
      max_tokens: 1000,
      system: [{ type: "text", text: "You are a tester.", cache_control: { type: "ephemeral" } }],
      stream: true,
    });
    expect(body.tools).toEqual([{ name: "weather__look", description: weatherTool.description, input_schema: weatherTool.input }]);
    expect(body.tool_choice).toEqual({ type: "tool", name: "weather__look", disable_parallel_tool_use: true });
    expect(body).not.toHaveProperty("temperature");
  });

  test("does not force a tool on a model that always thinks", async () => {
    const { stub, provider } = await anthropic([look]);
    await provider.ask(forced("claude-opus-5-5"), askOptions());
    expect(stub.requests[0]?.body.tool_choice).toEqual({ type: "auto" });
  });

  test("learns from a 400 that a model cannot be forced, once", async () => {
    const { stub, provider } = await anthropic([{ status: 400, text: "tool_choice: forced use is not supported" }]);
    const error = await provider.ask(forced("claude-future"), askOptions()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "model-request" });
    expect(stub.requests.map((request) => request.body.tool_choice.type)).toEqual(["tool", "auto"]);
    stub.turns = [look];
    await provider.ask(forced("claude-future"), askOptions());
    expect(stub.requests[2]?.body.tool_choice.type).toBe("auto");
  });

  test("hands thinking back unchanged to the model that thought it, and to no other", async () => {
    const { stub, provider } = await anthropic([{ thinking: "Bern, then.", ...look }, { text: "Rain." }]);
    const request = modelRequest({ tools: [weatherTool] });
    const { content } = await provider.ask(request, askOptions());
    const call = content.find((block) => block.type === "tool-call");
    if (call?.type !== "tool-call") throw new Error("no call");
    const messages = [
      ...request.messages,
      { role: "assistant" as const, content },
      { role: "user" as const, content: [{ type: "tool-result" as const, id: call.id, output: "rain" }] },
    ];
    await provider.ask({ ...request, messages }, askOptions());
    await provider.ask({ ...request, messages, model: "another" }, askOptions());
    const types = stub.requests.map((sent) => sent.body.messages[1]?.content.map((block: { type: string }) => block.type));
    expect(types).toEqual([undefined, ["thinking", "tool_use"], ["tool_use"]]);
    expect(stub.requests[1]?.body.messages[1].content[0]).toEqual({
      type: "thinking",
      thinking: "Bern, then.",
      signature: "signed:Bern, then.",
    });
  });

  test("puts the results of tools before the text of the same turn", async () => {
    const { stub, provider } = await anthropic([{ text: "ok" }]);
    const content = [
      { type: "text" as const, text: "and go on" },
      { type: "tool-result" as const, id: "a", output: { n: 1 }, isError: true },
    ];
    await provider.ask(modelRequest({ messages: [{ role: "user", content }] }), askOptions());
    expect(stub.requests[0]?.body.messages[0].content).toEqual([
      { type: "tool_result", tool_use_id: "a", content: '{"n":1}', is_error: true },
      { type: "text", text: "and go on", cache_control: { type: "ephemeral" } },
    ]);
  });

  test("an error inside the stream is busy, and an answer cut at its limit says so", async () => {
    const { stub, provider } = await anthropic([{ text: "Hel", streamError: "overloaded_error", after: "end" }]);
    const error = await provider.ask(modelRequest(), askOptions()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "model-busy", outlook: "retryable" });
    stub.turns = [{ text: "Hel", length: true }];
    expect((await provider.ask(modelRequest(), askOptions())).stop).toBe("length");
  });
});

describe("openai", () => {
  test("sends key, system, limits, tools and an idempotency key of this one request", async () => {
    const { stub, provider } = await openai([look]);
    await provider.ask(forced("gpt-x"), askOptions());
    await provider.ask(forced("gpt-x"), askOptions());
    await provider.ask({ ...forced("gpt-x"), system: "Other." }, askOptions());
    const { headers, body } = stub.requests[0] as StubRequest;
    expect(headers.authorization).toBe("Bearer sk-test-key");
    expect(body).toMatchObject({ model: "gpt-x", max_tokens: 1000, stream: true, stream_options: { include_usage: true } });
    expect(body.messages[0]).toEqual({ role: "system", content: "You are a tester." });
    expect(body.tool_choice).toEqual({ type: "function", function: { name: "weather__look" } });
    const keys = stub.requests.map((request) => request.headers["idempotency-key"]);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  test("needs no key at an own URL", async () => {
    const { provider } = await openai([{ text: "hi" }], undefined);
    expect((await provider.ask(modelRequest(), askOptions())).stop).toBe("end");
  });

  test("gives failed results to the model as errors, and the text after them", async () => {
    const { stub, provider } = await openai([{ text: "ok" }]);
    const content = [
      { type: "text" as const, text: "and go on" },
      { type: "tool-result" as const, id: "a", output: { n: 1 }, isError: true },
    ];
    const calls = [{ type: "tool-call" as const, id: "a", name: "weather.look", input: "{bad" }];
    await provider.ask(
      modelRequest({
        messages: [
          { role: "assistant", content: calls },
          { role: "user", content },
        ],
      }),
      askOptions(),
    );
    expect(stub.requests[0]?.body.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "weather__look", arguments: "{bad" } }],
      },
      { role: "tool", tool_call_id: "a", content: 'ERROR: {"n":1}' },
      { role: "user", content: "and go on" },
    ]);
  });

  test("a content filter is a refusal, an empty purse is Terminal", async () => {
    const { stub, provider } = await openai([{ refusal: "", text: "I" }]);
    expect((await provider.ask(modelRequest(), askOptions())).stop).toBe("refusal");
    stub.turns = [{ status: 429, errorType: "insufficient_quota", text: "You exceeded your current quota" }];
    const error = await provider.ask(modelRequest(), askOptions()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "model-request", outlook: "terminal" });
  });
});

describe("the stubs answer as the APIs do where no provider looks", () => {
  const post = async (url: string, body: object) => (await fetch(url, { method: "POST", body: JSON.stringify(body) })).text();

  test("a script may stand in the prompt, and calls without streaming work", async () => {
    const content = '<<SCRIPT [{"text":"one"},{"text":"two"}] SCRIPT>>';
    const messages = [
      { role: "user", content },
      { role: "assistant", content: "one" },
    ];
    const { stub } = await anthropic([]);
    expect(JSON.parse(await post(`${stub.url}/v1/messages`, { model: "m", messages })).content).toEqual([{ type: "text", text: "two" }]);
    const { stub: other } = await openai([]);
    expect(JSON.parse(await post(`${other.url}/v1/chat/completions`, { model: "m", messages })).choices[0].message.content).toBe("two");
  });

  test("the Responses API streams text and calls, and unknown paths are 404", async () => {
    const { stub } = await openai([{ text: "Hello there", tools: [{ name: "shell", input: { command: ["ls"] } }] }]);
    const events = await post(`${stub.url}/v1/responses`, { model: "m", input: "go", stream: true });
    expect(events).toContain("event: response.output_text.delta");
    expect(events).toContain('"type":"function_call"');
    expect(events).toContain("event: response.completed");
    expect((await fetch(`${stub.url}/v1/nothing`)).status).toBe(404);
    expect((await fetch(`${(await anthropic([])).stub.url}/v1/nothing`)).status).toBe(404);
  });
});

test("Retry-After: seconds, an HTTP date, milliseconds, nonsense", () => {
  const now = Date.parse("2026-11-22T08:00:00Z");
  const of = (headers: Record<string, string>) => retryAfterMs(new Headers(headers), now);
  expect(of({ "retry-after": "2" })).toBe(2000);
  expect(of({ "retry-after": "Sun, 22 Nov 2026 08:00:05 GMT" })).toBe(5000);
  expect(of({ "retry-after": "Sun, 22 Nov 2026 07:00:05 GMT" })).toBe(0);
  expect(of({ "retry-after-ms": "250", "retry-after": "2" })).toBe(250);
  expect(of({ "retry-after": "soon" })).toBeUndefined();
  expect(of({})).toBeUndefined();
});
