/**
 * Whether a step asks what it asked before. Answers to another request teach nothing of today's, and a rule that was learned from them stands for
 * what nobody asks any more.
 */
import type { VersionStore } from "../../contract/broker.ts";
import { hashJson, sha256 } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { ruleId } from "../../net/crystal/compiled.ts";
import { crystalOf, sameCrystal } from "../../net/crystal/stages.ts";
import type { NetDefinition, Transition } from "../../net/definition.ts";
import { requestParts } from "../../net/request-key.ts";

/** Of a persona: who answers, at what price and for how long, and words that are for people alone. */
const NOT_ASKED = ["$schema", "description", "tier", "model", "budget", "maxOutputTokens", "durable", "secrets", "context"];

/** What a version of a persona adds to a request, as a key; the version itself where its content is gone. */
export async function personaAsks(store: VersionStore, name: string, version: string): Promise<string> {
  const stored = await store.get(name, version);
  if (!isJsonObject(stored) || !isJsonObject(stored.persona)) return version;
  const asked = Object.entries(stored.persona).filter(([field]) => !NOT_ASKED.includes(field));
  return hashJson({ persona: Object.fromEntries(asked), knowledge: knowledgeAsks(stored.knowledge) });
}

/** Files by their content's hash: old versions hold the text itself. */
function knowledgeAsks(stored: Json | undefined): Json {
  if (!Array.isArray(stored)) return [];
  return stored.map(
    (file): Json => (isJsonObject(file) ? { file: file.file ?? null, sha256: file.sha256 ?? sha256(String(file.text ?? "")) } : file),
  );
}

interface Side {
  transitions: NetDefinition["transitions"];
  /** Versions by name. */
  personas: Readonly<Record<string, string>>;
}

/** A stage for each step with a rule that stays as it is while what the step asks does not. */
export async function otherwiseAsked(store: VersionStore, before: Side, after: Side, by: string): Promise<JsonObject[]> {
  const stages: JsonObject[] = [];
  for (const [transition, one] of Object.entries(after.transitions)) {
    const old = before.transitions[transition];
    const crystal = crystalOf(one);
    if (!old || !crystal || crystal.mode === "off" || !sameCrystal(crystalOf(old), crystal)) continue;
    if (asked(old) === asked(one) && (await sameVoice(store, before, after, one.persona))) continue;
    stages.push({ stage: "asks-otherwise", transition, rule: ruleId(crystal.rule), mode: crystal.mode, by });
  }
  return stages;
}

const asked = (definition: Transition): string => hashJson(requestParts({ definition }));

async function sameVoice(store: VersionStore, before: Side, after: Side, name: string | undefined): Promise<boolean> {
  if (name === undefined) return true;
  const [old, now] = [before.personas[name], after.personas[name] ?? before.personas[name]];
  if (old === undefined || now === undefined || old === now) return true;
  return (await personaAsks(store, name, old)) === (await personaAsks(store, name, now));
}
