/**
 * Whether a transition's rule answers a firing, and how its answer compares with the model's. Pure: the same state, inputs and firing
 * always give the same ruling.
 *
 * L1 A rule answers where its guard claims the input, its answer fits the persona's schema and finds a way out; else the model does.
 * L2 Which firings are audited follows from the firing's id. L3 In the shadow and in audits the model's answer counts. L4 Where a later rule
 * beside a live one says otherwise than that, the model is asked.
 */
import { hashJson } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { type BoundInput, inputData } from "../routing.ts";
import { agreement } from "../rule/agree.ts";
import { isNearEdge } from "../rule/edge.ts";
import { regionOf } from "../rule/region.ts";
import { evaluateRule, type Rule, type RuleAnswer } from "../rule/rule.ts";
import { wantsAudit } from "../rule/watch.ts";
import type { NetState } from "../state.ts";
import { type CompiledCrystal, watchPolicy } from "./compiled.ts";
import { freshRecord, recordOf } from "./state.ts";

export type Ruling =
  /** The rule's answer counts, and no model is asked. */
  | { kind: "answers"; value: Json; region: string }
  /** The model is asked, and compared with this. */
  | { kind: "compares"; value: Json; when: "shadow" | "audit" }
  | { kind: "declines"; reason: string }
  /** Off, or demoted. */
  | { kind: "silent" };

/** `mayAnswer`: whether the persona could have said so. */
export function rulingOf(
  state: NetState,
  transition: string,
  crystal: CompiledCrystal,
  inputs: BoundInput[],
  firing: string,
  mayAnswer: (value: Json) => boolean,
): Ruling {
  const { definition, id } = crystal;
  const record = recordOf(state, transition, id);
  if (definition.mode === "off" || record?.demoted) return { kind: "silent" };
  const outcome = answerOf(crystal, inputs);
  if (!outcome.applies) return { kind: "declines", reason: outcome.reason };
  if (!mayAnswer(outcome.value)) return { kind: "declines", reason: "its answer does not fit the persona's output schema" };
  if (definition.mode === "shadow") return { kind: "compares", value: outcome.value, when: "shadow" };
  const { watch } = record ?? freshRecord(id, "live", 0, watchPolicy(definition));
  const data = inputData(inputs);
  const region = regionOf(definition.rule, data);
  const audited = wantsAudit(watch, drawOf(firing), isNearEdge(definition.rule, data), region) || differs(crystal, inputs, outcome.value);
  return audited ? { kind: "compares", value: outcome.value, when: "audit" } : { kind: "answers", value: outcome.value, region };
}

/** L4. */
function differs({ next }: CompiledCrystal, inputs: BoundInput[], value: Json): boolean {
  const other = next && answerOf(next, inputs);
  return other?.applies === true && agreement(next?.definition.equality ?? "exact", other.value, value) === "no";
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
  const region: JsonObject = ruling.kind === "answers" && ruling.region !== "" ? { region: ruling.region } : {};
  return { crystal: { rule: id, mode: "live", by: "rule", ...region } };
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
  answer: Json,
): Compared | null {
  const { definition, id } = crystal;
  if (definition.mode === "off" || recordOf(state, transition, id)?.demoted) return null;
  const next = nextCompared(crystal, inputs, answer);
  const base = { rule: id, mode: definition.mode, by: "model", ...next.said };
  const outcome = answerOf(crystal, inputs);
  if (!outcome.applies) return { said: { ...base, declined: outcome.reason }, ruled: undefined, same: null, next: next.other };
  const region = definition.mode === "live" ? regionOf(definition.rule, inputData(inputs)) : "";
  const agreed = agreement(definition.equality ?? "exact", outcome.value, answer);
  if (agreed === "ask") return { said: { ...base, unjudged: true }, ruled: outcome.value, same: null, next: next.other };
  const same = agreed === "yes";
  return { said: { ...base, same, ...(region === "" ? {} : { region }) }, ruled: outcome.value, same, next: next.other };
}

export interface Compared {
  said: JsonObject;
  ruled: Json | undefined;
  same: boolean | null;
  /** What a later rule beside it says, where that is not what the model said. */
  next: { rule: string; value: Json } | null;
}

function nextCompared({ next }: CompiledCrystal, inputs: BoundInput[], answer: Json): { said: JsonObject; other: Compared["next"] } {
  const outcome = next && answerOf(next, inputs);
  if (!next || !outcome?.applies) return { said: {}, other: null };
  const agreed = agreement(next.definition.equality ?? "exact", outcome.value, answer);
  if (agreed === "ask") return { said: {}, other: null };
  const same = agreed === "yes";
  return { said: { next: { rule: next.id, same } }, other: same ? null : { rule: next.id, value: outcome.value } };
}
