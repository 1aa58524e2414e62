/**
 * A persona that has no rule of its own. One whose answer is an opinion on a change gets the facts of it: which files, how many lines, and
 * where the words of its own name come up. Nothing in it is a judgement, and it says so. Of any other answer no rule knows anything.
 */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { RuleFacts } from "../../models/providers/rules.ts";
import { mismatches } from "../output-check.ts";
import { type DiffLine, diffLines } from "./diff-lines.ts";

const NOTES_LENGTH = 1200;
const MOST_MENTIONS = 8;
/** Of the names of reviewers, what says nothing of their subject. */
const NO_SUBJECT = new Set(["reviewer", "review", "auditor", "audit", "expert", "engineer", "specialist", "checker", "and", "the"]);

/** Null where the persona owes no opinion on a change: whoever asks says that there is no rule. */
export function unknownPersona({ persona, data, request }: RuleFacts): { answer: JsonObject } | null {
  const diff = diffIn(data);
  const schema = request.tools.find(({ name }) => name === "answer" || name === "done")?.input;
  if (diff === null || !schema) return null;
  const answer = { severity: "none", notes: notesOf(persona, diffLines(diff)) };
  return mismatches(schema, answer).length === 0 ? { answer } : null;
}

function diffIn(data: Readonly<Record<string, Json>>): string | null {
  const holders = [data, ...Object.values(data).filter(isJsonObject)];
  return holders.map(({ diff }) => diff).find((diff): diff is string => typeof diff === "string") ?? null;
}

function notesOf(persona: string, lines: readonly DiffLine[]): string {
  const [added, removed] = (["+", "-"] as const).map((sign) => lines.filter((line) => line.sign === sign));
  const files = [...new Set(lines.map(({ file }) => file))];
  const subject = persona.split("-").filter((word) => word.length > 2 && !NO_SUBJECT.has(word));
  const mentions = (added ?? []).filter(({ text }) => subject.some((word) => text.toLowerCase().includes(word)));
  const told = mentions.slice(0, MOST_MENTIONS).map(({ file, text }) => `${file}: ${text.trim().slice(0, 80)}`);
  return [
    `Facts only, by rules, no model: nobody judged this change for ${subject.join(" ") || persona}, and there is no rule for it.`,
    `${files.length} ${files.length === 1 ? "file" : "files"}, ${added?.length ?? 0} lines added, ${removed?.length ?? 0} taken away.`,
    mentions.length === 0
      ? `No added line says ${subject.map((word) => `"${word}"`).join(" or ") || `"${persona}"`}.`
      : `${mentions.length} added ${mentions.length === 1 ? "line says" : "lines say"} ${subject.map((word) => `"${word}"`).join(" or ")}:\n${told.join("\n")}`,
  ]
    .join(" ")
    .slice(0, NOTES_LENGTH);
}
