/** The one plain sentence that every event carries: the transition's own words, else words made from the net. */
import type { PlacedToken } from "../contract/event.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import { inputScope } from "./binding.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import { memoized } from "./expression-memo.ts";
import type { BoundInput } from "./routing.ts";

const MOST = 280;

export function firedSummary(
  transition: CompiledTransition,
  inputs: BoundInput[],
  result: Json,
  produced: PlacedToken[],
  now: number,
): string {
  const own = ownWords(transition, inputs, result, now);
  if (own !== null) return own;
  return `${who(transition)} ${doneWords(transition, titleOf(inputs))}; ${countPlaces(produced)}.`;
}

export function startedSummary(transition: CompiledTransition, inputs: BoundInput[]): string {
  const title = titleOf(inputs);
  return `${who(transition)} takes up ${title ? `“${title}”` : "a token"} at ${transition.id}.`;
}

export function gatedSummary(
  gate: string,
  transition: CompiledTransition,
  inputs: BoundInput[],
  approvers: string[],
  quorum: number,
): string {
  const title = titleOf(inputs);
  const people = approvers.map((approver) => approver.replace(/^role:/, "a ").replace(/^user:/, "")).join(" or ");
  return `The gate ${gate} holds ${title ? `“${title}”` : transition.id}: ${people} must decide${quorum === 1 ? "" : `; it takes ${quorum} approvals`}.`;
}

/** A firing never fails for its narration: what cannot be rendered falls back to words made from the net. */
function ownWords(transition: CompiledTransition, inputs: BoundInput[], result: Json, now: number): string | null {
  if (!transition.summary) return null;
  try {
    const text = transition.summary.render(inputScope(inputs, { $result: { data: result, meta: null } }), now);
    return typeof text === "string" ? cut(text) : cut(JSON.stringify(text));
  } catch {
    return null;
  }
}

/** A name read aloud, once for each name. */
const spoken = memoized((name) => sentenceCase(name.replaceAll(/-+/g, " ")));

function who(transition: CompiledTransition): string {
  return spoken(transition.definition.persona ?? transition.id);
}
function doneWords({ id, definition }: CompiledTransition, title: string | null): string {
  if (definition.persona) return title ? `finished ${id} on “${title}”` : `finished ${id}`;
  return title ? `passed on “${title}”` : "passed on";
}
/** A first word of two letters stands for two words, like QA, HR and UI; the short prepositions do not begin names. */
function sentenceCase(text: string): string {
  return /^[a-z]{2}\b/.test(text) ? text.slice(0, 2).toUpperCase() + text.slice(2) : text.charAt(0).toUpperCase() + text.slice(1);
}
function titleOf(inputs: BoundInput[]): string | null {
  return titleIn(inputs[0]?.tokens[0]?.data ?? null);
}
/** What a token's data calls itself, cut to 80 letters. */
export function titleIn(data: Json): string | null {
  if (!isJsonObject(data)) return null;
  return nameOf(data.title) ?? nameOf(data.name) ?? nameOf(data.text);
}
function nameOf(text: Json | undefined): string | null {
  return typeof text === "string" && text.trim() !== "" ? text.slice(0, 80) : null;
}
/** A place as a sentence names it: by its name, and by its title where that says more. */
export function placeWords(place: string, title: string | undefined): string {
  return title === undefined || title.toLowerCase() === place.toLowerCase() ? place : `${place} (${title})`;
}
function countPlaces(produced: PlacedToken[]): string {
  if (produced.length === 0) return "nothing comes of it";
  if (produced.length === 1) return `1 token in ${produced[0]?.place}`;
  const counts = new Map<string, number>();
  for (const { place } of produced) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts].map(([place, count]) => `${count} token${count === 1 ? "" : "s"} in ${place}`).join(", ");
}
/** The first line of a message that may have many, for a sentence. */
export function firstLine(text: string): string {
  return cut(text.split("\n", 1)[0] ?? "");
}

/** On one line; a list becomes a row. */
function cut(text: string): string {
  const line = text
    .replace(/:\s*\n- /g, ": ")
    .replace(/\n- /g, "; ")
    .replace(/\s+/g, " ")
    .trim();
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}
