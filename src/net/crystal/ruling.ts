/**
 * Whether a transition's rule answers a firing, and how its answer compares with the model's. Pure: the same state, inputs and firing
 * always give the same ruling.
 *
 * L1 A rule answers where its guard claims the input, its answer fits the persona's schema and finds a way out; else the model does.
 * L2 Which firings are audited follows from the firing's id. L3 In the shadow and in audits the model's answer counts. L4 Where a later rule
 * beside a live one says otherwise than that, the model is asked. L5 What waited at a gate ends under the definition that it began with, but a
 * rule that has been taken away since, or replaced, does none of it.
 */
import { hashJson } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { CrystalRecord } from "../records.ts";
import { type BoundInput, inputData } from "../routing.ts";
import { agreement } from "../rule/agree.ts";
import { isNearEdge } from "../rule/edge.ts";
import { followCalls, type RecordedCall } from "../rule/follow-calls.ts";
import { callsOf } from "../rule/program.ts";
import { regionOf } from "../rule/region.ts";
import { evaluateRule, isProgram, outsideOf, type Rule, type RuleAnswer } from "../rule/rule.ts";
import { wantsAudit } from "../rule/watch.ts";
import type { NetState } from "../state.ts";
import { type CompiledCrystal, watchPolicy } from "./compiled.ts";
import { judgeFor, type OpenPair } from "./judging.ts";
import { freshRecord, recordOf } from "./state.ts";

export type Ruling =
  /** The rule's answer counts, and no model is asked. */
  | { kind: "answers"; value: Json; region: string }
  /** The rule's program makes its calls, and no model is asked unless it leaves the rest to one. */
  | { kind: "begins" }
  /** The model is asked, and compared with what the rule says. */
  | { kind: "compares"; when: "shadow" | "audit" }
  | { kind: "declines"; reason: string }
  /** Off, demoted, or for another request than its step makes now. */
  | { kind: "silent" };

/** `mayAnswer`: whether the persona could have said or done so. */
export function rulingOf(
  state: NetState,
  transition: string,
  crystal: CompiledCrystal,
  inputs: BoundInput[],
  firing: string,
  mayAnswer: (claim: { value: Json } | { tools: string[] }) => boolean,
): Ruling {
  const { definition, id } = crystal;
  const record = recordOf(state, transition, id);
  if (definition.mode === "off" || isSilenced(record)) return { kind: "silent" };
  const claimed = claimOf(crystal, inputs, mayAnswer);
  if (claimed.kind === "declines") return claimed;
  if (definition.mode === "shadow") return { kind: "compares", when: "shadow" };
  const { watch } = record ?? freshRecord(id, "live", 0, watchPolicy(definition));
  const audited = wantsAudit(watch, drawOf(firing), isNearEdge(definition.rule, inputData(inputs)), regionIn(claimed));
  return audited || differs(crystal, inputs, claimed) ? { kind: "compares", when: "audit" } : claimed;
}

/** L5. `held`: the rule of the definition under which a firing came to its gate; `running`: what the net has in its place now. */
export function isStillLive(running: CompiledCrystal | null, held: CompiledCrystal): boolean {
  return running?.id === held.id && running.definition.mode === "live";
}

/** What the rule would do, were the firing none that is audited; null where it may not do anything now (K2) or a later one says otherwise (L4). */
export function claimIn(
  state: NetState,
  transition: string,
  crystal: CompiledCrystal,
  inputs: BoundInput[],
  mayAnswer: MayAnswer,
): ReturnType<typeof claimOf> | null {
  if (isSilenced(recordOf(state, transition, crystal.id))) return null;
  const claimed = claimOf(crystal, inputs, mayAnswer);
  return claimed.kind !== "declines" && differs(crystal, inputs, claimed) ? null : claimed;
}

/** K2. */
const isSilenced = (record: CrystalRecord | null): boolean => record !== null && (record.demoted !== null || record.outdated !== undefined);

type MayAnswer = Parameters<typeof rulingOf>[5];
type Claimed = Extract<Ruling, { kind: "answers" | "begins" }>;

