/** What the language has and this version does not run: refused by name, so that nobody thinks it works or looks for a typing error. */
import { isJsonObject, type Json } from "../contract/json.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import { FUTURE_KINDS, FUTURE_MODES } from "./definition.ts";
import type { JsonPath } from "./locate.ts";

const TRANSITION_FIELDS = ["schedule", "delay", "batch"];

/** `net` is a net file's value, right or wrong. */
export function laterFindings(net: Json): Finding[] {
  if (!isJsonObject(net)) return [];
  const found: Finding[] = [];
  if (!isJsonObject(net.transitions)) return found;
  for (const [name, transition] of Object.entries(net.transitions)) {
    if (!isJsonObject(transition)) continue;
    const path = ["transitions", name];
    found.push(...wordIn(transition.kind, [...path, "kind"], FUTURE_KINDS, "kind"), ...fieldsIn(transition, path, TRANSITION_FIELDS));
    if (!Array.isArray(transition.in)) continue;
    for (const [index, arc] of transition.in.entries()) {
      if (isJsonObject(arc)) found.push(...wordIn(arc.mode, [...path, "in", index, "mode"], FUTURE_MODES, "mode"));
    }
  }
  return found;
}

function fieldsIn(object: { [key: string]: Json }, path: JsonPath, fields: readonly string[]): Finding[] {
  return fields
    .filter((field) => Object.hasOwn(object, field))
    .map((field) =>
      failure("later-version", [...path, field], `"${field}" in ${elementOf(path)} comes with a later version`, "remove it for now", "key"),
    );
}

function wordIn(value: Json | undefined, path: JsonPath, words: readonly string[], what: string): Finding[] {
  if (typeof value !== "string" || !words.includes(value)) return [];
  return [
    failure(
      "later-version",
      path,
      `${elementOf(path.slice(0, -1))}: ${what} "${value}" comes with a later version`,
      `use another ${what} for now`,
    ),
  ];
}
