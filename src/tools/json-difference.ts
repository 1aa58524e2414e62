/** Where two JSON values differ. Lists are compared position by position. */
import { canonicalJson, isJsonObject, type Json } from "../contract/json.ts";

export interface JsonChange {
  /** JSON Pointer (RFC 6901). */
  path: string;
  change: "added" | "removed" | "changed";
  before?: Json;
  after?: Json;
}

export function jsonDifference(before: Json, after: Json, path = ""): JsonChange[] {
  const [one, other] = [fields(before), fields(after)];
  if (one === null || other === null || Array.isArray(before) !== Array.isArray(after)) {
    return canonicalJson(before) === canonicalJson(after) ? [] : [{ path, change: "changed", before, after }];
  }
  const keys = [...new Set([...one.keys(), ...other.keys()])];
  return keys.flatMap((key): JsonChange[] => {
    const at = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const [old, fresh] = [one.get(key), other.get(key)];
    if (old === undefined) return fresh === undefined ? [] : [{ path: at, change: "added", after: fresh }];
    return fresh === undefined ? [{ path: at, change: "removed", before: old }] : jsonDifference(old, fresh, at);
  });
}

function fields(value: Json): Map<string, Json> | null {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item]));
  return isJsonObject(value) ? new Map(Object.entries(value)) : null;
}
