import { describe, expect, test } from "vitest";
import { Cancelled, Retryable, Terminal } from "../../src/contract/errors.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import type { ModelProvider, ModelRequest } from "../../src/models/port.ts";
import { tierModels } from "../../src/models/tiers.ts";
import { addUse } from "../../src/models/use.ts";
import { handClock } from "../support/model-clock.ts";
import { askOptions, modelRequest } from "../support/model-request.ts";

const { tier: _, model: __, ...request } = modelRequest();
const usage = { inputTokens: 100_000, outputTokens: 10_000 };
const answer = { content: [], stop: "end" as const, usage, model: "m" };

function provider(name: string, ask: (request: ModelRequest) => Error | null = () => null): ModelProvider & { asked: string[] } {
  const asked: string[] = [];
  return {
    name,
    asked,
    ask: async (given) => {
      asked.push(given.model);
      const error = ask(given);
      if (error) throw error;
      return { ...answer, model: given.model };
    },
  };
}
const map = (...providers: ModelProvider[]) => new Map(providers.map((each) => [each.name, each]));
const clock = handClock();
const away = () => new Retryable({ code: "model-unreachable", message: "away", retryAfterMs: 10 });

test("a tier asks its first model and books what it costs", async () => {
  const tiers = tierModels(defaultConfig, map(provider("anthropic"), provider("openai")), { clock });
  const { use } = await tiers.ask("frontier", request, askOptions());
  expect(use).toMatchObject({ provider: "anthropic", name: "claude-opus-5-5", calls: 1, inputTokens: 100_000, outputTokens: 10_000 });
  expect(use.costUsd).toBeCloseTo(0.6);
  expect(tiers.spentUsd()).toBeCloseTo(0.6);
});

describe("fallbacks", () => {
  test.each([
    ["away", away()],
    ["unknown to its provider", new Terminal({ code: "model-unknown", message: "?" })],
    ["failing in a way nobody foresaw", new Error("?")],
  ])("the next is asked when the first is %s", async (_, error) => {
    const tiers = tierModels(
      defaultConfig,
      map(
        provider("anthropic", () => error),
        provider("openai"),
      ),
      { clock },
    );
    expect((await tiers.ask("economy", request, askOptions())).use).toMatchObject({ provider: "openai", name: "gpt-5.6-luna" });
  });
  test("a provider without a key is passed over", async () => {
    const tiers = tierModels(defaultConfig, map(provider("openai")), { clock });
    expect((await tiers.ask("standard", request, askOptions())).use.provider).toBe("openai");
    expect(tiers.plan()[0]?.choices.map((choice) => choice.available)).toEqual([false, true]);
  });
  test.each([
    ["a refused key", new Terminal({ code: "model-key-refused", message: "?" })],
    ["a wrong request", new Terminal({ code: "model-request", message: "?" })],
    ["an abort", new Cancelled({ code: "aborted", message: "?" })],
  ])("%s is said at once", async (_, error) => {
    const second = provider("openai");
    const tiers = tierModels(
      defaultConfig,
      map(
        provider("anthropic", () => error),
        second,
      ),
      { clock },
    );
    await expect(tiers.ask("economy", request, askOptions())).rejects.toBe(error);
    expect(second.asked).toEqual([]);
  });
  test("when all fail, one that may pass by itself is told", async () => {
    const gone = new Terminal({ code: "model-unknown", message: "?" });
    const tiers = tierModels(
      defaultConfig,
      map(
        provider("anthropic", away),
        provider("openai", () => gone),
      ),
      { clock },
    );
    await expect(tiers.ask("economy", request, askOptions())).rejects.toMatchObject({ code: "model-unreachable", retryAfterMs: 10 });
  });
  test("a fallback gets what is left of the time, not the whole again", async () => {
    const slow = provider("anthropic", () => {
      clock.advance(900);
      return away();
    });
    const timeouts: number[] = [];
    const second: ModelProvider = {
      name: "openai",
      ask: async (_, { timeoutMs }) => ({ ...answer, usage, model: String(timeouts.push(timeoutMs)) }),
    };
    await tierModels(defaultConfig, map(slow, second), { clock }).ask("economy", request, askOptions({ timeoutMs: 1000 }));
    expect(timeouts).toEqual([100]);
  });
});

test("no key at all, or no such tier, is one clear error", async () => {
  const tiers = tierModels(defaultConfig, map(), { clock });
  await expect(tiers.ask("economy", request, askOptions())).rejects.toMatchObject({
    code: "no-model",
    hint: expect.stringContaining("ANTHROPIC_API_KEY"),
  });
  await expect(tiers.ask("cheap", request, askOptions())).rejects.toMatchObject({ code: "unknown-tier" });
});

test("nothing is asked once the budget is spent", async () => {
  const only = provider("anthropic");
  const tiers = tierModels(defaultConfig, map(only), { clock, budgetUsd: 1 });
  await tiers.ask("frontier", request, askOptions());
  await tiers.ask("frontier", request, askOptions());
  await expect(tiers.ask("frontier", request, askOptions())).rejects.toMatchObject({ code: "models-budget-exhausted", exitCode: 6 });
  expect(only.asked).toHaveLength(2);
});

test("a drill's answers count as paid, in what budgets see, and no budget of the installation ends it", async () => {
  const tiers = tierModels(defaultConfig, map(), { clock, instead: provider("drill"), charged: true, budgetUsd: 0 });
  const worst: number[] = [];
  const allow = ({ price }: { price: { usdPerMTokIn: number } }) => {
    worst.push(price.usdPerMTokIn);
    return { maxOutputTokens: 100, done: () => {} };
  };
  const { use } = await tiers.ask("frontier", request, { ...askOptions(), allow });
  expect(use.costUsd).toBeCloseTo(0.6);
  expect(worst).toEqual([4]);
});

test("a cassette answers for every tier at no cost, with the list price beside it", async () => {
  const tiers = tierModels(defaultConfig, map(), { clock, instead: provider("recorded"), budgetUsd: 0 });
  const { use } = await tiers.ask("frontier", request, askOptions());
  expect(use).toMatchObject({ provider: "recorded", costUsd: 0, listUsd: expect.closeTo(0.6) });
  expect(addUse(addUse(null, use), use)).toMatchObject({ calls: 2, inputTokens: 200_000, costUsd: 0, listUsd: expect.closeTo(1.2) });
});
