/** The key of a join by `correlate`, as the index of a marking keeps it. */
import { errorData } from "../contract/errors.ts";
import type { Token } from "../contract/token.ts";
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
