/**
 * What JSON.parse changes without a word: of two equal keys the first vanishes, and numbers that no double holds become others. Who puts a
 * token hears of it instead.
 */

export interface TextFlaw {
  code: "duplicate-key" | "inexact-number";
  reason: string;
  hint: string;
  /** Both from 1, in UTF-16 units. */
  line: number;
  column: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;

/** Null where `JSON.parse(text)` says all that the text says. `text` is JSON. One walk without recursion. */
export function jsonTextFlaw(text: string): TextFlaw | null {
  // The keys of each object that is open; null for an array.
  const open: (Set<string> | null)[] = [];
  let isKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = closingQuote(text, at);
      const keys = open[open.length - 1];
      if (isKey && keys) {
        const key = keyOf(text.slice(at, end + 1));
        if (keys.has(key))
          return flaw(text, at, "duplicate-key", `the key ${shortened(key)} stands twice in one object`, "keep one of the two");
        keys.add(key);
        isKey = false;
      }
      at = end;
    } else if (code === 123 || code === 91) {
      open.push(code === 123 ? new Set() : null);
      isKey = code === 123;
    } else if (code === 125 || code === 93) {
      open.pop();
      isKey = false;
    } else if (code === COMMA) isKey = open[open.length - 1] !== null;
    else if (code === 45 || (code >= 48 && code <= 57)) {
      NUMBER.lastIndex = at;
      const written = NUMBER.exec(text)?.[0] ?? text[at] ?? "";
      const reason = numberFlaw(written);
      if (reason !== null) return flaw(text, at, "inexact-number", reason, `write it as text: "${written.slice(0, 40)}"`);
      at += written.length - 1;
    }
  }
  return null;
}

function closingQuote(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

function keyOf(quoted: string): string {
  return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

function numberFlaw(written: string): string | null {
  // Of short ones none is out of reach: most numbers are looked at no further.
  if (written.length < 16 && !/[eE]/.test(written)) return null;
  const value = Number(written);
  const shown = written.length > 40 ? `${written.slice(0, 40)}…` : written;
  if (!Number.isFinite(value)) return `the number ${shown} is too large for JSON's readers`;
  if (value === 0 && /[1-9]/.test(written.split(/[eE]/)[0] ?? "")) return `the number ${shown} is so small that it would become 0`;
  const isWhole = /^-?\d+$/.test(written);
  if (isWhole && !Number.isSafeInteger(value)) return `the number ${shown} lies beyond 2^53 and would lose digits`;
  return null;
}

function shortened(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
}

function flaw(text: string, offset: number, code: TextFlaw["code"], reason: string, hint: string): TextFlaw {
  const before = text.slice(0, offset);
  return { code, reason, hint, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
