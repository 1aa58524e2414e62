/** What the event of a firing says of its step's rule, in a few words for a line: who answered, and why a model was asked all the same. */
import type { NetEvent } from "./event.ts";
import { isJsonObject, type JsonObject } from "./json.ts";

/** Characters of a reason. */
const MOST = 120;

/** Null where the event says nothing of a rule. */
export function ruleNote({ type, attributes }: Pick<NetEvent, "type" | "attributes">): string | null {
  const said = attributes?.crystal;
  if (!isJsonObject(said) || typeof said.rule !== "string") return null;
  const rule = `rule ${said.rule}`;
  if (type === "started") return startedNote(rule, said);
  return type === "fired" ? firedNote(rule, said) : null;
}

function startedNote(rule: string, { by, declined, compared }: JsonObject): string | null {
  if (by === "rule") return `${rule} makes the calls, no model is asked`;
  if (typeof declined === "string") return `${rule} leaves it to the model: ${cut(declined)}`;
  return compared === "audit" ? `${rule} is audited: the model is asked as well` : null;
}

function firedNote(rule: string, { by, mode, declined, handed, same, unjudged, missed }: JsonObject): string | null {
  if (by === "rule") return `${rule} answered, ${missed === undefined ? "no model" : "its audit was missed"}`;
  // Why, said the event by which the firing began, or went on to the model.
  if (typeof declined === "string") return handed === true ? `the model, with what ${rule} had made` : `the model, ${rule} left it`;
  const where = mode === "live" ? "audited" : "in its shadow";
  if (unjudged === true) return `the model, ${rule} ${where}: other words, for its judge`;
  return typeof same === "boolean" ? `the model, ${rule} ${where}: it said ${same ? "the same" : "otherwise"}` : null;
}

function cut(reason: string): string {
  const line = reason.replace(/\s+/g, " ");
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}
