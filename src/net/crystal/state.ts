/**
 * What the log knows of a transition's rule: how it agreed with the model so far, what people were asked, whether it may answer.
 *
 * K1 Only the fold changes it (S1); the definition says which rule there is, this says what became of it. K2 A rule that was demoted,
 * or whose step asks something else by now, answers nothing from the event on that says so, whatever the definition says, until a person or
 * a policy puts it back on purpose.
 * K3 Counts are of one rule: with another one they begin anew.
 */
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { CrystalRecord, Question } from "../records.ts";
import { goesOn, startWatch, type WatchPolicy, watched } from "../rule/watch.ts";
import type { NetState } from "../state.ts";
import { followed, leftBy, madeOf } from "./descent.ts";

const BAD_KEPT = 20;

export function freshRecord(rule: string, mode: CrystalRecord["mode"], seq: number, policy: Partial<WatchPolicy> = {}): CrystalRecord {
  return {
    ...{ rule, mode, since: seq, answered: 0, declined: 0, bad: 0 },
    shadow: { same: 0, other: 0 },
    audit: { same: 0, other: 0 },
    watch: startWatch(policy),
    ...{ badAt: [], demoted: null, notice: null, said: null, recent: [] },
  };
}

/** The record of a transition's rule as it stands; null for a rule that has done nothing yet. */
export function recordOf(state: NetState, transition: string, rule: string): CrystalRecord | null {
  const known = state.crystals.get(transition);
  return known?.rule === rule ? known : null;
}

/** The rule of a transition, unless somebody has taken it away: of that one, work that began before is all that is left. */
export function standingRule<Rule extends { id: string }>(state: NetState, transition: { id: string; crystal: Rule | null }): Rule | null {
  const { id, crystal } = transition;
  return crystal && recordOf(state, id, crystal.id)?.gone ? null : crystal;
}

/** K2. Only who puts it back on purpose has it begin again. */
export function isHeldBack(state: NetState, transition: string, rule: string): boolean {
  const record = recordOf(state, transition, rule);
  return record !== null && (record.demoted !== null || record.outdated !== undefined);
}

/** What an event says of rules. */
export function foldCrystals(state: NetState, event: NetEvent): void {
  if (state.crystals.size > 0) foldLater(state, event);
  const said = event.attributes?.crystal;
  if (isJsonObject(said) && event.transition !== undefined) foldFiring(state, event, event.transition, said);
  const stages = event.attributes?.crystallized;
  if (Array.isArray(stages)) for (const stage of stages) if (isJsonObject(stage)) foldStage(state, event, stage);
}

/** A firing of a transition with a rule: `attributes.crystal` of its last event. */
function foldFiring(state: NetState, event: NetEvent, transition: string, said: JsonObject): void {
  const before = state.crystals.get(transition);
  if (event.type === "started") {
    const isAudit = said.compared === "audit" && before?.rule === said.rule;
    if (before && isAudit) state.crystals.set(transition, { ...before, watch: watched(before.watch, { kind: "begun" }) });
    return;
  }
  if (event.type !== "fired" || typeof said.rule !== "string") return;
  // A rule that another one has replaced while its firing was under way: what it says is none of that one's.
  if (before && before.rule !== said.rule && event.netVersion !== undefined && event.netVersion !== state.definition) return;
  const mode = said.mode === "live" ? "live" : "shadow";
  // A file that was applied by hand brings a rule without a word (K3).
  const record = before?.rule === said.rule ? before : freshRecord(said.rule, mode, event.seq);
  state.crystals.set(transition, counted(record, event, said));
}

function counted(record: CrystalRecord, event: NetEvent, said: JsonObject): CrystalRecord {
  const next = { ...record };
  if (said.by === "rule") {
    next.answered += 1;
    const isMissed = said.missed !== undefined;
    if (isMissed) next.missed = oneMissed(next.missed);
    next.watch = watched(next.watch, { kind: isMissed ? "missed" : "crystallized", region: regionIn(said) });
    return { ...next, ...madeOf(next, event) };
  }
  if (next.missed && (typeof said.same === "boolean" || said.unjudged === true)) Object.assign(next, watchedAgain(next));
  // From here on the model's answer counts.
  if (next.watch.owed) next.watch = watched(next.watch, { kind: "heard" });
  Object.assign(next, leftBy(next, event));
  if (next.next && isJsonObject(said.next) && said.next.rule === next.next.rule) next.next = comparedNext(next.next, said.next);
  if (typeof said.same === "boolean") {
    const part = said.mode === "live" ? "audit" : "shadow";
    next[part] = { ...next[part], [said.same ? "same" : "other"]: next[part][said.same ? "same" : "other"] + 1 };
    next.watch = watched(next.watch, { kind: "audited", agreed: said.same, region: regionIn(said) });
  } else if (typeof said.declined === "string") {
    next.declined += 1;
    next.watch = watched(next.watch, { kind: "declined" });
  }
  return next;
}

