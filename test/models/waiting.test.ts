/** A busy provider is waited for, by every master, as long as it says; the next model is asked only past a threshold. */
import { describe, expect, test } from "vitest";
import { Retryable } from "../../src/contract/errors.ts";
import { localQuotas, type Quotas } from "../../src/contract/quotas.ts";
import type { Config } from "../../src/models/config.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { giveBack, pushBack, type RateState, take } from "../../src/models/rate-limit.ts";
import { rateLimiter } from "../../src/models/rate-limiter.ts";
import { tierModels, type Wait } from "../../src/models/tiers.ts";
import { type HandClock, handClock } from "../support/model-clock.ts";
import { askOptions, modelRequest } from "../support/model-request.ts";
import { until } from "../support/wait-until.ts";

const { tier: _, model: __, ...request } = modelRequest();
const busy = (seconds?: number) =>
  new Retryable({ code: "model-busy", message: "429", ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }) });

/** Says busy so many times, then answers; notes when it was asked. */
function provider(name: string, clock: HandClock, failures: (Error | null)[] = []): ModelProvider & { at: number[] } {
  const at: number[] = [];
  const begin = clock.now();
  return {
    name,
    at,
    ask: async ({ model }) => {
      at.push(clock.now() - begin);
      const failure = failures[at.length - 1];
      if (failure) throw failure;
      return { content: [], stop: "end", usage: { inputTokens: 10, outputTokens: 10 }, model };
    },
  };
}

function master(providers: ModelProvider[], clock: HandClock, limits: Config["limits"], quotas: Quotas = localQuotas()) {
  const config = { ...defaultConfig, ...(limits ? { limits } : {}) };
  const limiter = rateLimiter({ quotas, clock, random: () => 0.5, limits: limits?.models ?? {} });
  return tierModels(config, new Map(providers.map((each) => [each.name, each])), { clock, limiter });
}

/** Moves time on, a second at a time, whenever somebody waits, until the call is over. */
async function through<T>(clock: HandClock, call: Promise<T>): Promise<T> {
  let over = false;
  const settled = call.finally(() => {
    over = true;
  });
  settled.catch(() => {});
  await until("the call is over", () => {
    if (!over && clock.pending() > 0) clock.advance(1000);
    return over;
  });
  return settled;
}

describe("busy is a wait, no failure", () => {
  test("as long as Retry-After says, and then the same model again", async () => {
    const clock = handClock();
    const [first, second] = [provider("anthropic", clock, [busy(7), busy(3)]), provider("openai", clock)];
    const waits: (Wait | null)[] = [];
    const call = master([first, second], clock, undefined).ask("economy", request, { ...askOptions(), onWait: (wait) => waits.push(wait) });
    const { use } = await through(clock, call);
    expect(use.provider).toBe("anthropic");
    expect(first.at).toEqual([0, 7000, 10_000]);
    expect(second.at).toEqual([]);
    expect(waits).toMatchObject([{ provider: "anthropic", ms: 7000, reason: "busy" }, null, { ms: 3000 }, null]);
  });
  test("without a word from the provider the waits grow", async () => {
    const clock = handClock();
    const first = provider("anthropic", clock, [busy(), busy(), busy(), busy()]);
    await through(clock, master([first], clock, undefined).ask("economy", request, askOptions()));
    const gaps = first.at.slice(1).map((at, index) => at - (first.at[index] ?? 0));
    expect(gaps).toEqual([1000, 2000, 4000, 8000]);
  });
  test("waiting takes nothing of the time for the answer", async () => {
    const clock = handClock();
    const timeouts: number[] = [];
    const first: ModelProvider = {
      name: "anthropic",
      ask: async ({ model }, { timeoutMs }) => {
        timeouts.push(timeoutMs);
        if (timeouts.length === 1) throw busy(15);
        return { content: [], stop: "end", usage: { inputTokens: 1, outputTokens: 1 }, model };
      },
    };
    await through(clock, master([first], clock, undefined).ask("economy", request, askOptions({ timeoutMs: 5000 })));
    expect(timeouts).toEqual([5000, 5000]);
  });
  test("past the threshold the next model is asked, and not before", async () => {
    const clock = handClock();
    const [first, second] = [provider("anthropic", clock, [busy(4), busy(60)]), provider("openai", clock)];
    const limits = { models: {}, fallbackAfterSeconds: 10 };
    const { use } = await through(clock, master([first, second], clock, limits).ask("economy", request, askOptions()));
    expect(use.provider).toBe("openai");
    expect(first.at).toEqual([0, 4000]);
    expect(second.at).toEqual([4000]);
  });
  test("with no other model it is given up in the end, as Retryable", async () => {
    const clock = handClock();
    const first = provider(
      "anthropic",
      clock,
      Array.from({ length: 50 }, () => busy(20)),
    );
    const limits = { models: {}, giveUpAfterSeconds: 60 };
    const call = through(clock, master([first], clock, limits).ask("economy", request, askOptions()));
    await expect(call).rejects.toMatchObject({ code: "model-busy", outlook: "retryable" });
    expect(first.at).toEqual([0, 20_000, 40_000, 60_000]);
  });
  test("who waits can be called off", async () => {
    const clock = handClock();
    const first = provider("anthropic", clock, [busy(30)]);
    const abort = new AbortController();
    const call = master([first], clock, undefined).ask("economy", request, askOptions({ signal: abort.signal }));
    call.catch(() => {});
    await until("it waits", () => clock.pending() > 0);
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: "aborted", outlook: "cancelled" });
    expect(first.at).toHaveLength(1);
  });
});

