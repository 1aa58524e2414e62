/**
 * How much a provider may be asked, as one small state that all masters share. Pure.
 *
 * Requests and tokens are two buckets that fill evenly over a minute. A caller takes what it will need at once, if need be below
 * zero, and is told how long to wait until that is covered: who comes first goes first, and nobody asks again and again.
 */

export interface RateLimit {
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
}

export interface RateState {
  /** Milliseconds since the epoch of the last change. */
  at: number;
  /** What may be asked now; below zero where it is taken in advance. Null without a limit. */
  requests: number | null;
  tokens: number | null;
  /** The provider said that it is busy: nobody asks before then. */
  until: number;
  /** How many times in a row it said so. */
  strikes: number;
}

const MINUTE = 60_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** Takes a request of so many tokens. `waitMs`: how long until it may be made. */
export function take(before: RateState | null, limit: RateLimit, tokens: number, now: number): { state: RateState; waitMs: number } {
  const state = filled(before, limit, now);
  const requests = state.requests === null ? null : state.requests - 1;
  const left = state.tokens === null ? null : state.tokens - capped(tokens, limit);
  const waits = [
    untilCovered(requests, limit.requestsPerMinute),
    untilCovered(left, limit.tokensPerMinute),
    Math.max(0, state.until - now),
  ];
  return { state: { ...state, requests, tokens: left }, waitMs: Math.ceil(Math.max(...waits)) };
}

/** Puts back what was taken and not used: a request that was not made (`requests` 1), or tokens that were not needed. */
export function giveBack(before: RateState | null, limit: RateLimit, requests: number, tokens: number, now: number): RateState {
  const state = filled(before, limit, now);
  return {
    ...state,
    requests: state.requests === null ? null : Math.min(limit.requestsPerMinute ?? 0, state.requests + requests),
    tokens: state.tokens === null ? null : Math.min(limit.tokensPerMinute ?? 0, state.tokens + tokens),
  };
}

/** The provider said that it is busy. Without its own word for how long, the wait doubles. `random` in [0, 1). */
export function pushBack(
  before: RateState | null,
  limit: RateLimit,
  retryAfterMs: number | undefined,
  now: number,
  random: number,
): RateState {
  const state = filled(before, limit, now);
  // Others were sent away in the same burst: that is one strike.
  const sameBurst = state.until > now;
  const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(state.strikes, 10)) * (0.75 + random / 2);
  const wait = retryAfterMs ?? (sameBurst ? 0 : doubled);
  return { ...state, until: Math.max(state.until, now + Math.round(wait)), strikes: sameBurst ? state.strikes : state.strikes + 1 };
}

/** It answered. Null when that changes nothing. */
export function calmed(before: RateState | null): RateState | null {
  return before && before.strikes > 0 ? { ...before, strikes: 0 } : null;
}

function filled(before: RateState | null, limit: RateLimit, now: number): RateState {
  const fresh: RateState = {
    at: now,
    requests: limit.requestsPerMinute ?? null,
    tokens: limit.tokensPerMinute ?? null,
    until: 0,
    strikes: 0,
  };
  if (!before) return fresh;
  // Another master's clock may be ahead of ours.
  const passed = Math.max(0, now - before.at) / MINUTE;
  const fill = (have: number | null, perMinute: number | undefined) =>
    perMinute === undefined ? null : Math.min(perMinute, (have ?? perMinute) + passed * perMinute);
  return {
    at: Math.max(now, before.at),
    requests: fill(before.requests, limit.requestsPerMinute),
    tokens: fill(before.tokens, limit.tokensPerMinute),
    until: before.until,
    strikes: before.strikes,
  };
}

/** One request that needs more than a whole minute gives waits for a full bucket, not for ever. */
function capped(tokens: number, { tokensPerMinute }: RateLimit): number {
  return tokensPerMinute === undefined ? 0 : Math.min(tokens, tokensPerMinute);
}

function untilCovered(left: number | null, perMinute: number | undefined): number {
  return left === null || perMinute === undefined || left >= 0 ? 0 : (-left / perMinute) * MINUTE;
}
