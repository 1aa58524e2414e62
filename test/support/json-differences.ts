/** Where two JSON values differ: the paths, as deep as both have objects there. */
import { canonicalJson, isJsonObject, type Json } from "../../src/contract/json.ts";

export function jsonDifferences(before: Json, after: Json, path: string[] = []): string[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (!isJsonObject(before) || !isJsonObject(after)) return [path.join(".")];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const [was, is] = [before[key], after[key]];
    return was === undefined || is === undefined ? [[...path, key].join(".")] : jsonDifferences(was, is, [...path, key]);
  });
}
