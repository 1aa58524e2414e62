/** What every model provider promises, run by each implementation over a rig that makes its far side behave as wanted. */
import { afterEach, describe, expect, test } from "vitest";
import { PetrelError } from "../../src/contract/errors.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { askOptions, modelRequest, weatherTool } from "../support/model-request.ts";
import type { StubTurn } from "../support/stub-turn.ts";
import { until } from "../support/wait-until.ts";

export interface ModelRig {
  provider: ModelProvider;
  /** Calls that the far side saw ended by us before their end; null where there is no far side. */
  aborted: (() => number) | null;
  /** Requests that the far side has seen. */
  asked?: () => number;
  close(): Promise<void>;
}

export interface ModelRigs {
  /** A provider whose answers are these turns, counted by the answers given so far. */
  answering(turns: StubTurn[]): Promise<ModelRig>;
  /** A provider that begins to answer with `Hello` and never ends. */
  endless(): Promise<ModelRig>;
  /** False for a provider that does not hear what the server says of when to come back. */
  tellsRetryAfter?: boolean;
  /** Null for a provider that has no key and no server. */
  failing: ((turn: StubTurn, key: string) => Promise<ModelRig>) | null;
}

export function modelContract(name: string, rigs: ModelRigs): void {
  describe(`model port: ${name}`, () => {
    const open: ModelRig[] = [];
    const rig = async (made: Promise<ModelRig>) => {
      const ready = await made;
      open.push(ready);
      return ready;
    };
    afterEach(async () => {
      await Promise.all(open.splice(0).map((each) => each.close()));
    });

    test("text arrives in pieces, and whole in the answer, with usage and model", async () => {
      const { provider } = await rig(
        rigs.answering([{ text: "Hello, world, and all who sail in her.", usage: { input: 321, output: 12 } }]),
      );
      const pieces: string[] = [];
      const answer = await provider.ask(modelRequest(), askOptions({ onText: (delta) => pieces.push(delta) }));
      expect(answer.content).toEqual([{ type: "text", text: "Hello, world, and all who sail in her." }]);
      expect(pieces.join("")).toBe("Hello, world, and all who sail in her.");
      expect(pieces.length).toBeGreaterThan(1);
      expect(answer.stop).toBe("end");
      expect(answer.usage).toEqual({ inputTokens: 321, outputTokens: 12 });
      expect(answer.model).not.toBe("");
    });

    test("a tool is called, gets its result back, and the model goes on", async () => {
      const turns = [{ text: "Let me look.", tools: [{ name: "weather__look", input: { city: "Bern" } }] }, { text: "It rains in Bern." }];
      const { provider } = await rig(rigs.answering(turns));
      const request = modelRequest({ tools: [weatherTool] });
      const first = await provider.ask(request, askOptions());
      expect(first.stop).toBe("tool-call");
      const call = first.content.find((block) => block.type === "tool-call");
      expect(call).toMatchObject({ name: "weather.look", input: { city: "Bern" } });
      if (call?.type !== "tool-call") throw new Error("no call");
      const messages = [
        ...request.messages,
        { role: "assistant" as const, content: first.content },
        { role: "user" as const, content: [{ type: "tool-result" as const, id: call.id, output: { sky: "rain" } }] },
      ];
      const second = await provider.ask({ ...request, messages }, askOptions());
      expect(second).toMatchObject({ content: [{ type: "text", text: "It rains in Bern." }], stop: "end" });
    });

    test("several calls in one answer keep their order and have ids of their own", async () => {
      const tools = ["Bern", "Oslo", "Rome"].map((city) => ({ name: "weather__look", input: { city } }));
      const { provider } = await rig(rigs.answering([{ tools }]));
      const answer = await provider.ask(modelRequest({ tools: [weatherTool] }), askOptions());
      const calls = answer.content.flatMap((block) => (block.type === "tool-call" ? [block] : []));
      expect(calls.map((call) => call.input)).toEqual([{ city: "Bern" }, { city: "Oslo" }, { city: "Rome" }]);
      expect(new Set(calls.map((call) => call.id)).size).toBe(3);
    });

    test("a refusal is an answer that says so, and no call is left in it", async () => {
      const { provider } = await rig(rigs.answering([{ refusal: "I cannot help with that." }]));
      const answer = await provider.ask(modelRequest(), askOptions());
      expect(answer.stop).toBe("refusal");
      expect(answer.content).toEqual([{ type: "text", text: "I cannot help with that." }]);
    });

    test("an abort in the middle ends the call at once as Cancelled", async () => {
      const { provider, aborted } = await rig(rigs.endless());
      const controller = new AbortController();
      const pieces: string[] = [];
      const asked = provider.ask(modelRequest(), askOptions({ signal: controller.signal, onText: (delta) => pieces.push(delta) }));
      const outcome = asked.catch((error: unknown) => error);
      await until("the answer has begun", () => pieces.length > 0);
      controller.abort();
      expect(await outcome).toMatchObject({ code: "aborted", outlook: "cancelled" });
      if (aborted) await until("the far side saw the end", () => aborted() > 0);
    });

    test("a signal that is aborted already asks nothing", async () => {
      const { provider } = await rig(rigs.answering([{ text: "never" }]));
      const error = await provider.ask(modelRequest(), askOptions({ signal: AbortSignal.abort() })).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "aborted", outlook: "cancelled" });
    });

    test("an answer that takes too long is a Retryable time-out", async () => {
      const { provider } = await rig(rigs.endless());
      const error = await provider.ask(modelRequest(), askOptions({ timeoutMs: 150 })).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "model-timeout", outlook: "retryable" });
    });

    const { failing } = rigs;
    if (failing) {
      test("what was read from a cache is inside the input, and told", async () => {
        const { provider } = await rig(rigs.answering([{ text: "Hi.", usage: { input: 50, output: 5, cacheRead: 900 } }]));
        const { usage } = await provider.ask(modelRequest(), askOptions());
        expect(usage.cacheReadTokens).toBe(900);
        expect(usage.outputTokens).toBe(5);
      });
      failures(rig, failing, rigs.tellsRetryAfter !== false);
    }
  });
}