/** What the rule would do if it were only for its domain and its persona's rights. */
function claimOf(crystal: CompiledCrystal, inputs: BoundInput[], mayAnswer: MayAnswer): Claimed | Extract<Ruling, { kind: "declines" }> {
  const { rule } = crystal.definition;
  if (isProgram(rule)) {
    const outside = outsideDomain(crystal, inputs);
    if (outside !== null) return { kind: "declines", reason: outside };
    const tools = [...new Set(callsOf(rule.program).map(({ node }) => node.tool))];
    return mayAnswer({ tools }) ? { kind: "begins" } : { kind: "declines", reason: "its persona may not make the calls of its program" };
  }
  const outcome = answerOf(crystal, inputs);
  if (!outcome.applies) return { kind: "declines", reason: outcome.reason };
  if (!mayAnswer({ value: outcome.value })) return { kind: "declines", reason: "its answer does not fit the persona's output schema" };
  return { kind: "answers", value: outcome.value, region: regionOf(rule, inputData(inputs)) };
}

/** A program is one region: which way it goes shows only as its calls are made. */
function regionIn(ruling: Ruling): string {
  return ruling.kind === "answers" ? ruling.region : "";
}

/** L4. No later rule stands beside a program. */
function differs({ next }: CompiledCrystal, inputs: BoundInput[], claimed: Claimed): boolean {
  const other = claimed.kind === "answers" ? next && answerOf(next, inputs) : null;
  if (!other?.applies || claimed.kind !== "answers") return false;
  return agreement(next?.definition.equality ?? "exact", other.value, claimed.value) === "no";
}

/** Why a program does not even begin; null where it does. */
function outsideDomain({ definition, reads }: CompiledCrystal, inputs: BoundInput[]): string | null {
  const data = inputData(inputs);
  const cut = reads.find((path) => meetsArtifact(data, path));
  if (cut) return `/${cut.join("/")} lies in the artefact store because of its size`;
  return outsideOf(definition.rule, data);
}

/** What the rule says; it declines where it would look into a field that lies in the artefact store. */
export function answerOf({ definition, reads }: { definition: { rule: Rule }; reads: string[][] }, inputs: BoundInput[]): RuleAnswer {
  const data = inputData(inputs);
  const cut = reads.find((path) => meetsArtifact(data, path));
  if (cut) return { applies: false, reason: `/${cut.join("/")} lies in the artefact store because of its size` };
  return evaluateRule(definition.rule, data);
}

