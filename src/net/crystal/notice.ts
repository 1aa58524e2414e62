/**
 * What a net says of a rule by itself: that its shadow is over, that it has drifted, and the question to people that follows. Each is one
 * event, decided from the state alone, so whoever owns the net after a crash says it too, and nobody says it twice.
 *
 * N1 A demotion holds from its event on (K2); the edit of the definition follows. N2 A question is a token at a gate, and holds nothing
 * else up: it takes no slot of its transition. N3 Once people have decided, one event says so and takes the token away.
 */
import { isoTime } from "../../contract/clock.ts";
import { CATEGORY_OF, type EventDraft } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import { DISAGREEMENTS } from "../built-in-places.ts";
import type { CompiledNet, CompiledTransition } from "../compiled-net.ts";
import type { CrystalRecord, Question } from "../records.ts";
import { verdict } from "../rule/watch.ts";
import type { NetState, OpenFiring } from "../state.ts";
import type { CompiledCrystal } from "./compiled.ts";
import { questionOf, recordOf } from "./state.ts";

/** Missed audits in a row, after which people are asked. */
const MOST_MISSED = 10;
const APPROVERS = ["role:maintainer"];
/** More disagreements than this are told by their events alone. */
const MOST_KEPT = 200;

/** The next thing to say of this transition's rule, or null. */
export function noticeDraft(state: NetState, net: CompiledNet, transition: CompiledTransition, now: number): EventDraft | null {
  const { crystal } = transition;
  const record = crystal && recordOf(state, transition.id, crystal.id);
  if (!crystal || !record) return null;
  const { mode } = crystal.definition;
  const isBegun = mode !== "off" && record.mode !== "off" && !record.demoted;
  const reason = isBegun ? (outdatedSince(record) ?? faultOf(crystal, record)) : null;
  // Also while people are asked, about it or about a later one.
  if (reason !== null) return demotion(state, net, transition, crystal, record, reason, now);
  if (record.notice) return gateFor(state, net, transition, crystal, record, now);
  // What was asked once is not asked again: a deliberate edit begins anew.
  if (record.demoted || record.said || record.mode === "off" || crystal.definition.mode === "off") return null;
  if (crystal.definition.mode === "live")
    return unwatched(state, net, transition, crystal, record, now) ?? endOfNext(state, net, transition, crystal, record, now);
  return endOfShadow(state, net, transition, crystal, record, now);
}

function outdatedSince({ outdated }: CrystalRecord): string | null {
  return outdated === undefined
    ? null
    : `its step asks something else since event ${outdated}, and what the rule says was learned from before`;
}

/** Why a rule is no good, live or beside its model; null while it is, and where people have just said what becomes of it. */
function faultOf(crystal: CompiledCrystal, record: CrystalRecord): string | null {
  const { mode } = crystal.definition;
  if (mode === "shadow") return record.said ? null : faultInShadow(crystal, record);
  return record.mode === "live" ? driftOf(crystal, record) : null;
}

function faultInShadow(crystal: CompiledCrystal, record: CrystalRecord): string | null {
  const drift = verdict(record.watch);
  if (drift.drift) return `in its shadow: ${drift.reason}`;
  if (!isShadowOver(crystal, record) || isGoodEnough(crystal, record)) return null;
  const { same, other } = record.shadow;
  return `in its shadow ${other} of ${same + other} answers were not the model's`;
}

function isShadowOver({ definition }: CompiledCrystal, { shadow: { same, other } }: CrystalRecord): boolean {
  return same + other >= definition.shadow;
}

/** Why a live rule is no good any more: the audits say so, or what later steps made of its answers; null while it is. */
function driftOf({ definition }: CompiledCrystal, { watch, badAt, answered }: CrystalRecord): string | null {
  const drift = verdict(watch);
  if (drift.drift) return drift.reason;
  for (let count = LEAST_BAD; count <= badAt.length; count += 1) {
    const among = answered - (badAt.at(-count) ?? 0) + 1;
    if (surelyAbove(count, Math.max(among, count)) <= definition.bound) continue;
    return `${count} of its last ${Math.max(among, count)} answers were sent back, rejected or corrected later`;
  }
  return null;
}

