/** Where a value stands in a text, and patterns that would find it there: what comes before, the form of the value, what comes after. */
import type { Json } from "../contract/json.ts";
import { applyChange, applyChanges, type Change } from "../net/rule/change.ts";
import { DATE_FORMS, formatDate, parseDate } from "../net/rule/date-format.ts";

export interface Occurrence {
  start: number;
  end: number;
  change: Change[];
}

const MOST_OCCURRENCES = 4;
const COMMA_NUMBERS = /(?<![\d.,])\d{1,3}(?:\.\d{3})*,\d{2}(?![\d.,]*\d)/g;
/** `1.234,56`: all digits, as hundredths. */
export const COMMA_NUMBER: Change[] = [{ do: "digits" }, { do: "number" }, { do: "scale", by: 0.01 }];
export const isCommaNumber = (text: string): boolean => /^\d{1,3}(?:\.\d{3})*,\d{2}$/.test(text);
/** Of a version or an address each part is a number of its own. */
const NUMBERS = /\d+(?:\.\d+){2,}|[+-]?\d[\d,]*(?:\.\d+)?/g;
const DATES = /\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2} [A-Z][a-z]{2,8} \d{4}|[A-Z][a-z]{2,8} \d{1,2}, \d{4}/g;
const CASES: Change[] = [{ do: "upper" }, { do: "lower" }, { do: "title" }];

/** Places of the text from which this target can be made. */
export function occurrencesOf(text: string, target: Json): Occurrence[] {
  if (typeof target === "number") return numbersIn(text, target);
  if (typeof target !== "string" || target === "") return [];
  const plain = placesOf(text, target).map((start): Occurrence => ({ start, end: start + target.length, change: [] }));
  if (plain.length > 0) return plain;
  const cased = placesOf(text.toLowerCase(), target.toLowerCase()).flatMap((start) => {
    const raw = text.slice(start, start + target.length);
    const change = CASES.find((one) => applyChange(raw, one) === target);
    return change ? [{ start, end: start + target.length, change: [change] }] : [];
  });
  return cased.length > 0 ? cased : datesIn(text, target);
}

function placesOf(text: string, wanted: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1 && places.length < MOST_OCCURRENCES; at = text.indexOf(wanted, at + 1)) {
    const inside = isWord(text.charAt(at - 1)) && isWord(wanted.charAt(0));
    const goesOn = isWord(text.charAt(at + wanted.length)) && isWord(wanted.charAt(wanted.length - 1));
    if (!inside && !goesOn) places.push(at);
  }
  return places;
}

const isWord = (character: string): boolean => /[\p{L}\p{N}]/u.test(character);

function numbersIn(text: string, target: number): Occurrence[] {
  const found: Occurrence[] = [];
  for (const { raw, start } of numeralsIn(text)) {
    if (applyChange(raw, { do: "number" }) === target) found.push({ start, end: start + raw.length, change: [{ do: "number" }] });
    if (found.length === MOST_OCCURRENCES) break;
  }
  for (const { 0: raw, index } of found.length === 0 ? text.matchAll(COMMA_NUMBERS) : [])
    if (applyChanges(raw, COMMA_NUMBER) === target) found.push({ start: index, end: index + raw.length, change: COMMA_NUMBER });
  return found.slice(0, MOST_OCCURRENCES);
}

function* numeralsIn(text: string): Generator<{ raw: string; start: number }> {
  for (const { 0: whole, index } of text.matchAll(NUMBERS)) {
    const parts = /^\d+(?:\.\d+){2,}$/.test(whole) ? whole.matchAll(/\d+/g) : [{ 0: whole.replace(/,$/, ""), index: 0 }];
    for (const part of parts) yield { raw: part[0], start: index + part.index };
  }
}

function datesIn(text: string, target: string): Occurrence[] {
  const to = DATE_FORMS.find((form) => parseDate(target, form) !== null);
  if (!to) return [];
  const found: Occurrence[] = [];
  for (const match of text.matchAll(DATES)) {
    for (const from of DATE_FORMS) {
      const date = parseDate(match[0], from);
      if (date && formatDate(date, to) === target)
        found.push({ start: match.index, end: match.index + match[0].length, change: [{ do: "date", from, to }] });
    }
  }
  return found.slice(0, MOST_OCCURRENCES);
}

export interface Proposed {
  pattern: string;
  /** How particular the form of the value is: 0 for digits, more for what takes in more. */
  breadth: number;
}

/** Patterns in the syntax of RE2. Each is anchored: before the value by words or by the line's beginning, or behind it by a word or a unit. */
export function patternsAt(text: string, { start, end }: Occurrence): Proposed[] {
  const patterns: Proposed[] = [];
  const lefts = leftsOf(text.slice(0, start));
  for (const { form, breadth } of formsOf(text.slice(start, end), text.charAt(end))) {
    for (const left of lefts)
      for (const right of rightsOf(text.slice(end)))
        patterns.push({ pattern: `${left}(${form})${right}`, breadth: right === LINE_ENDS ? breadth + PASSES_OVER : breadth });
    if (/(?:^|\s)$/.test(text.slice(0, start)))
      for (const right of namesIn(text.slice(end)))
        patterns.push({ pattern: `(?:^|[^\\d\\s]\\s+)(${form})${right}`, breadth: breadth + UNLED });
  }
  return patterns;
}