function meetsArtifact(value: Json, path: string[]): boolean {
  let at: Json | undefined = value;
  for (const key of path) {
    if (isArtifact(at)) return true;
    at = Array.isArray(at) ? at[Number(key)] : isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return isArtifact(at);
}
function isArtifact(value: Json | undefined): boolean {
  return isJsonObject(value) && typeof value.$artifact === "string" && typeof value.sha256 === "string";
}

/** L2. In [0, 1), spread evenly. */
export function drawOf(firing: string): number {
  return Number.parseInt(hashJson(["audit", firing]).slice(0, 12), 16) / 2 ** 48;
}

/** What the event of a firing says that the rule answered. */
export function answeredWords({ id }: CompiledCrystal, ruling: Ruling): JsonObject {
  const region = regionIn(ruling);
  return { crystal: { rule: id, mode: "live", by: "rule", ...(region === "" ? {} : { region }) } };
}
/** What `started` says of why the model is asked. */
export function askedWords({ id, definition: { mode } }: CompiledCrystal, ruling: Ruling): JsonObject {
  if (ruling.kind === "silent") return {};
  const why: JsonObject =
    ruling.kind === "declines" ? { declined: ruling.reason } : { compared: ruling.kind === "compares" ? ruling.when : "audit" };
  return { crystal: { rule: id, mode, by: "model", ...why } };
}

/** L3. The model's answer beside the rule's, for the event that ends the firing; null where the rule has nothing to say. */
export function comparison(
  state: NetState,
  transition: string,
  crystal: CompiledCrystal,
  inputs: BoundInput[],
  answered: { answer: Json; calls: readonly RecordedCall[]; handed: JsonObject | undefined },
): Compared | null {
  const { definition, id } = crystal;
  if (definition.mode === "off" || isSilenced(recordOf(state, transition, id))) return null;
  const { answer, calls, handed } = answered;
  const next = nextCompared(state, transition, crystal, inputs, answer);
  const base = { rule: id, mode: definition.mode, by: "model", ...next.said };
  const left = { ruled: undefined, same: null, next: next.other, open: next.open };
  // What it began and did not end, it left to the model.
  if (handed) return { said: { ...base, declined: String(handed.why), handed: true }, ...left };
  const outcome = isProgram(definition.rule) ? afterCalls(crystal, inputs, calls) : answerOf(crystal, inputs);
  if ("differs" in outcome)
    return { said: { ...base, same: false }, ruled: outcome.differs, same: false, next: next.other, open: next.open };
  if (!outcome.applies) return { said: { ...base, declined: outcome.reason }, ...left };
  const region = definition.mode === "live" ? regionOf(definition.rule, inputData(inputs)) : "";
  const agreed = agreement(definition.equality ?? "exact", outcome.value, answer);
  if (agreed === "ask") {
    const judge = judgeFor(state, transition, crystal, id);
    const pair = judge === null ? [] : [{ rule: id, judge, value: outcome.value, mode: definition.mode, region }];
    return { said: { ...base, unjudged: true }, ...left, open: [...pair, ...next.open] };
  }
  const same = agreed === "yes";
  return { said: { ...base, same, ...(region === "" ? {} : { region }) }, ruled: outcome.value, same, next: next.other, open: next.open };
}

export interface Compared {
  said: JsonObject;
  ruled: Json | undefined;
  same: boolean | null;
  /** What a later rule beside it says, where that is not what the model said. */
  next: { rule: string; value: Json } | null;
  /** Answers in other words, for the judge whom the equality names. */
  open: OpenPair[];
}

function nextCompared(
  state: NetState,
  transition: string,
  crystal: CompiledCrystal,
  inputs: BoundInput[],
  answer: Json,
): { said: JsonObject; other: Compared["next"]; open: OpenPair[] } {
  const { next } = crystal;
  const outcome = next && answerOf(next, inputs);
  if (!next || !outcome?.applies) return { said: {}, other: null, open: [] };
  const { id: rule } = next;
  const isBeyond = !answerOf(crystal, inputs).applies;
  const agreed = agreement(next.definition.equality ?? "exact", outcome.value, answer);
  if (agreed === "ask") {
    const judge = judgeFor(state, transition, crystal, rule);
    const pair: OpenPair[] = judge === null ? [] : [{ rule, judge, value: outcome.value, mode: "shadow", region: "" }];
    const open = isBeyond ? pair.map((one) => ({ ...one, beyond: true as const })) : pair;
    return { said: {}, other: null, open };
  }
  const same = agreed === "yes";
  return {
    said: { next: { rule, same, ...(isBeyond ? { beyond: true } : {}) } },
    other: same ? null : { rule, value: outcome.value },
    open: [],
  };
}

/** What a program would have called and answered, given the answers that the agent's own calls got. Nothing is called. */
function afterCalls(crystal: CompiledCrystal, inputs: BoundInput[], calls: readonly RecordedCall[]): RuleAnswer | { differs: Json } {
  const { rule } = crystal.definition;
  const outside = outsideDomain(crystal, inputs);
  if (!isProgram(rule) || outside !== null) return { applies: false, reason: outside ?? "it has no program" };
  const way = followCalls(rule, inputData(inputs), calls);
  if (way.kind === "left") return { applies: false, reason: way.reason };
  if (way.kind === "ended") return { applies: true, value: way.value };
  return { differs: { call: way.at + 1, rule: (way.given ?? null) as Json, agent: (way.wanted ?? null) as Json } };
}