const LEAST_BAD = 3;

/** Lower end of Wilson's interval (1927) for a share, at 99 %. */
function surelyAbove(count: number, among: number): number {
  const [z, share] = [2.576, count / among];
  const spread = z * Math.sqrt((share * (1 - share) + (z * z) / (4 * among)) / among);
  return (share + (z * z) / (2 * among) - spread) / (1 + (z * z) / among);
}

/** Long enough beside the model, and within its bound: it is proposed. */
function endOfShadow(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  record: CrystalRecord,
  now: number,
): EventDraft | null {
  if (!isShadowOver(crystal, record) || crystal.definition.promote === "policy") return null;
  const { same, other } = record.shadow;
  const told = agreed(record.shadow);
  return said(state, net, transition, crystal, record, now, {
    stage: "shadowed",
    reason: told,
    status: "waiting",
    summary: `The rule of ${transition.id} has been beside the model for ${same + other} firings: ${told}. People decide whether it answers from now on.`,
  });
}

/** So many audits in a row were missed that people are asked whether the rule goes on without any. */
function unwatched(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  record: CrystalRecord,
  now: number,
): EventDraft | null {
  const inRow = record.missed?.inRow ?? 0;
  if (record.mode !== "live" || inRow < MOST_MISSED) return null;
  const reason = `its last ${inRow} audits were missed, since the model could not be asked`;
  return said(state, net, transition, crystal, record, now, {
    ...{ stage: "unwatched", about: "unwatched", reason, status: "waiting" },
    summary: `Nobody watches the rule of ${transition.id}: ${reason}. It goes on answering, and people decide whether it may.`,
  });
}

/** A later rule has been beside the one that answers for long enough: people are asked, where they decide. */
function endOfNext(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  record: CrystalRecord,
  now: number,
): EventDraft | null {
  if (nextVerdict(crystal, record) !== "good" || crystal.next?.definition.promote !== "people") return null;
  const { same, other } = record.next ?? { same: 0, other: 0 };
  const told = agreed({ same, other });
  return said(state, net, transition, crystal, record, now, {
    stage: "shadowed",
    about: "replace",
    reason: told,
    status: "waiting",
    summary: `A later rule of ${transition.id} has been beside the one that answers for ${same + other} firings: ${told}. People decide whether it takes its place.`,
  });
}

const agreed = ({ same, other }: CrystalRecord["shadow"]): string => `${same} of ${same + other} answers were the model's`;

/** What its shadow says of a later rule beside a live one; `open`: it is not over, or there is none. */
export function nextVerdict({ next }: CompiledCrystal, record: CrystalRecord): "open" | "good" | "bad" {
  if (!next || record.next?.rule !== next.id) return "open";
  const { same, other, beyond = { same: 0, other: 0 } } = record.next;
  const { shadow, bound } = next.definition;
  if (same + other < shadow) return "open";
  // What the two say alike has been compared before: it must not stand for what is new.
  return isWithin(record.next, bound) && isWithin(beyond, bound) ? "good" : "bad";
}

/** Whether a policy promotes it now: people are not asked. */
export function mayPromote(crystal: CompiledCrystal, record: CrystalRecord): boolean {
  const { mode, promote } = crystal.definition;
  if (mode !== "shadow" || promote !== "policy" || record.demoted !== null || record.outdated !== undefined) return false;
  return isShadowOver(crystal, record) && faultInShadow(crystal, record) === null;
}

function isGoodEnough({ definition: { bound } }: CompiledCrystal, { shadow }: CrystalRecord): boolean {
  return isWithin(shadow, bound);
}

/** In a short shadow one error of the model itself is not yet one of the rule: the proof has the numbers. */
export function isWithin({ same, other }: { same: number; other: number }, bound: number): boolean {
  return other <= 1 + 2 * bound * (same + other);
}

function demotion(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  record: CrystalRecord,
  reason: string,
  now: number,
): EventDraft {
  return said(state, net, transition, crystal, record, now, {
    stage: "demoted",
    reason,
    status: "error",
    summary: `The rule of ${transition.id} answers no more, the model does all of it again: ${reason}.`,
  });
}

