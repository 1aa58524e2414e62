/** What the parser reads out of single tokens: the value of a quoted text, and the message for a token that does not fit. */
import type { IToken } from "chevrotain";
import { syntaxError } from "./expression-error.ts";
import { Assign, EXPRESSION_LENGTH_LIMIT, From, Select } from "./expression-lexer.ts";

const ESCAPES = new Map([
  ...([
    ["n", "\n"],
    ["t", "\t"],
    ["r", "\r"],
    ["b", "\b"],
    ["f", "\f"],
  ] as [string, string][]),
  ...([
    ["\\", "\\"],
    ["/", "/"],
    ['"', '"'],
    ["'", "'"],
  ] as [string, string][]),
]);

/** JSON's escapes, and \' too. Errors: Terminal `expression-syntax` at the escape. */
export function stringValue(source: string, token: IToken): string {
  const body = token.image.slice(1, -1);
  return body.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (whole: string, name: string, index: number) => {
    if (name.length === 5) return String.fromCharCode(Number.parseInt(name.slice(1), 16));
    const character = ESCAPES.get(name);
    if (character === undefined) {
      throw syntaxError(source, token.startOffset + 1 + index, `unknown escape ${whole} in a text`, "write \\\\ for a backslash");
    }
    return character;
  });
}

const WHOLE_QUERY = "a query begins with SELECT or FROM, SELECT before FROM; elsewhere only its condition fits";

/** The error for the first token that the grammar has no room for; null is the end of the text. */
export function unexpected(text: string, token: IToken | null): Error {
  if (text.trim() === "") return syntaxError(text.slice(0, EXPRESSION_LENGTH_LIMIT), 0, "the expression is empty");
  if (token === null) return syntaxError(text, text.trimEnd().length, "the expression ends too early");
  const { tokenType, image, startOffset } = token;
  if (tokenType === Assign) {
    const strict = text[startOffset - 1] === "=" && text[startOffset - 2] !== undefined;
    return syntaxError(text, startOffset, "unexpected =", strict ? "== is all there is; it never converts types" : "write == to compare");
  }
  if (tokenType === From || tokenType === Select) {
    return syntaxError(text, startOffset, `unexpected ${image}`, WHOLE_QUERY);
  }
  const hint = /^(==|!=|<=?|>=?|in|contains)$/i.test(image) ? "comparisons do not chain; join two with AND" : undefined;
  return syntaxError(text, startOffset, `unexpected ${image}`, hint);
}
