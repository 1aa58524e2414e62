/**
 * Templates: JSON whose strings hold `${expression}`. A string that is exactly one placeholder keeps the value's type, in
 * any other the value is written as text (objects and arrays as compact JSON). `$${` stands for `${`.
 */
import { PetrelError, Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { type CompiledExpression, compileExpression } from "./expression.ts";
import { memoized } from "./expression-memo.ts";
import { limitedText, textOf } from "./expression-values.ts";
import { type Scope, scopeOf } from "./scope.ts";

export interface CompiledTemplate {
  /** The names that its placeholders refer to, each once. */
  roots: string[];
  expressions: CompiledExpression[];
  /** Errors: Terminal `template-missing-path` or `template-no-value`, which name the placeholder; `expression-limit`. */
  render(scope: Scope, now?: number): Json;
}

type Render = (scope: Scope, now: number | undefined) => Json;
interface Part {
  expressions: CompiledExpression[];
  render: Render;
}

/** Errors: Terminal `expression-syntax` or `template-syntax`. */
export function compileTemplate(json: Json): CompiledTemplate {
  const { expressions, render } = compilePart(json);
  return { roots: [...new Set(expressions.flatMap(({ roots }) => roots))], expressions, render: (scope, now) => render(scope, now) };
}

function compilePart(json: Json): Part {
  if (typeof json === "string") return compileText(json);
  if (typeof json !== "object" || json === null) return fixed(json);
  if (Array.isArray(json)) {
    const parts = json.map(compilePart);
    return composed(parts, (scope, now) => parts.map(({ render }) => render(scope, now)));
  }
  const entries = Object.entries(json).map(([key, value]) => ({ key, part: compilePart(value) }));
  const parts = entries.map(({ part }) => part);
  // fromEntries defines own members, so that a key `__proto__` stays a key.
  if (Object.hasOwn(json, "__proto__"))
    return composed(parts, (scope, now) => Object.fromEntries(entries.map(({ key, part }) => [key, part.render(scope, now)])));
  return composed(parts, (scope, now) => {
    const made: { [key: string]: Json } = {};
    for (const { key, part } of entries) made[key] = part.render(scope, now);
    return made;
  });
}

/** What has no placeholder is made once; values are never changed in place, so all renderings may share it. */
function composed(parts: Part[], render: Render): Part {
  const expressions = parts.flatMap((part) => part.expressions);
  return expressions.length === 0 ? fixed(render(scopeOf({}), undefined)) : { expressions, render };
}

function fixed(value: Json): Part {
  return { expressions: [], render: () => value };
}

const compileText = memoized((text: string): Part => {
  const pieces = piecesOf(text);
  const expressions = pieces.filter((piece) => typeof piece !== "string");
  const [first] = pieces;
  if (expressions.length === 0) return fixed(pieces.join(""));
  if (pieces.length === 1 && first !== undefined && typeof first !== "string") {
    return { expressions, render: (scope, now) => valueIn(first, scope, now) };
  }
  const write: Render = (scope, now) => {
    let written = "";
    for (const piece of pieces) written += typeof piece === "string" ? piece : textOf(valueIn(piece, scope, now));
    return limitedText(written);
  };
  return { expressions, render: write };
});

/** Fixed texts and placeholders, in turn. */
function piecesOf(text: string): (string | CompiledExpression)[] {
  const pieces: (string | CompiledExpression)[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf("$", at);
    if (next === -1) break;
    plain += text.slice(at, next);
    if (text.startsWith("$${", next)) {
      plain += "${";
      at = next + 3;
    } else if (text.startsWith("${", next)) {
      const end = endOfPlaceholder(text, next + 2);
      if (plain !== "") pieces.push(plain);
      plain = "";
      pieces.push(placeholder(text.slice(next + 2, end)));
      at = end + 1;
    } else {
      plain += "$";
      at = next + 1;
    }
  }
  plain += text.slice(at);
  if (plain !== "" || pieces.length === 0) pieces.push(plain);
  return pieces;
}

/** The closing brace, which may stand in a quoted text of the expression before. */
function endOfPlaceholder(text: string, from: number): number {
  let quote = "";
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === "\\") at += 1;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "}") return at;
  }
  const shown = text.slice(from - 2, from + 40);
  throw new Terminal({
    code: "template-syntax",
    message: `a placeholder is not closed: ${shown}`,
    hint: "write } after it, or $${ for a plain ${",
  });
}

function placeholder(text: string): CompiledExpression {
  try {
    return compileExpression(text);
  } catch (error) {
    if (!(error instanceof PetrelError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new Terminal({ code: error.code, message: `in \${${text.slice(0, 80)}}: ${error.message}`, ...hint, cause: error });
  }
}

function valueIn(expression: CompiledExpression, scope: Scope, now: number | undefined): Json {
  const { value, missing } = expression.strict(scope, now);
  if (value !== undefined) return value;
  const shown = `\${${expression.text}}`;
  if (missing.length === 0) {
    const hint = "a type does not fit, or a number is divided by zero; default(value, fallback) gives a fallback";
    throw new Terminal({ code: "template-no-value", message: `${shown} has no value`, hint });
  }
  const paths = missing.join(", ");
  throw new Terminal({
    code: "template-missing-path",
    message: `${shown} has no value: there is no ${paths}`,
    hint: `write \${default(${missing[0]}, fallback)} if it may be missing`,
  });
}
