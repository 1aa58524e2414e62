/** Expressions: guards, `when`, `where`, gather keys and what stands in a template's `${...}`. Compiled once for each text. */
import type { Json } from "../contract/json.ts";
import { compileNode, type Evaluation } from "./expression-compile.ts";
import { memoized } from "./expression-memo.ts";
import { parseExpression } from "./expression-parser.ts";
import { type Node, type PathNode, pathsIn } from "./expression-tree.ts";
import { isTrue } from "./expression-values.ts";
import type { Scope } from "./scope.ts";

export interface CompiledExpression {
  text: string;
  /** The names it refers to, each once: input names, "$" (`$meta` too), "$result", "$item", "$index", "$error". */
  roots: string[];
  /** Every path with its place in the text, for the checker. */
  paths: PathNode[];
  /** The value; undefined where a path leads nowhere or an operation has no result. `now` is in ms since 1970.
   * Errors: Terminal `expression-limit`, for values of absurd size only. */
  evaluate(scope: Scope, now?: number): Json | undefined;
  /** Whether it holds: missing, null, false, 0 and "" do not. */
  test(scope: Scope, now?: number): boolean;
  /** As `evaluate`, with the paths that led nowhere; an array literal with a missing element is missing itself. */
  strict(scope: Scope, now?: number): { value: Json | undefined; missing: string[] };
}

/** Errors: Terminal `expression-syntax`, with a caret under the place. */
export const compileExpression: (text: string) => CompiledExpression = memoized((text) => expressionOf(parseExpression(text), text));

/** The compiled form of a parsed expression; `text` is the text that it was parsed from. */
export function expressionOf(node: Node, text: string): CompiledExpression {
  const run = compileNode(node);
  const paths = pathsIn(node);
  const start = (scope: Scope, now: number | undefined, missing: string[] | null): Evaluation => ({ scope, now, missing });
  return {
    text,
    roots: [...new Set(paths.map((path) => path.root))],
    paths,
    evaluate: (scope, now) => run(start(scope, now, null)),
    test: (scope, now) => isTrue(run(start(scope, now, null))),
    strict: (scope, now) => {
      const missing: string[] = [];
      const value = run(start(scope, now, missing));
      return { value, missing: missing.length === 0 ? missing : [...new Set(missing)] };
    },
  };
}