/** `said`: {same, beyond}. */
function comparedNext(next: NonNullable<CrystalRecord["next"]>, { same, beyond }: JsonObject): NonNullable<CrystalRecord["next"]> {
  const as = same === true ? "same" : "other";
  const { beyond: before = { same: 0, other: 0 } } = next;
  return { ...next, [as]: next[as] + 1, ...(beyond === true ? { beyond: { ...before, [as]: before[as] + 1 } } : {}) };
}

/** The model could be asked: what people were asked because it could not is no question any more. */
function watchedAgain({ missed, notice }: CrystalRecord): Pick<CrystalRecord, "missed" | "notice"> {
  return { missed: { all: missed?.all ?? 0, inRow: 0 }, notice: notice?.about === "unwatched" ? null : notice };
}

const oneMissed = (known: CrystalRecord["missed"]) => ({ all: (known?.all ?? 0) + 1, inRow: (known?.inRow ?? 0) + 1 });

const regionIn = ({ region }: JsonObject): string => (typeof region === "string" ? region : "");

/** What later steps say of an answer: rejected at a gate, corrected by a person, or its work begins again. */
function foldLater(state: NetState, event: NetEvent): void {
  const isNo = isRejection(event);
  const begins = event.attributes?.reworked === true && (event.firing === undefined || !state.firings.has(event.firing));
  for (const [transition, record] of state.crystals) {
    const isBack = begins && transition === event.transition && (event.consumed ?? []).some(({ id }) => record.recent.includes(id));
    if (isBack || (isNo && isTurnedDown(state, event, transition, record))) state.crystals.set(transition, blamed(record, event));
    else if (transition !== event.transition || event.type !== "fired") state.crystals.set(transition, followed(record, event));
  }
}

/** Its answer itself, or what steps that ask no model have made of it. */
function isTurnedDown(
  state: NetState,
  { consumed = [] }: NetEvent,
  transition: string,
  { rule, recent, behind = [] }: CrystalRecord,
): boolean {
  return consumed.some(({ place, id }) => {
    const from = state.places.get(place)?.get(id)?.token.from;
    const own = from !== undefined && "rule" in from && from.transition === transition && from.rule === rule;
    return own || (recent.includes(id) && !behind.includes(id));
  });
}

function isRejection({ type, attributes, produced }: NetEvent): boolean {
  if (type === "decided") return attributes?.decision === "reject";
  // Sent elsewhere as it is, a token was not wrong.
  return type === "intervened" && attributes?.corrected === true && produced !== undefined;
}

function blamed(record: CrystalRecord, event: NetEvent): CrystalRecord {
  const badAt = [...record.badAt, record.answered].slice(-BAD_KEPT);
  const watch = watched(record.watch, { kind: "outcome", good: false });
  return { ...record, ...leftBy(record, event), bad: record.bad + 1, badAt, watch };
}

/** One of `attributes.crystallized`: {stage, transition, rule, ...}. */
function foldStage(state: NetState, event: NetEvent, stage: JsonObject): void {
  const { transition, rule } = stage;
  if (typeof transition !== "string" || typeof rule !== "string") return;
  const record = recordOf(state, transition, rule);
  switch (stage.stage) {
    case "shadow":
    case "promoted":
      // K2: a file that is applied again by hand lifts nothing.
      if (isHeldBack(state, transition, rule) && stage.deliberate !== true) return;
      state.crystals.set(
        transition,
        replacing(state.crystals.get(transition), stage, rule, event.seq) ??
          begun(record, stage, rule, stage.stage === "shadow" ? "shadow" : "live", event.seq),
      );
      return;
    case "beside":
      // What people were asked, or have said, was about the one that stood there before, or before it began anew.
      if (record) {
        const next = { rule: String(stage.next), since: event.seq, same: 0, other: 0 };
        state.crystals.set(transition, { ...record, next, ...withoutReplace(record) });
      }
      return;
    case "dropped":
      if (record) state.crystals.set(transition, { ...record, next: null, ...withoutReplace(record) });
      return;
    case "asks-otherwise": {
      // Another rule stands there by now, for what its step asks today.
      if (!record && state.crystals.has(transition)) return;
      const known = record ?? freshRecord(rule, stage.mode === "live" ? "live" : "shadow", event.seq);
      state.crystals.set(transition, { ...known, outdated: event.seq });
      return;
    }
    case "undone":
      // What people are asked about a rule that was demoted stays asked.
      if (stage.taken === true) state.crystals.set(transition, taken(record ?? freshRecord(rule, "off", event.seq)));
      else if (record) state.crystals.set(transition, switchedOff(record, stage.deliberate === true));
      return;
    case "goes-on":
      if (record) state.crystals.set(transition, { ...record, ...watchedAgain(record) });
      return;
    case "unwatched":
    case "shadowed":
    case "demoted":
      state.crystals.set(transition, asked(record ?? freshRecord(rule, "off", event.seq), event, stage));
      return;
    case "judged":
      if (typeof stage.same === "boolean") foldVerdict(state, transition, rule, stage.same, stage);
      return;
    case "answered":
      if (record) state.crystals.set(transition, { ...record, notice: null, said: saidBy(stage.about, stage.approve, stage.by) });
      return;
  }
}

