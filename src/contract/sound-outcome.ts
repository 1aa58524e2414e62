/** What an answer or a failure must be before a net looks at it, whoever gave it. */
import type { WorkResult } from "./envelope.ts";
import type { ErrorData } from "./errors.ts";
import { jsonFlaw } from "./json-limits.ts";

type Outcome = WorkResult["outcome"];
const OUTLOOKS: readonly unknown[] = ["retryable", "terminal", "cancelled", "refused"] satisfies ErrorData["outlook"][];

/** An answer that cannot be taken in is a failure that says so; of a failure counts what an error has, and nothing beside it. */
export function soundOutcome(outcome: Outcome): Outcome {
  if (!outcome.ok) return { ok: false, error: soundError(outcome.error) };
  const flaw = jsonFlaw(outcome.value);
  if (!flaw) return outcome;
  return {
    ok: false,
    error: { outlook: "terminal", code: flaw.code, message: `the answer cannot be taken: ${flaw.reason}`, hint: flaw.hint },
  };
}

function soundError(given: Partial<Record<keyof ErrorData, unknown>> | null | undefined): ErrorData {
  const { outlook, code, message, hint, where, retryAfterMs } = given ?? {};
  return {
    outlook: OUTLOOKS.includes(outlook) ? (outlook as ErrorData["outlook"]) : "terminal",
    code: typeof code === "string" ? code : "unexpected",
    message: typeof message === "string" ? message : "no reason was given",
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof where === "string" ? { where } : {}),
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
  };
}
