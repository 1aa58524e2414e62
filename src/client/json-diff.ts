/** The difference of two JSON documents, for people: one line a change, by path. */
import { canonicalJson, isJsonObject, type Json } from "../contract/json.ts";

export interface Change {
  kind: "added" | "removed" | "changed";
  /** Like `transitions.review.timeout`. */
  path: string;
  from?: Json;
  to?: Json;
}

/** What turns `from` into `to`, in the order of the paths. */
export function jsonDiff(from: Json, to: Json, path = ""): Change[] {
  if (canonicalJson(from) === canonicalJson(to)) return [];
  if (!isJsonObject(from) || !isJsonObject(to)) return [{ kind: "changed", path, from, to }];
  const changes: Change[] = [];
  for (const key of [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()) {
    const inner = path === "" ? key : `${path}.${key}`;
    const [before, after] = [from[key], to[key]];
    if (before === undefined && after !== undefined) changes.push({ kind: "added", path: inner, to: after });
    else if (after === undefined && before !== undefined) changes.push({ kind: "removed", path: inner, from: before });
    else if (before !== undefined && after !== undefined) changes.push(...jsonDiff(before, after, inner));
  }
  return changes;
}