describe("all masters share it", () => {
  test("what one was told holds the other up too", async () => {
    const [clock, quotas] = [handClock(), localQuotas()];
    const [one, other] = [provider("anthropic", clock, [busy(9)]), provider("anthropic", clock)];
    const first = master([one], clock, undefined, quotas).ask("economy", request, askOptions());
    await until("the first waits", () => clock.pending() > 0);
    const second = master([other], clock, undefined, quotas).ask("economy", request, askOptions());
    await until("the second waits too", () => clock.pending() > 1);
    expect(other.at).toEqual([]);
    await through(clock, Promise.all([first, second]));
    expect(other.at).toEqual([9000]);
  });
  test("requests a minute are counted over both, and who came first goes first", async () => {
    const [clock, quotas] = [handClock(), localQuotas()];
    const limits = { models: { "anthropic/*": { requestsPerMinute: 6 } }, giveUpAfterSeconds: 900, fallbackAfterSeconds: 900 };
    const shared = provider("anthropic", clock);
    const [one, other] = [master([shared], clock, limits, quotas), master([shared], clock, limits, quotas)];
    await through(
      clock,
      Promise.all(Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? one : other).ask("economy", request, askOptions()))),
    );
    expect(shared.at.filter((at) => at === 0)).toHaveLength(6);
    expect(shared.at.slice(6)).toEqual([10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
  });
  test("tokens that were taken in advance and not used are given back", async () => {
    const [clock, quotas] = [handClock(), localQuotas()];
    // Each call takes over 1000 tokens in advance and uses 20.
    const limits = { models: { "anthropic/*": { tokensPerMinute: 1500 } }, giveUpAfterSeconds: 900, fallbackAfterSeconds: 900 };
    const shared = provider("anthropic", clock);
    const tiers = master([shared], clock, limits, quotas);
    for (let call = 0; call < 5; call++) await through(clock, tiers.ask("economy", request, askOptions()));
    expect(shared.at).toEqual([0, 0, 0, 0, 0]);
  });
  test("a limiter that is away holds nobody up", async () => {
    const clock = handClock();
    const first = provider("anthropic", clock);
    const gone: Quotas = { change: () => Promise.reject(new Retryable({ code: "wire-down", message: "?" })) };
    await master([first], clock, { models: { "anthropic/*": { requestsPerMinute: 1 } } }, gone).ask("economy", request, askOptions());
    expect(first.at).toEqual([0]);
  });
});

describe("the buckets", () => {
  test("never let more through in any minute than the limit and one full bucket", () => {
    const limit = { requestsPerMinute: 10 };
    let state: RateState | null = null;
    const starts: number[] = [];
    for (let call = 0; call < 60; call++) {
      const now = call * 700;
      const taken = take(state, limit, 0, now);
      state = taken.state;
      starts.push(now + taken.waitMs);
    }
    for (const from of starts) expect(starts.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(20);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });
  test("a request larger than a minute's tokens waits for a full bucket, not for ever", () => {
    const limit = { tokensPerMinute: 100 };
    const first = take(null, limit, 5000, 0);
    expect(first.waitMs).toBe(0);
    expect(take(first.state, limit, 5000, 0).waitMs).toBe(60_000);
  });
  test("a clock that is behind another master's gives nothing away", () => {
    const limit = { requestsPerMinute: 1 };
    const { state } = take(null, limit, 0, 100_000);
    expect(take(state, limit, 0, 40_000).waitMs).toBe(60_000);
    expect(giveBack(state, limit, 1, 0, 40_000).requests).toBe(1);
  });
  test("a burst that is sent away is one strike", () => {
    let state = pushBack(null, {}, undefined, 0, 0.5);
    for (let call = 0; call < 9; call++) state = pushBack(state, {}, undefined, call, 0.5);
    expect(state).toMatchObject({ strikes: 1, until: 1000 });
  });
});
