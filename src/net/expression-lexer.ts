/** Tokens of expressions and ArcQL. Every pattern is linear: no text makes the lexer backtrack. */
import { createToken, type IToken, Lexer, type TokenType } from "chevrotain";
import { syntaxError } from "./expression-error.ts";

export const EXPRESSION_LENGTH_LIMIT = 4000;
const NESTING_LIMIT = 32;

/** Any word: what may follow a dot, reserved or not. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA });
/** A word that may also name an input. */
export const Name = createToken({ name: "Name", pattern: /[A-Za-z_][A-Za-z0-9_]*/, categories: [Word] });

const reserved = (name: string, pattern: RegExp): TokenType => createToken({ name, pattern, longer_alt: Name, categories: [Word] });
export const And = reserved("And", /and/i);
export const Or = reserved("Or", /or/i);
export const Not = reserved("Not", /not/i);
export const In = reserved("In", /in/i);
export const Exists = reserved("Exists", /exists/i);
export const Contains = reserved("Contains", /contains/i);
export const True = reserved("True", /true/i);
export const False = reserved("False", /false/i);
export const Null = reserved("Null", /null/i);

/** Words of the query's clauses stay usable as names, since a name never follows a finished operand. */
const clause = (name: string, pattern: RegExp): TokenType => createToken({ name, pattern, longer_alt: Name, categories: [Name] });
export const Select = clause("Select", /select/i);
export const From = clause("From", /from/i);
export const Where = clause("Where", /where/i);
export const Order = clause("Order", /order/i);
export const By = clause("By", /by/i);
export const Limit = clause("Limit", /limit/i);
export const Asc = clause("Asc", /asc/i);
export const Desc = clause("Desc", /desc/i);
export const As = clause("As", /as/i);
export const Of = clause("Of", /of/i);
export const Group = clause("Group", /group/i);

const symbol = (name: string, pattern: string): TokenType => createToken({ name, pattern });
export const Equal = symbol("Equal", "==");
export const Unequal = symbol("Unequal", "!=");
export const LessEqual = symbol("LessEqual", "<=");
export const GreaterEqual = symbol("GreaterEqual", ">=");
export const Less = symbol("Less", "<");
export const Greater = symbol("Greater", ">");
export const AndSign = symbol("AndSign", "&&");
export const OrSign = symbol("OrSign", "||");
export const Bang = symbol("Bang", "!");
export const Plus = symbol("Plus", "+");
export const Minus = symbol("Minus", "-");
export const Star = symbol("Star", "*");
export const Slash = symbol("Slash", "/");
export const Percent = symbol("Percent", "%");
export const OpenRound = symbol("OpenRound", "(");
export const CloseRound = symbol("CloseRound", ")");
export const OpenSquare = symbol("OpenSquare", "[");
export const CloseSquare = symbol("CloseSquare", "]");
export const Comma = symbol("Comma", ",");
export const Dot = symbol("Dot", ".");
/** Never part of the grammar: lexed so that the message can say what to write instead. */
export const Assign = symbol("Assign", "=");