const KEY = "sk-test-0123456789abcdefghijklmnop";

function failures(
  rig: (made: Promise<ModelRig>) => Promise<ModelRig>,
  failing: NonNullable<ModelRigs["failing"]>,
  tellsRetryAfter: boolean,
): void {
  const fail = async (turn: StubTurn, key = KEY) => {
    const { provider } = await rig(failing(turn, key));
    const error = await provider.ask(modelRequest(), askOptions()).catch((caught: unknown) => caught);
    if (!(error instanceof PetrelError)) throw new Error(`not a PetrelError: ${String(error)}`);
    return error;
  };

  test.each([401, 403])("a key that is refused with %i is Terminal, and the hint names the variable", async (status) => {
    const error = await fail({ status, errorType: "authentication_error", text: `Incorrect API key provided: ${KEY}` });
    expect(error).toMatchObject({ code: "model-key-refused", outlook: "terminal" });
    expect(error.hint).toMatch(/[A-Z]+_API_KEY/);
  });

  test("the key is in no error, whatever the server echoes", async () => {
    for (const status of [400, 401, 404, 429, 500]) {
      const error = await fail({ status, text: `you sent ${KEY} as your key` });
      expect(`${error.message} ${error.hint} ${JSON.stringify(error)} ${String(error.cause)} ${error.stack}`).not.toContain(KEY);
    }
  });

  test.each([429, 529, 500, 503, 408])("busy with %i is Retryable and honours Retry-After", async (status) => {
    const error = await fail({ status, text: "later", headers: { "retry-after": "7" } });
    expect(error).toMatchObject({ code: "model-busy", outlook: "retryable", ...(tellsRetryAfter ? { retryAfterMs: 7000 } : {}) });
  });

  test("a busy server is asked once: the engine retries, not the SDK", async () => {
    const { provider, asked } = await rig(failing({ status: 503 }, KEY));
    await provider.ask(modelRequest(), askOptions()).catch(() => {});
    expect(asked?.()).toBe(1);
  });

  test("404 is an unknown model, 400 a wrong request: both Terminal, with what the server said", async () => {
    expect(await fail({ status: 404, text: "no such model" })).toMatchObject({ code: "model-unknown", outlook: "terminal" });
    const wrong = await fail({ status: 400, text: "prompt is too long" });
    expect(wrong).toMatchObject({ code: "model-request", outlook: "terminal" });
    expect(wrong.message).toContain("prompt is too long");
  });

  test("a connection cut in the middle of an answer is Retryable", async () => {
    for (const after of ["cut", "end"] as const) {
      expect(await fail({ text: "Hello, I was about to", after })).toMatchObject({ code: "model-unreachable", outlook: "retryable" });
    }
  });

  test("a server that is not there is Retryable, and named", async () => {
    const { provider, close } = await rig(failing({ text: "gone" }, KEY));
    await close();
    const error = await provider.ask(modelRequest(), askOptions()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "model-unreachable", outlook: "retryable" });
    expect((error as PetrelError).message).toMatch(/127\.0\.0\.1/);
  });

  test("tool input that is no JSON comes through as the text that it is", async () => {
    const { provider } = await rig(failing({ tools: [{ name: "weather__look", raw: '{"city": "Be' }] }, KEY));
    const answer = await provider.ask(modelRequest({ tools: [weatherTool] }), askOptions());
    expect(answer.content).toMatchObject([{ type: "tool-call", name: "weather.look", input: '{"city": "Be' }]);
  });
}
