/** Joins by `correlate`: the key of a token as the index keeps it, and how many of one key an input needs. */
import { errorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import type { CompiledInput } from "./compiled-net.ts";
import { compileExpression } from "./expression.ts";
import { tokenKeyOf } from "./lookup.ts";
import { boundOf, scopeOfToken } from "./scope.ts";
import type { TokenKey } from "./token-list.ts";

/** Any expression over the token. What cannot be computed is no key: the index is kept up inside the fold, which never fails. */
export function correlationKey(text: string): TokenKey {
  const path = tokenKeyOf(text);
  if (path) return path;
  const expression = compileExpression(text);
  const of = (token: Token, place: string) => {
    try {
      return expression.evaluate(scopeOfToken(boundOf(token, place)));
    } catch (error) {
      if (errorData(error).code !== "expression-limit") throw error;
      return undefined;
    }
  };
  return { text: `correlate ${text}`, of };
}

/** Undefined where the token has no key, or null. */
export function keyOfToken({ correlate, arc }: CompiledInput, token: Token): Json | undefined {
  return correlate?.of(token, arc.place) ?? undefined;
}

/** How many tokens of one key an input must have. What only a firing can say counts as one. */
export function leastOf({ take, batch }: CompiledInput): number {
  return batch === null && typeof take === "number" ? take : 1;
}