export const DollarName = createToken({ name: "DollarName", pattern: /\$[A-Za-z_][A-Za-z0-9_]*/ });
export const Dollar = symbol("Dollar", "$");
export const NumberText = createToken({ name: "NumberText", pattern: /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/ });
export const StringText = createToken({ name: "StringText", pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'/ });
const Space = createToken({ name: "Space", pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED, line_breaks: true });

const PLACE = /[a-z][a-z0-9]*(?:--?[a-z0-9]+)*/y;

/** A place behind FROM, or behind one and a comma: its hyphens are no minus there. */
export const PlaceName = createToken({
  name: "PlaceName",
  pattern: (text, offset, before) => {
    PLACE.lastIndex = offset;
    return expectsPlace(before) ? PLACE.exec(text) : null;
  },
  line_breaks: false,
  start_chars_hint: [..."abcdefghijklmnopqrstuvwxyz"],
});

function expectsPlace(before: IToken[]): boolean {
  const at = before.length - 1;
  const last = before[at]?.tokenType;
  if (last === Comma) return before[at - 1]?.tokenType === PlaceName;
  return last === From && before[at - 1]?.tokenType !== Dot && (at === 0 || isOperandEnd(before, at - 1));
}

/** FROM names a field where an operand is wanted (`SELECT from`, `$.from`, `AS from`), and opens the clause where one has ended. */
function isOperandEnd(tokens: IToken[], at: number): boolean {
  const last = tokens[at]?.tokenType;
  if (!last) return false;
  if (tokens[at - 1]?.tokenType === Dot) return true;
  if (last === Star) return at === 1 && tokens[0]?.tokenType === Select;
  if (last === Select) return at > 0;
  if (last === As) return !isOperandEnd(tokens, at - 1);
  const ends: TokenType[] = [Name, NumberText, StringText, CloseRound, CloseSquare, Dollar, DollarName, True, False, Null];
  return ends.includes(last) || (last.CATEGORIES ?? []).includes(Name);
}

// Longer words stand before their beginnings: ORDER before OR, ASC before AS.
export const vocabulary: TokenType[] = [
  ...[Space, PlaceName, StringText, NumberText, DollarName, Dollar],
  ...[Equal, Unequal, LessEqual, GreaterEqual, Less, Greater, AndSign, OrSign, Bang, Assign],
  ...[Plus, Minus, Star, Slash, Percent, OpenRound, CloseRound, OpenSquare, CloseSquare, Comma, Dot],
  ...[Select, From, Where, Order, By, Limit, Asc, Desc, As, Of, Group, And, Or, Not, In, Exists, Contains, True, False, Null],
  ...[Name, Word],
];
const lexer = new Lexer(vocabulary, { positionTracking: "onlyOffset" });

const RESERVED = new Set(["and", "or", "not", "in", "exists", "contains", "true", "false", "null"]);
/** Whether a word is an operator or a literal and so can name no input. */
export function isReserved(word: string): boolean {
  return RESERVED.has(word.toLowerCase());
}

/** Errors: Terminal `expression-syntax`. */
export function tokensOf(text: string): IToken[] {
  if (text.length > EXPRESSION_LENGTH_LIMIT) {
    throw syntaxError(
      text,
      EXPRESSION_LENGTH_LIMIT,
      `an expression has at most ${EXPRESSION_LENGTH_LIMIT} characters, this one ${text.length}`,
    );
  }
  const { tokens, errors } = lexer.tokenize(text);
  const error = errors[0];
  if (error) throw unreadable(text, error.offset);
  // Bounded before parsing, so that the parser's recursion is too.
  let depth = 0;
  for (const token of tokens) {
    if (token.tokenType === OpenRound || token.tokenType === OpenSquare) depth += 1;
    else if (token.tokenType === CloseRound || token.tokenType === CloseSquare) depth -= 1;
    if (depth > NESTING_LIMIT) throw syntaxError(text, token.startOffset, `nested deeper than ${NESTING_LIMIT} brackets`);
  }
  return tokens;
}

function unreadable(text: string, offset: number): Error {
  const character = text.charAt(offset);
  if (character === '"' || character === "'") return syntaxError(text, offset, `a text opens with ${character} and is not closed`);
  if (character === "&" || character === "|") {
    return syntaxError(text, offset, `unexpected ${character}`, `write ${character === "&" ? "AND" : "OR"}`);
  }
  if (character === "{") {
    const placeholder = text[offset - 1] === "$";
    const hint = placeholder
      ? `only templates hold \${...}; here the expression stands bare`
      : "objects have no literal here; templates stand in JSON";
    return syntaxError(text, offset, "unexpected {", hint);
  }
  return syntaxError(text, offset, `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 32))}`);
}
