/**
 * The rate limiter: every call to a provider goes through it, from whichever master.
 * - L1 What one master takes, the others see: the state is shared, and changed by compare-and-swap.
 * - L2 A provider that says that it is busy (429, 529) makes everybody wait as long as it says.
 * - L3 A limiter that cannot be reached holds nobody up: the provider's own word is the last one.
 */
import type { Clock } from "../contract/clock.ts";
import type { Json } from "../contract/json.ts";
import type { Quotas } from "../contract/quotas.ts";
import { calmed, giveBack, pushBack, type RateLimit, type RateState, take } from "./rate-limit.ts";

export interface RateLimiterOptions {
  quotas: Quotas;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** By `provider/model`, else by `provider/*`. */
  limits: Readonly<Record<string, RateLimit>>;
}

export interface Turn {
  /** Until the request may be made. */
  waitMs: number;
  /** There is a limit for it. */
  limited: boolean;
  /** Why it waits: the provider said that it is busy, or the limit is reached. */
  reason: "busy" | "limit";
}

export interface RateLimiter {
  /** Takes a request; `waitMs` until it may be made. */
  take(provider: string, model: string, tokens: number): Promise<Turn>;
  /** How long the provider wants to be left alone still. */
  heldFor(provider: string, model: string): Promise<number>;
  /** A request that was taken and will not be made. */
  giveBack(provider: string, model: string, tokens: number): Promise<void>;
  /** It was answered; `unused` tokens of those taken were not needed (below zero: it were more). */
  answered(provider: string, model: string, unused: number): Promise<void>;
  busy(provider: string, model: string, retryAfterMs: number | undefined): Promise<void>;
}

export function rateLimiter(options: RateLimiterOptions): RateLimiter {
  const { quotas, clock, random } = options;
  const limitOf = (provider: string, model: string): RateLimit =>
    options.limits[`${provider}/${model}`] ?? options.limits[`${provider}/*`] ?? {};

  async function change<T>(
    provider: string,
    model: string,
    otherwise: T,
    decide: (state: RateState | null) => { state: RateState | null; result: T },
  ): Promise<T> {
    try {
      return await quotas.change(quotaKey(provider, model), (before) => {
        const { state, result } = decide(stateIn(before));
        return { after: state as unknown as Json, result };
      });
    } catch {
      return otherwise; // L3
    }
  }
  return {
    take: (provider, model, tokens) => {
      const limit = limitOf(provider, model);
      const limited = limit.requestsPerMinute !== undefined || limit.tokensPerMinute !== undefined;
      return change<Turn>(provider, model, { waitMs: 0, limited, reason: "limit" }, (before) => {
        const now = clock.now();
        const { state, waitMs } = take(before, limit, tokens, now);
        // Without a limit there is nothing to write down.
        return { state: limited ? state : null, result: { waitMs, limited, reason: state.until > now ? "busy" : "limit" } };
      });
    },
    heldFor: (provider, model) =>
      change(provider, model, 0, (before) => ({ state: null, result: Math.max(0, (before?.until ?? 0) - clock.now()) })),
    giveBack: (provider, model, tokens) =>
      change(provider, model, undefined, (before) => ({
        state: giveBack(before, limitOf(provider, model), 1, tokens, clock.now()),
        result: undefined,
      })),
    answered: (provider, model, unused) => {
      const limit = limitOf(provider, model);
      return change(provider, model, undefined, (before) => {
        const calm = calmed(before);
        const state = limit.tokensPerMinute === undefined ? calm : giveBack(calm ?? before, limit, 0, unused, clock.now());
        return { state, result: undefined };
      });
    },
    busy: (provider, model, retryAfterMs) =>
      change(provider, model, undefined, (before) => ({
        state: pushBack(before, limitOf(provider, model), retryAfterMs, clock.now(), random()),
        result: undefined,
      })),
  };
}

/** Names of models hold what a key may not. */
export function quotaKey(provider: string, model: string): string {
  return `rate.${provider}.${Buffer.from(model).toString("base64url")}`;
}

function stateIn(value: Json | null): RateState | null {
  return value === null ? null : (value as unknown as RateState);
}