function said(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  record: CrystalRecord,
  now: number,
  what: {
    stage: "shadowed" | "demoted" | "unwatched";
    about?: "replace" | "unwatched";
    reason: string;
    status: EventDraft["status"];
    summary: string;
  },
): EventDraft {
  const { stage, about, reason, status, summary } = what;
  const { rule, answered, declined, shadow, audit, bad, since } = record;
  const later = about === "replace" ? record.next : null;
  const missed = about === "unwatched" ? [record.missed?.all ?? 0] : [];
  const id = derivedId("t-", "crystal", state.net, transition.id, rule, stage, since, ...(later ? [later.rule, later.since] : missed));
  const evidence: JsonObject = { answered, declined, shadow: later ? { same: later.same, other: later.other } : shadow, audit, bad };
  const token: Token = {
    id,
    data: {
      about: about ?? (stage === "demoted" ? "demoted" : "promote"),
      title:
        stage === "demoted"
          ? `The rule of ${transition.id} was demoted`
          : later
            ? `May a later rule of ${transition.id} take the place of the one that answers?`
            : about === "unwatched"
              ? `May the rule of ${transition.id} go on answering without audits?`
              : `May the rule of ${transition.id} answer?`,
      transition: transition.id,
      ...{ rule: later?.rule ?? rule, reason, evidence },
      see: `petrel crystallize show ${state.net} ${transition.id}`,
    },
    from: { net: state.net, transition: transition.id, firing: id.replace("t-", "f-"), tokens: [] },
    ...{ by: "crystallizer", at: isoTime(now), correlation: `c-${id.slice(2)}`, v: 1 },
  };
  return {
    ...{ category: CATEGORY_OF.crystallized, type: "crystallized", status, summary, transition: transition.id },
    ...(transition.definition.persona ? { persona: transition.definition.persona } : {}),
    correlation: token.correlation,
    netVersion: net.version,
    produced: [{ place: DISAGREEMENTS, token }],
    attributes: {
      crystallized: [
        {
          stage,
          transition: transition.id,
          rule: crystal.id,
          reason,
          ...(later ? { about: "replace", next: later.rule } : about ? { about } : {}),
          ...evidence,
        },
      ],
    },
  };
}

/** N2. The gate before which the token of a notice lies; null when it stands there already, or somebody took the token away. */
function gateFor(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  crystal: CompiledCrystal,
  { notice, rule }: CrystalRecord,
  now: number,
): EventDraft | null {
  const placed = notice && state.places.get(DISAGREEMENTS)?.get(notice.token);
  if (!placed || placed.reservedBy !== null) return null;
  const { about } = notice;
  const name = `crystal-${transition.id}`;
  const approvers = crystal.definition.approvers ?? APPROVERS;
  const people = approvers.map((one) => one.replace(/^role:/, "a ").replace(/^user:/, "")).join(" or ");
  return {
    ...{ category: CATEGORY_OF.gated, type: "gated", status: "waiting", transition: transition.id },
    ...(transition.definition.persona ? { persona: transition.definition.persona } : {}),
    firing: derivedId("f-", "crystal", state.net, notice.token),
    attempt: 1,
    consumed: [{ place: DISAGREEMENTS, id: notice.token }],
    read: [],
    correlation: placed.token.correlation,
    netVersion: net.version,
    summary: `The gate ${name} asks ${people} about the rule of ${transition.id}: ${QUESTIONS[about]}.`,
    attributes: {
      inputs: { notice: [notice.token] },
      at: isoTime(now),
      gate: { name, approvers, quorum: 1, notAuthor: false, expiresAt: null, crystal: { about, rule } },
    },
  };
}

const QUESTIONS: Record<Question, string> = {
  promote: "approve lets it answer in the model's place, reject drops it",
  replace: "approve lets the later one take the place of the one that answers, reject drops the later one",
  demoted: "approve sends it back beside the model, without effect, to prove itself again; reject drops it",
  unwatched: "approve lets it go on though it could not be audited, reject drops it, and the model does all of the step again",
};

/**
 * What the gate of a rule asks, for whoever decides: its notice, and what each answer does; null at any other gate. Firings go on while people
 * are asked, so the comparisons are counted as they stand now.
 */
