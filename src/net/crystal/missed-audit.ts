/**
 * An audit for which the model could not be asked: what the rule says goes out all the same, and the audit counts as missed. Pure.
 *
 * A1 Only what the rule would have answered by itself, had the firing been none that is audited, and only while it is still live (K2, L5):
 * nothing where a later rule says otherwise (L4).
 * A2 A missed audit counts as one for the distance to the next, so that a model out of reach is not asked about each firing; it says
 * nothing of how the rule does. A3 After so many in a row people are asked whether the rule goes on unwatched.
 */
import type { EventDraft } from "../../contract/event.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { CompiledNet, CompiledTransition } from "../compiled-net.ts";
import { type MayAnswer, provenanceOf, resultDraft } from "../decide.ts";
import { boundInputs } from "../held-inputs.ts";
import type { NetState, OpenFiring } from "../state.ts";
import { firstLine } from "../summary.ts";
import type { CompiledCrystal } from "./compiled.ts";
import { answeredWords, claimIn, isStillLive } from "./ruling.ts";

/** Where the firing is: the definition that it began under, and the rule that its transition has now. */
export interface AuditedFiring {
  net: CompiledNet;
  transition: CompiledTransition;
  firing: OpenFiring;
  running: CompiledCrystal | null;
}

/** The event that ends the firing with the rule's answer; null where it has none to give (A1). */
export function missedAuditDraft(
  state: NetState,
  { net, transition, firing, running }: AuditedFiring,
  why: { code: string; message: string },
  mayAnswer: MayAnswer,
  now: number,
): EventDraft | null {
  const { crystal } = transition;
  if (crystal?.definition.mode !== "live" || firing.handed || !isStillLive(running, crystal)) return null;
  const inputs = boundInputs(state, transition, firing);
  const claim = claimIn(state, transition.id, crystal, inputs, (one) => mayAnswer(transition, one));
  if (claim?.kind !== "answers") return null;
  const from = { ...provenanceOf(state.net, transition, firing.firing, firing.correlation, now), rule: crystal.id };
  const parts = { firing: firing.firing, attempt: firing.attempt, consumed: firing.consumed, read: firing.read, from };
  const draft = resultDraft(net, transition, inputs, parts, { ok: true, value: claim.value }, now);
  if (draft.type !== "fired") return null;
  const words = answeredWords(crystal, claim).crystal as JsonObject;
  const reason = firstLine(why.message);
  return {
    ...draft,
    durationMs: Math.max(0, now - firing.startedAt),
    summary: `${draft.summary} Its rule answered: the model was to be asked as well, for an audit, and could not be: ${reason.replace(/[.…]$/, "")}.`,
    attributes: { ...draft.attributes, crystal: { ...words, missed: { code: why.code, reason } } },
  };
}
