/** Settling: the event that an answer, a failure or a lost attempt of an open firing makes. Pure. */
import { CATEGORY_OF, type EventDraft } from "../contract/event.ts";
import type { JsonObject } from "../contract/json.ts";
import type { CompiledNet, CompiledTransition } from "./compiled-net.ts";
import { pairToken } from "./crystal/judging.ts";
import { disagreement } from "./crystal/notice.ts";
import { comparison } from "./crystal/ruling.ts";
import type { Death } from "./deaths.ts";
import { authorOf, provenanceOf, resultDraft } from "./decide.ts";
import { DEFAULT_MAX_DELAY, durationMs, type Retry } from "./definition.ts";
import { boundInputs } from "./held-inputs.ts";
import type { Outcome } from "./outcome.ts";
import { type BoundInput, inputData } from "./routing.ts";
import type { NetState, OpenFiring } from "./state.ts";
import { firstLine } from "./summary.ts";

/** Attempts that were lost are free, up to here. Of those in which an executor died fewer are, see `deaths.ts`. */
export const RECOVERY_LIMIT = 25;
const DEFAULT_RETRY: Retry = { max: 2, backoff: "exponential", delay: "1s", maxDelay: DEFAULT_MAX_DELAY };

/** `random` in [0, 1) spreads retries (full jitter over the upper half, so that a wait is never near zero). */
export function settleDraft(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  firing: OpenFiring,
  outcome: Outcome,
  now: number,
  random: number,
): EventDraft {
  const retry = retryOf(transition.definition);
  if (!outcome.ok && outcome.error.outlook === "retryable" && firing.failures < retry.max) {
    // Who refused may have said how long to stay away (Retry-After).
    const wait = Math.max(backoffMs(retry, firing.failures, random), outcome.error.retryAfterMs ?? 0);
    return {
      category: CATEGORY_OF.failed,
      type: "failed",
      status: "error",
      transition: transition.id,
      firing: firing.firing,
      attempt: firing.attempt,
      ...(firing.persona ? { persona: firing.persona } : {}),
      correlation: firing.correlation,
      summary: `${authorOf(transition)} could not finish ${transition.id}: ${firstLine(outcome.error.message)}. Try ${firing.failures + 2} of ${retry.max + 1} follows in ${Math.ceil(wait / 1000)} s.`,
      attributes: { final: false, notBefore: now + wait, error: { ...outcome.error } },
    };
  }
  const from = provenanceOf(state.net, transition, firing.firing, firing.correlation, now);
  const parts = { firing: firing.firing, attempt: firing.attempt, consumed: firing.consumed, read: firing.read, from };
  const inputs = boundInputs(state, transition, firing);
  const draft = resultDraft(net, transition, inputs, parts, outcome, now);
  const ended = { ...draft, durationMs: Math.max(0, now - firing.startedAt) };
  return outcome.ok && draft.type === "fired" ? beside(state, transition, firing, inputs, outcome, ended, now) : ended;
}

/** The model's answer counts; what its transition's rule would have said stands beside it, and where the two differ also in a token. */
function beside(
  state: NetState,
  transition: CompiledTransition,
  firing: OpenFiring,
  inputs: BoundInput[],
  { value: answered, calls = [] }: Extract<Outcome, { ok: true }>,
  draft: EventDraft,
  now: number,
): EventDraft {
  const compared =
    transition.crystal && comparison(state, transition.id, transition.crystal, inputs, { answer: answered, calls, handed: firing.handed });
  if (!transition.crystal || !compared) return draft;
  const { said, ruled, same, next, open } = compared;
  const attributes = { ...draft.attributes, crystal: said };
  const { mode } = transition.crystal.definition;
  const tokens = [...firing.consumed, ...firing.read].map(({ id }) => id);
  const about = { input: inputData(inputs), answered, correlation: firing.correlation, tokens };
  const kept = [
    ...(same === false && ruled !== undefined ? [{ ...about, ruled, mode, rule: transition.crystal.id }] : []),
    ...(next ? [{ ...about, ruled: next.value, mode: "shadow", rule: next.rule }] : []),
  ].flatMap((told) => disagreement(state, transition, firing.firing, told, now) ?? []);
  kept.push(...open.map((pair) => pairToken(state, transition, firing.firing, about, pair, now)));
  return { ...draft, attributes, ...(kept.length > 0 ? { produced: [...(draft.produced ?? []), ...kept] } : {}) };
}

export function retryOf({ retry }: { retry?: Retry | undefined }): Retry {
  return retry ?? DEFAULT_RETRY;
}

/** Milliseconds; `random` in [0, 1) takes up to half away. A `delay` that is longer than `maxDelay` is what its author wants. */
export function backoffMs(retry: Retry, failures: number, random: number): number {
  const base = durationMs(retry.delay);
  const grown = retry.backoff === "exponential" ? base * 2 ** failures : base;
  const most = Math.max(base, durationMs(retry.maxDelay));
  return Math.round(Math.min(grown, most) * (0.5 + random / 2));
}

/** The attempt is given up. The next one may begin at once, and begins with a `started` of its own. `death`: its executor died. */
export function lapseDraft(
  transition: CompiledTransition,
  firing: OpenFiring,
  reason: string,
  { executor, death }: { executor: string | null; death: Death | null },
  now: number,
): EventDraft {
  const died: JsonObject = death === null ? {} : { died: death.start === undefined ? {} : { start: death.start } };
  return {
    category: CATEGORY_OF.lapsed,
    type: "lapsed",
    status: "info",
    transition: transition.id,
    firing: firing.firing,
    attempt: firing.attempt + 1,
    ...(firing.persona ? { persona: firing.persona } : {}),
    correlation: firing.correlation,
    summary: `${authorOf(transition)} lost attempt ${firing.attempt} of ${transition.id}, attempt ${firing.attempt + 1} follows: ${reason}.`,
    attributes: { reason, notBefore: now, ...(executor === null ? {} : { executor }), ...died },
  };
}
