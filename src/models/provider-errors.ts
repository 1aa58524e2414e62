/** What a provider's failure means to us: the codes of the model port. Keys never reach a message. */
import type { Clock } from "../contract/clock.ts";
import { PetrelError, Retryable, Terminal } from "../contract/errors.ts";
import type { Redact } from "./redact.ts";

export interface Failure {
  provider: string;
  model: string;
  /** HTTP status; absent when there was no HTTP answer or the failure came inside a stream. */
  status?: number | undefined;
  /** The provider's name of the failure, like `overloaded_error` or `insufficient_quota`. */
  kind?: string | undefined;
  message: string;
  headers?: Headers | undefined;
}

export interface FailureContext {
  clock: Clock;
  /** The environment variable that holds the key. */
  keyVariable: string;
  baseURL: string;
  redact: Redact;
}

const BUSY_KINDS = new Set([
  "overloaded_error",
  "rate_limit_error",
  "api_error",
  "timeout_error",
  "server_error",
  "rate_limit_exceeded",
  "server_is_overloaded",
]);
/** OpenAI says 429 for an empty purse too, which no waiting fills. */
const PURSE_KINDS = new Set(["insufficient_quota", "billing_error", "billing_hard_limit_reached"]);

export function failureError(failure: Failure, context: FailureContext): PetrelError {
  const { status, kind, provider, model } = failure;
  const said = context.redact(failure.message).slice(0, 500);
  if (status === 401 || status === 403) {
    return new Terminal({
      code: "model-key-refused",
      message: `${provider} refused the API key (HTTP ${status})`,
      hint: `Set ${context.keyVariable} to a valid key with access to ${model}, then run it again.`,
      exitCode: 3,
    });
  }
  if (status === 404) {
    return new Terminal({
      code: "model-unknown",
      message: `${provider} at ${context.baseURL} has no model ${model}: ${said}`,
      hint: "Correct the model's name under tiers in petrel.config.json.",
    });
  }
  if (status === 402 || (kind !== undefined && PURSE_KINDS.has(kind))) {
    return new Terminal({
      code: "model-request",
      message: `${provider} will not bill this account: ${said}`,
      hint: "Look at the account's credit.",
    });
  }
  if (isBusy(status, kind)) {
    const wait = retryAfterMs(failure.headers, context.clock.now());
    return new Retryable({
      code: "model-busy",
      message: `${provider} is busy (${status === undefined ? kind : `HTTP ${status}`}): ${said}`,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    });
  }
  if (status !== undefined) {
    return new Terminal({
      code: "model-request",
      message: `${provider} refused the request to ${model} (HTTP ${status}): ${said}`,
      hint: "The request itself is wrong for this model: its prompt may be too long, or a tool's schema not accepted.",
    });
  }
  return new Retryable({
    code: "model-unreachable",
    message: `${provider} at ${context.baseURL} cannot be reached: ${said}`,
    hint: "Check the network, and the baseURL in petrel.config.json.",
  });
}

/** The status decides; a kind alone comes from inside a stream that began well. */
function isBusy(status: number | undefined, kind: string | undefined): boolean {
  if (status === undefined) return kind !== undefined && BUSY_KINDS.has(kind);
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** The answer ended before its end: the same request may succeed. */
export function cutOff(provider: string): Retryable {
  return new Retryable({ code: "model-unreachable", message: `${provider} closed the connection in the middle of an answer` });
}

/** The innermost reason of a failed fetch, like `connect ECONNREFUSED 127.0.0.1:1`. */
export function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors.length > 0) reason = reason.errors[0];
  return reason instanceof Error ? reason.message || reason.name : String(reason);
}

/** Milliseconds from `retry-after-ms`, or from `Retry-After` (RFC 9110: seconds, or an HTTP date). */
export function retryAfterMs(headers: Headers | undefined, now: number): number | undefined {
  const exact = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers?.get("retry-after")?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function isPetrelError(error: unknown): error is PetrelError {
  return error instanceof PetrelError;
}
