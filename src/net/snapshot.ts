/**
 * A copy of a state that stays as it is while the net goes on. Tokens are never changed once they are made, so they are
 * shared; everything that the fold changes in place is copied. Cheap: it is made between two decisions.
 */
import type { NetState, OpenFiring, Placed } from "./state.ts";

export function snapshotOf(state: NetState): NetState {
  const { places, firings, puts, ...rest } = state;
  // What a put was answered is never changed either, and a day may have a million of them.
  return { ...(copied(rest) as typeof rest), places: copiedPlaces(places), firings: copiedFirings(firings), puts: new Map(puts) };
}

function copiedPlaces(places: NetState["places"]): NetState["places"] {
  const copy: NetState["places"] = new Map();
  for (const [place, tokens] of places) {
    const placed = new Map<string, Placed>();
    for (const [id, one] of tokens) placed.set(id, { ...one });
    copy.set(place, placed);
  }
  return copy;
}

function copiedFirings(firings: NetState["firings"]): NetState["firings"] {
  const copy: NetState["firings"] = new Map();
  for (const [id, firing] of firings) {
    const { readTokens, ...rest } = firing;
    copy.set(id, { ...(copied(rest) as Omit<OpenFiring, "readTokens">), readTokens: [...readTokens] });
  }
  return copy;
}

/** Fields that come with later versions are copied deep: nobody has to think of this file. */
function copied(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, copied(each)]));
  if (value instanceof Set) return new Set(value);
  if (Array.isArray(value)) return value.map(copied);
  if (value === null || typeof value !== "object") return value;
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) copy[key] = copied(each);
  return copy;
}