/** A file that was applied by hand with the rule in it has it stand there again, though it is off. */
function switchedOff({ gone, ...record }: CrystalRecord, deliberate: boolean): CrystalRecord {
  const off = { ...record, mode: "off" as const, notice: record.said ? null : record.notice, said: null };
  return gone && deliberate ? { ...off, gone } : off;
}

/** Nothing is asked about it any more. */
const taken = (record: CrystalRecord): CrystalRecord => ({ ...record, mode: "off", gone: true, notice: null, said: null });

/** What people were asked about the rule itself stays asked when the later one beside it is gone, or is another one. */
function withoutReplace({ notice, said }: CrystalRecord): Pick<CrystalRecord, "notice" | "said"> {
  return { notice: notice?.about === "replace" ? null : notice, said: said?.about === "replace" ? null : said };
}

/** What a judge says counts as if the two answers had been compared by content. */
function foldVerdict(state: NetState, transition: string, rule: string, same: boolean, stage: JsonObject): void {
  const record = state.crystals.get(transition);
  if (!record) return;
  const as = same ? "same" : "other";
  const { next } = record;
  if (next?.rule === rule) state.crystals.set(transition, { ...record, next: comparedNext(next, stage) });
  if (record.rule !== rule) return;
  // What came up in the shadow says nothing of how it does since.
  const part = stage.mode === "live" ? "audit" : "shadow";
  const isNow = record.mode === (stage.mode === "live" ? "live" : "shadow");
  const watch = isNow ? watched(record.watch, { kind: "audited", agreed: same, region: regionIn(stage) }) : record.watch;
  state.crystals.set(transition, { ...record, [part]: { ...record[part], [as]: record[part][as] + 1 }, watch });
}

/** What it did in its shadow stays in sight when it is live; drift is looked for anew. */
function begun(record: CrystalRecord | null, stage: JsonObject, rule: string, mode: "shadow" | "live", seq: number): CrystalRecord {
  const fresh = freshRecord(rule, mode, seq, isJsonObject(stage.watch) ? stage.watch : {});
  return record && mode === "live" ? { ...fresh, shadow: record.shadow, declined: record.declined } : fresh;
}

/** It was beside this one and takes its place: what was seen of that one still counts, for it says the same. */
function replacing(old: CrystalRecord | undefined, stage: JsonObject, rule: string, seq: number): CrystalRecord | null {
  if (!old?.next || old.next.rule !== rule || stage.replaces !== old.rule || stage.stage !== "promoted") return null;
  const policy = isJsonObject(stage.watch) ? stage.watch : {};
  const sum = (of: "same" | "other") => old.shadow[of] + old.audit[of] + (old.before?.[of] ?? 0);
  return {
    ...freshRecord(rule, "live", seq, policy),
    ...{
      watch: goesOn(old.watch, policy),
      recent: old.recent,
      ...(old.behind ? { behind: old.behind } : {}),
      shadow: { same: old.next.same, other: old.next.other },
    },
    before: { same: sum("same"), other: sum("other") },
  };
}

function asked(record: CrystalRecord, event: NetEvent, stage: JsonObject): CrystalRecord {
  const token = event.produced?.[0]?.token.id;
  const about = stage.stage === "demoted" ? "demoted" : questionOf(stage.about);
  const next: CrystalRecord = { ...record, notice: token === undefined ? null : { token, about } };
  if (about === "demoted") Object.assign(next, { demoted: { seq: event.seq, reason: String(stage.reason ?? "") }, next: null, said: null });
  return next;
}

export function questionOf(about: Json | undefined): Question {
  return about === "demoted" || about === "replace" || about === "unwatched" ? about : "promote";
}

function saidBy(about: Json | undefined, approve: Json | undefined, by: Json | undefined): CrystalRecord["said"] {
  return { about: questionOf(about), approve: approve === true, by: String(by ?? "") };
}
