/**
 * A page of the tokens in a place, in order of arrival, by where the page before ended: what was taken meanwhile makes no page pass one over.
 *
 * A cursor names the last token shown and when it came to lie there. Where that token is gone, the page begins with what came no earlier:
 * then one that came in the same millisecond may be shown twice, and none is left out.
 */
import { type Placed, waitingSince } from "./state.ts";

export const TOKEN_CURSOR = /^(\d+)\.([^\s]+)$/;

export interface TokenPage {
  placed: Placed[];
  /** Null: nothing lies behind. */
  next: string | null;
}

/** `cursor` null or of another form: from the beginning. */
export function tokenPage(tokens: ReadonlyMap<string, Placed>, limit: number, cursor: string | null): TokenPage {
  const [, since = "", id = ""] = TOKEN_CURSOR.exec(cursor ?? "") ?? [];
  const isGone = !tokens.has(id);
  let isBehind = cursor === null || since === "";
  const page: Placed[] = [];
  for (const placed of tokens.values()) {
    if (!isBehind && isGone && waitingSince(placed) >= Number(since)) isBehind = true;
    if (isBehind) {
      if (page.length === limit) return { placed: page, next: cursorOf(page.at(-1)) };
      page.push(placed);
    } else if (placed.token.id === id) isBehind = true;
  }
  return { placed: page, next: null };
}

function cursorOf(placed: Placed | undefined): string | null {
  return placed ? `${waitingSince(placed)}.${placed.token.id}` : null;
}