export const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** A literal whose white space may be any, and whose numbers may be others. */
function loosely(text: string): string {
  return text
    .split(/(\s+|\d+)/)
    .map((piece) => (/^\s+$/.test(piece) ? "\\s+" : /^\d+$/.test(piece) ? "\\d+" : escaped(piece)))
    .join("");
}

function leftsOf(before: string): string[] {
  const line = before.slice(before.lastIndexOf("\n") + 1).slice(-80);
  const tokens = line.match(/[\p{L}\p{N}]+|[^\p{L}\p{N}\s]+|\s+/gu) ?? [];
  const words = (count: number): string => {
    let left = "";
    for (let at = tokens.length - 1, taken = 0; at >= 0 && taken < count; at--) {
      left = (tokens[at] ?? "") + left;
      if (!/^\s+$/.test(tokens[at] ?? "")) taken += 1;
    }
    return left;
  };
  const lefts = [1, 2, 3].map(words).filter((left) => left.trim() !== "");
  const loose = lefts.map((left) => (isWord(left.charAt(0)) ? `\\b${loosely(left)}` : loosely(left)));
  const whole = line === before.slice(before.lastIndexOf("\n") + 1) ? [`(?m:^)${loosely(line)}`] : [];
  return [...new Set([...loose, ...whole])];
}

/** A value ends where a word does, at most with marks behind it: of `1.200,00` no number is `1.200`, of `A-12/3` none is `A-12`. */
const ENDS = "[^\\p{L}\\p{N}\\s]*(?:\\s|$)";
const LINE_ENDS = "\\s*(?m:$)";
/** What asks for the line's end passes over another such value before it, which would have told that nobody knows which is meant. */
const PASSES_OVER = 0.5;

/** Before the value may be anything where what follows names it, like a unit: `20.00 EUR`. What leads to it says more. */
const UNLED = 0.5;

/** What follows, where it is a word or the mark of a unit. */
const namesIn = (after: string): string[] =>
  /^[ \t]*(?:\p{L}|[€$£%])/u.test(after) ? rightsOf(after).filter((right) => right !== ENDS) : [];

/** What always follows, like a unit or the next name, or only that the value ends there. */
function rightsOf(after: string): string[] {
  const line = after.split("\n")[0] ?? "";
  if (line.trim() === "") return [LINE_ENDS, ENDS];
  const next = line.match(/^\s*(?:[\p{L}\p{N}]+|[^\p{L}\p{N}\s]+\s*)/u)?.[0] ?? "";
  const follows = `${loosely(next)}${/[A-Za-z0-9]$/.test(next) ? "\\b" : ""}`;
  return isWord(after.charAt(0)) ? [follows] : [follows, ENDS];
}

function formsOf(value: string, next: string): { form: string; breadth: number }[] {
  const forms: { form: string; breadth: number }[] = [];
  const mark = next !== "" && !/[\p{L}\p{N}\s]/u.test(next) && !value.includes(next) ? escaped(next) : "";
  if (/^\d+$/.test(value)) forms.push({ form: "\\d+", breadth: 0 });
  if (/^[+-]?\d[\d,]*(\.\d+)?$/.test(value)) forms.push({ form: "[+-]?\\d[\\d,]*(?:\\.\\d+)?", breadth: 1 });
  if (isCommaNumber(value)) forms.push({ form: "\\d{1,3}(?:\\.\\d{3})*,\\d{2}", breadth: 1 });
  const runs = runsOf(value);
  if (runs !== null) forms.push({ form: runs, breadth: 1 });
  if (/^\p{Lu}[\p{L}'-]*( \p{Lu}[\p{L}'-]*)+$/u.test(value)) forms.push({ form: "\\p{Lu}[\\p{L}'-]*(?: \\p{Lu}[\\p{L}'-]*)*", breadth: 2 });
  if (!/\s/.test(value)) forms.push({ form: `[^\\s,;${mark}]+`, breadth: 3 });
  if (!value.includes("\n")) forms.push({ form: mark === "" ? "[^\\n]+?" : `[^\\n${mark}]+`, breadth: 4 });
  return forms;
}

/** `INV-2041` as letters, a dash and digits; null for a text of many runs. */
export function runsOf(value: string): string | null {
  return runsIn(value)?.map(patternOfRun).join("") ?? null;
}

/** Its runs of letters, digits and space, and each other character; null for a text of many. */
export function runsIn(value: string): string[] | null {
  const runs = value.match(/\p{Lu}+|\p{L}+|\d+|\s+|[^\p{L}\d\s]/gu) ?? [];
  return runs.length > 8 || runs.length === 0 ? null : runs;
}

export function patternOfRun(run: string): string {
  if (/^\d+$/.test(run)) return "\\d+";
  if (/^\p{Lu}+$/u.test(run)) return "\\p{Lu}+";
  if (/^\p{L}+$/u.test(run)) return "\\p{L}+";
  return /^\s+$/.test(run) ? "\\s+" : escaped(run);
}
