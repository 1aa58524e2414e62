/** One way out of every model call: the caller's abort and the time limit, told apart. */
import type { Clock } from "../contract/clock.ts";
import { Cancelled, Retryable } from "../contract/errors.ts";
import type { AskOptions } from "./port.ts";

/**
 * Runs `call` with a signal that is aborted by the caller's signal or after `timeoutMs`.
 * Throws Cancelled `aborted` or Retryable `model-timeout`, at once, even if `call` is deaf to its signal.
 */
export async function withDeadline<T>(
  clock: Clock,
  options: Pick<AskOptions, "signal" | "timeoutMs">,
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs } = options;
  if (signal.aborted) throw aborted(what);
  const inner = new AbortController();
  let reject: (error: Error) => void = () => {};
  const ended = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  const end = (error: Error) => {
    reject(error);
    inner.abort(error);
  };
  const onAbort = () => end(aborted(what));
  const timer = clock.after(timeoutMs, () => end(timedOut(what, timeoutMs)));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const answer = await Promise.race([ended, call(inner.signal)]);
    inner.signal.throwIfAborted();
    return answer;
  } catch (error) {
    // The SDKs turn an abort into errors of their own: what we said when we ended it is the truth.
    throw inner.signal.aborted ? inner.signal.reason : error;
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function aborted(what: string): Cancelled {
  return new Cancelled({ code: "aborted", message: `${what} was called off` });
}
function timedOut(what: string, timeoutMs: number): Retryable {
  return new Retryable({
    code: "model-timeout",
    message: `${what} gave no whole answer within ${timeoutMs} ms`,
    hint: "Raise the persona's budget.seconds, or take a faster model for its tier in petrel.config.json.",
  });
}