export function questionAt(
  state: NetState,
  { gate, consumed, transition }: OpenFiring,
): { summary: string; notice: Json; about: Question } | null {
  const placed = gate?.crystal && state.places.get(DISAGREEMENTS)?.get(consumed[0]?.id ?? "");
  if (!placed || !isJsonObject(placed.token.data)) return null;
  const about = questionOf(gate?.crystal?.about);
  const notice: JsonObject = { ...placed.token.data, ...comparedSince(about, state.crystals.get(transition), consumed[0]?.id) };
  const { title, reason } = notice;
  const asked = String(title).endsWith("?") ? String(title) : `${String(title)}:`;
  return { summary: `${asked} ${String(reason)}; ${QUESTIONS[about]}.`, notice, about };
}

/** What a question rests on, as it stands now; nothing where that does not change, or where it is idle. */
function comparedSince(about: Question, record: CrystalRecord | undefined, token: string | undefined): JsonObject {
  if (!record || record.notice?.token !== token) return {};
  const counts = about === "promote" ? record.shadow : about === "replace" ? record.next : null;
  if (!counts) return {};
  const { same, other } = counts;
  const { answered, declined, audit, bad } = record;
  return { reason: agreed(counts), evidence: { answered, declined, shadow: { same, other }, audit: { ...audit }, bad } };
}

/** Whether a question is about what is not in question any more: the rule was promoted, dropped or replaced meanwhile. */
export function isIdle(state: NetState, { id, crystal }: CompiledTransition, { gate, consumed }: OpenFiring): boolean {
  const record = crystal && recordOf(state, id, crystal.id);
  return crystal?.id !== gate?.crystal?.rule || record?.notice?.token !== consumed[0]?.id;
}

/** N3. */
export function answerDraft(transition: CompiledTransition, firing: OpenFiring, stage: "answered" | "withdrawn"): EventDraft {
  const about = String(firing.gate?.crystal?.about ?? "promote");
  const rule = String(firing.gate?.crystal?.rule ?? "");
  const by = firing.gate?.decisions.at(-1)?.by ?? "";
  const what =
    about === "demoted"
      ? "goes back into its shadow"
      : about === "replace"
        ? "gives way to the later one"
        : about === "unwatched"
          ? "goes on, though it could not be audited"
          : "answers in the model's place";
  // Its definition stays as it is: there is nothing to carry out.
  const told = stage === "answered" && about === "unwatched" ? "goes-on" : stage;
  const summary =
    stage === "answered"
      ? `${by} said yes: the rule of ${transition.id} ${what}.`
      : `What was asked about a rule of ${transition.id} is not in question any more.`;
  return {
    ...{ category: CATEGORY_OF.crystallized, type: "crystallized", status: "ok", transition: transition.id, firing: firing.firing },
    correlation: firing.correlation,
    consumed: firing.consumed,
    summary,
    attributes: { crystallized: [{ stage: told, transition: transition.id, rule, about, approve: stage === "answered", by }] },
  };
}

/** The token of a disagreement, for the event in which it came up; null when too many lie there already. */
export function disagreement(
  state: NetState,
  transition: CompiledTransition,
  firing: string,
  told: { input: Json; ruled: Json; answered: Json; mode: string; rule: string; correlation: string; tokens: string[] },
  now: number,
): { place: string; token: Token } | null {
  if ((state.places.get(DISAGREEMENTS)?.size ?? 0) >= MOST_KEPT) return null;
  const { input, ruled, answered, mode, rule, correlation, tokens } = told;
  const token: Token = {
    // Two rules may differ from the model in one firing.
    id: rule === transition.crystal?.id ? derivedId("t-", firing, "disagreement") : derivedId("t-", firing, "disagreement", rule),
    data: {
      about: "disagreement",
      title: `${transition.id}: the rule and the model differ`,
      transition: transition.id,
      ...{ firing, rule, mode, input, model: answered },
      says: ruled,
    },
    from: { net: state.net, transition: transition.id, firing, tokens },
    ...{ by: "crystallizer", at: isoTime(now), correlation, v: 1 },
  };
  return { place: DISAGREEMENTS, token };
}
