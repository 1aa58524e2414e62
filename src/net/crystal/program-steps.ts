/**
 * An agent's program in its firing: how it begins, how its answer ends the firing, and how what it cannot do goes on to the model.
 *
 * G1 It is one firing from beginning to end: `started` opens an instance of the program's sub-net, and no model is asked meanwhile.
 * G2 What the program has made stands in the event by which the firing goes on to its model, whose turn loop begins with these calls
 * and their answers, after a `started` of its own: nothing is done twice. G3 An answer that the agent could not have given, or that finds no way out, is no answer.
 */
import type { EventDraft } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { CompiledTransition } from "../compiled-net.ts";
import { contentsOf } from "../instances.ts";
import { type BoundInput, inputData } from "../routing.ts";
import type { NetState, OpenFiring } from "../state.ts";
import { firstLine } from "../summary.ts";
import { PROGRAM_PORTS } from "./program-subnet.ts";
import { answeredWords } from "./ruling.ts";

/** Where the transition says nothing: as long as its agent would have. */
export const PROGRAM_TIMEOUT = "30m";

/** G1. What the first token of an instance holds. */
export function programWork(inputs: BoundInput[]): Json {
  return { input: inputData(inputs), calls: [], made: [] };
}

export function isBegunByRule(attributes: JsonObject | undefined): boolean {
  return isJsonObject(attributes?.crystal) && attributes.crystal.by === "rule";
}

/** Whether no firing is in the program's steps. */
export function isIdleProgram(state: NetState, { link }: CompiledTransition): boolean {
  return link?.kind !== "each" || ![...state.firings.values()].some(({ subnet }) => subnet === link.subnet);
}

export function isAsking(place: string): boolean {
  return place.endsWith(`--${PROGRAM_PORTS.ask}`);
}

/** The event that ends the firing with the program's answer tells of the rule, as that of every rule does. */
export function answeredByProgram({ crystal }: CompiledTransition, draft: EventDraft): EventDraft {
  if (!crystal) return draft;
  const produced = (draft.produced ?? []).map(({ place, token }) => ({
    place,
    token: "transition" in token.from ? { ...token, from: { ...token.from, rule: crystal.id } } : token,
  }));
  return { ...draft, produced, attributes: { ...draft.attributes, ...answeredWords(crystal, { kind: "begins" }) } };
}

/** G2. `left`: {why, made} of the token that came to the model's port. */
export function handedDraft(
  state: NetState,
  { id, crystal, definition }: CompiledTransition,
  firing: OpenFiring,
  left: Json,
  now: number,
): EventDraft {
  const { why = "it knows no way on", made = [] } = isJsonObject(left) ? left : {};
  const { tokens, firings } = contentsOf(state, firing.firing);
  const ended = firings.map((each) => ({ firing: each.firing, attempt: each.attempt, executor: each.claim?.executor ?? null }));
  const reason = firstLine(String(why));
  const count = Array.isArray(made) ? made.length : 0;
  const calls = count === 0 ? "before its first call" : `after ${count} call${count === 1 ? "" : "s"}`;
  return {
    ...{ category: "executor", type: "lapsed", status: "info", transition: id, firing: firing.firing, attempt: firing.attempt + 1 },
    ...(definition.persona ? { persona: definition.persona } : {}),
    ...{ correlation: firing.correlation, consumed: tokens },
    summary: `The rule of ${id} leaves the rest to the model, ${calls}: ${reason}.`,
    attributes: { reason, notBefore: now, closes: firing.subnet ?? "", ended, handed: { rule: crystal?.id ?? "", why: reason, made } },
  };
}
