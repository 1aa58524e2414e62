/** Syntax errors of expressions, with the line of text and a caret under the column. */
import { Terminal } from "../contract/errors.ts";

const WINDOW = 100;

/** Terminal `expression-syntax`. `offset` counts UTF-16 units from the start of `text`; `where` reads "line:column", from 1. */
export function syntaxError(text: string, offset: number, problem: string, hint?: string): Terminal {
  const at = Math.max(0, Math.min(offset, text.length));
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const nextBreak = text.indexOf("\n", at);
  const line = text.slice(lineStart, nextBreak === -1 ? text.length : nextBreak).replace(/[\t\r]/g, " ");
  const column = at - lineStart;
  // A long line is cut to a window, so that the caret still stands under its place.
  const from = column > WINDOW - 20 ? column - WINDOW / 2 : 0;
  const shown = `${from > 0 ? "…" : ""}${line.slice(from, from + WINDOW)}${line.length > from + WINDOW ? "…" : ""}`;
  const caret = `${" ".repeat(column - from + (from > 0 ? 1 : 0))}^`;
  const lineNumber = text.slice(0, lineStart).split("\n").length;
  const parts = { code: "expression-syntax", message: `${problem}\n  ${shown}\n  ${caret}`, where: `${lineNumber}:${column + 1}` };
  return new Terminal(hint === undefined ? parts : { ...parts, hint });
}

/** Terminal `expression-limit`: a value grew past what one expression may make. */
export function limitError(problem: string): Terminal {
  return new Terminal({ code: "expression-limit", message: problem, hint: "make the text or the data that it works on smaller" });
}
