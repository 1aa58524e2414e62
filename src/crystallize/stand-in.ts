/** What an answer holds in a field that does not count, of which nothing tells what it follows from: nobody has worded it, and that is said. */
import { isJsonObject, type Json } from "../contract/json.ts";
import type { Answer } from "../net/rule/answer.ts";
import { labelsOf } from "./task.ts";

const WORDS = "answered by a rule";
/** A field that the answers nearly always have is one that somebody may ask for. */
const ALWAYS = 0.99;

/** Null: it is left out. */
export function standIn(targets: readonly (Json | undefined)[]): Answer | null {
  const alike = (type: string) => targets.filter((target) => typeof target === type).length >= ALWAYS * targets.length;
  if (alike("string")) return { kind: "constant", value: WORDS };
  if (!alike("number") && !alike("boolean")) return null;
  const [usual] = labelsOf(targets).values;
  return usual === undefined ? null : { kind: "constant", value: usual };
}

/** Why no rule was found, with the equality that would leave out what nothing tells; `names`: the fields of the answers. */
export function unlearnedWords(why: string, unlearned: ReadonlySet<string>, names: readonly string[]): string {
  const rest = names.filter((name) => !unlearned.has(name));
  if (unlearned.size === 0 || rest.length === 0) return why;
  const fields = Object.fromEntries(rest.map((name) => [name, "exact"]));
  const missing = [...unlearned].map((name) => JSON.stringify(name)).join(" and ");
  return `${why}: nothing tells what ${missing} in its answer follows from. If that does not count, say so by the equality ${JSON.stringify({ fields })}`;
}

/** Names of the fields that answers have, in the order of their first coming. */
export function fieldsOfAnswers(examples: readonly { output: Json }[]): string[] {
  return [...new Set(examples.flatMap(({ output }) => (isJsonObject(output) ? Object.keys(output) : [])))];
}
