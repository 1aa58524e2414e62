/**
 * Answers in other words, in a shadow or an audit, where the declared equality names a judge: the pair lies as a token until the judge has
 * spoken, beside the work and never in its way. Pure.
 *
 * P1 The firing ends as it would: the model's answer counts, and the pair goes with the same event. P2 Each pair is judged once: the event
 * that tells the verdict takes its token away, and what the verdict says counts as if the two had been compared then. P3 No more pairs are
 * kept than a shadow still needs, nor more than `MOST_WAITING` for a rule.
 */
import { isoTime } from "../../contract/clock.ts";
import { CATEGORY_OF, type EventDraft, type ModelUse } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import { DISAGREEMENTS } from "../built-in-places.ts";
import type { CompiledTransition } from "../compiled-net.ts";
import { judgeOf } from "../rule/agree.ts";
import type { NetState } from "../state.ts";
import type { CompiledCrystal } from "./compiled.ts";
import { recordOf } from "./state.ts";

/** Pairs of one rule that wait for its judge, at most; what comes beyond is not judged, and counts neither way. */
export const MOST_WAITING = 40;

/** Two answers that only a judge can compare. */
export interface OpenPair {
  rule: string;
  judge: string;
  value: Json;
  mode: "shadow" | "live";
  region: string;
  /** Of a later rule: the one that answers says nothing there. */
  beyond?: true;
}
export interface Told {
  input: Json;
  answered: Json;
  correlation: string;
  tokens: string[];
}
/** A pair as its token keeps it. */
export interface WaitingPair {
  token: string;
  transition: string;
  firing: string;
  correlation: string;
  rule: string;
  judge: string;
  mode: "shadow" | "live";
  region: string;
  beyond?: true;
  input: JsonObject;
  given: Json;
  wanted: Json;
}
export interface Verdict {
  /** Null: it has said nothing, or nobody is asked any more. */
  same: boolean | null;
  why: string;
}

const ABOUT = "unjudged";

/** Whether a pair of this rule may wait for its judge; null where nobody is named or enough wait (P3). */
export function judgeFor(state: NetState, transition: string, crystal: CompiledCrystal, rule: string): string | null {
  const isNext = rule !== crystal.id;
  const definition = isNext ? crystal.next?.definition : crystal.definition;
  const judge = judgeOf(definition?.equality);
  if (!definition || judge === null) return null;
  const waiting = pairsOf(state).filter((pair) => pair.rule === rule && pair.transition === transition).length;
  if (waiting >= MOST_WAITING) return null;
  if (crystal.definition.mode === "live" && !isNext) return judge;
  const record = recordOf(state, transition, crystal.id);
  const seen = isNext ? record?.next : record?.shadow;
  return (seen?.same ?? 0) + (seen?.other ?? 0) + waiting < definition.shadow ? judge : null;
}

/** P1. */
export function pairToken(
  state: NetState,
  { id, crystal }: CompiledTransition,
  firing: string,
  { input, answered, correlation, tokens }: Told,
  { rule, judge, value, mode, region, beyond }: OpenPair,
  now: number,
): { place: string; token: Token } {
  const token: Token = {
    id: derivedId("t-", firing, ABOUT, ...(rule === crystal?.id ? [] : [rule])),
    data: {
      about: ABOUT,
      title: `${id}: ${judge} is asked whether the rule and the model say the same`,
      ...{ transition: id, firing, rule, judge, mode, input, model: answered },
      ...(region === "" ? {} : { region }),
      ...(beyond ? { beyond } : {}),
      says: value,
    },
    from: { net: state.net, transition: id, firing, tokens },
    ...{ by: "crystallizer", at: isoTime(now), correlation, v: 1 },
  };
  return { place: DISAGREEMENTS, token };
}

/** The pairs that wait, the oldest first. */
export function pairsOf(state: NetState): WaitingPair[] {
  return [...(state.places.get(DISAGREEMENTS)?.values() ?? [])].flatMap(
    ({ token: { id, data, correlation }, reservedBy }): WaitingPair[] => {
      if (reservedBy !== null || !isJsonObject(data) || data.about !== ABOUT || !isJsonObject(data.input)) return [];
      const text = (name: string) => (typeof data[name] === "string" ? data[name] : "");
      return [
        {
          ...{ token: id, correlation, transition: text("transition"), firing: text("firing"), rule: text("rule"), judge: text("judge") },
          ...{ mode: data.mode === "live" ? ("live" as const) : ("shadow" as const), region: text("region"), input: data.input },
          ...{ given: data.says ?? null, wanted: data.model ?? null },
          ...(data.beyond === true ? { beyond: true as const } : {}),
        },
      ];
    },
  );
}

/** Whether the rule of a pair still wants to know. */
export function isOpen(state: NetState, transition: CompiledTransition | undefined, pair: WaitingPair): boolean {
  const crystal = transition?.crystal;
  const record = crystal ? recordOf(state, pair.transition, crystal.id) : null;
  if (!crystal || !record || record.demoted || record.outdated !== undefined || crystal.definition.mode === "off") return false;
  return pair.rule === crystal.id || (pair.rule === crystal.next?.id && pair.rule === record.next?.rule);
}

/** P2. The event of a verdict. A pair that is not the same stays, as a disagreement. */
export function judgedDraft(net: string, pair: WaitingPair, { same, why }: Verdict, model: ModelUse | null, now: number): EventDraft {
  const { token, transition, firing, correlation, rule, judge, mode, region, beyond, input, given, wanted } = pair;
  const said =
    same === null
      ? `${judge} did not say whether the rule and the model of ${transition} mean the same, so it counts neither way`
      : `${judge} says that the rule and the model of ${transition} ${same ? "mean the same" : "do not mean the same"}`;
  const data = {
    ...{ about: "disagreement", title: `${transition}: the rule and the model differ`, transition, firing, rule, mode, input },
    ...{ model: wanted, says: given, judge, why },
  };
  const kept: Token = {
    ...{ id: derivedId("t-", token, "disagreement"), data, from: { net, transition, firing, tokens: [token] } },
    ...{ by: "crystallizer", at: isoTime(now), correlation, v: 1 },
  };
  const verdict: JsonObject = { ...(same === null ? {} : { same }), ...(region === "" ? {} : { region }), ...(beyond ? { beyond } : {}) };
  return {
    ...{ category: CATEGORY_OF.crystallized, type: "crystallized", status: same === false ? "error" : "info", transition, correlation },
    persona: judge,
    ...(model ? { model } : {}),
    consumed: [{ place: DISAGREEMENTS, id: token }],
    ...(same === false ? { produced: [{ place: DISAGREEMENTS, token: kept }] } : {}),
    summary: `${said}${why === "" ? "" : `: ${why}`}`.slice(0, 490),
    attributes: {
      crystallized: [{ stage: "judged", transition, rule, judge, of: firing, mode, ...verdict, why }],
    },
  };
}
