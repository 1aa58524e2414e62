/**
 * An older version of a net as it can run again: a running net only grows, so what came since stays in it, its transitions silenced by a
 * guard that never holds. Pure.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import { isJsonObject } from "../contract/json.ts";

export interface RolledBack {
  definition: JsonObject;
  /** Transitions that the older version lacks, and places; by their names in the net, sub-nets before them. */
  silenced: string[];
  kept: string[];
}

const NEVER = "false";

export function rolledBack(older: JsonObject, running: JsonObject, way = ""): RolledBack {
  const silenced: string[] = [];
  const kept: string[] = [];
  const definition: JsonObject = { ...older };
  const places = missing(older, running, "places");
  const transitions = missing(older, running, "transitions");
  const subnets = part(running, "subnets");
  kept.push(...Object.keys(places).map((name) => way + name));
  silenced.push(...Object.keys(transitions).map((name) => way + name));
  if (Object.keys(places).length > 0) definition.places = { ...part(older, "places"), ...places };
  if (Object.keys(transitions).length > 0) definition.transitions = { ...part(older, "transitions"), ...silent(transitions) };
  for (const [name, level] of Object.entries(subnets)) {
    if (!isJsonObject(level)) continue;
    const before = part(older, "subnets")[name];
    const inner = rolledBack(isJsonObject(before) ? before : emptied(level), level, `${way}${name}--`);
    definition.subnets = { ...part(definition, "subnets"), [name]: inner.definition };
    silenced.push(...inner.silenced);
    kept.push(...inner.kept);
  }
  return { definition, silenced, kept };
}

function silent(transitions: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(transitions).map(([name, one]) => [name, isJsonObject(one) ? { ...one, guard: NEVER } : one]));
}

function emptied(level: JsonObject): JsonObject {
  const { subnets: _, ...own } = level;
  return { ...own, places: {}, transitions: {} };
}

function missing(older: JsonObject, running: JsonObject, group: string): JsonObject {
  const before = part(older, group);
  return Object.fromEntries(Object.entries(part(running, group)).filter(([name]) => !Object.hasOwn(before, name)));
}

function part(level: JsonObject, group: string): { [name: string]: Json } {
  const found = level[group];
  return isJsonObject(found) ? found : {};
}
