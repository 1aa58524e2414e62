/**
 * What JSON may be to come in: nested no deeper than every reader, writer and copier of it can follow, and without the one key
 * that some of them take for an object's prototype.
 */

/** Levels of arrays and objects in what comes from outside: deliveries, commands, answers and results. */
export const JSON_DEPTH = 200;
/** What the net itself lays around that, where work fails again and again. */
export const ERROR_DEPTH = 2 * JSON_DEPTH;

export interface JsonFlaw {
  code: "too-deep" | "reserved-key";
  reason: string;
  hint: string;
}

/** Most values hold no other: it is written to by nobody. */
const NOTHING: object[] = [];

/** Null for JSON that may come in. Level by level and without recursion: a hostile value must not use up the stack. */
export function jsonFlaw(value: unknown, depth = JSON_DEPTH): JsonFlaw | null {
  if (typeof value !== "object" || value === null) return null;
  let level: object[] = [value];
  for (let at = 1; level.length > 0; at += 1) {
    if (at > depth) return tooDeep(depth);
    let below = NOTHING;
    for (const each of level) {
      if (!Array.isArray(each) && Object.hasOwn(each, "__proto__")) return RESERVED;
      for (const key in each) {
        const inner = (each as Record<string, unknown>)[key];
        if (typeof inner !== "object" || inner === null) continue;
        if (below === NOTHING) below = [];
        below.push(inner);
      }
    }
    level = below;
  }
  return null;
}

const tooDeep = (depth: number): JsonFlaw => ({
  code: "too-deep",
  reason: `it is nested deeper than ${depth} levels`,
  hint: "send it flatter, or as text in one field",
});
const RESERVED: JsonFlaw = { code: "reserved-key", reason: "it has a key __proto__", hint: "give that field another name" };
