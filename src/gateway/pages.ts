/** Pages of lists that are made anew for each request: a cursor names the last row shown by its key, so rows that come or go move nothing. */
import * as z from "zod";
import { usage } from "../client/usage.ts";

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.string().max(1000).optional().describe("`next` of the page before"),
};
interface Asked {
  limit: number;
  cursor?: string | undefined;
}

/** In the order of their keys, which are unique. `next` null: nothing lies behind. Errors: usage, for a cursor that no page gave. */
export function pageByKey<Row>(rows: readonly Row[], keyOf: (row: Row) => string, asked: Asked): { rows: Row[]; next: string | null } {
  const after = asked.cursor === undefined ? null : keyIn(asked.cursor);
  const keyed = rows
    .map((row) => ({ row, key: keyOf(row) }))
    .filter(({ key }) => after === null || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = keyed.slice(0, asked.limit);
  const last = page.at(-1);
  return {
    rows: page.map(({ row }) => row),
    next: last && keyed.length > page.length ? Buffer.from(last.key).toString("base64url") : null,
  };
}

function keyIn(cursor: string): string {
  const key = Buffer.from(cursor, "base64url").toString();
  if (key === "" || Buffer.from(key).toString("base64url") !== cursor) throw badCursor(cursor);
  return key;
}

export const badCursor = (cursor: string) =>
  usage(`no page gave the cursor "${cursor}"`, "leave it out for the first page, and take `next` of that");
