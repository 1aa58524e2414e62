/** Groups that have begun to come together: joins by `correlate` and `gather` that still wait for some of their tokens. Pure. */
import { isoTime } from "../contract/clock.ts";
import type { Json } from "../contract/json.ts";
import type { CompiledInput, CompiledNet, CompiledTransition } from "./compiled-net.ts";
import { keyOfToken, leastOf } from "./correlation.ts";
import { groupOf } from "./due.ts";
import { boundOf, scopeOfToken } from "./scope.ts";
import { type NetState, type Placed, waitingSince } from "./state.ts";

export interface PartialGroup {
  transition: string;
  /** What its tokens share; of a `gather`, the id of the token that asks for the group. */
  key: Json;
  /** Since when the first of them waits, ISO 8601. */
  since: string;
  /** Each input of the group: how many are there, and how many it takes. */
  inputs: { input: string; place: string; have: number; wanted: number }[];
}

/** The oldest groups first, at most `most`; `total` counts them all. `only` names one transition. */
export function partialGroups(
  state: NetState,
  net: CompiledNet,
  now: number,
  { most = 100, only }: { most?: number; only?: string } = {},
): { groups: PartialGroup[]; total: number } {
  const found: (PartialGroup & { at: number })[] = [];
  for (const transition of net.transitions.values()) {
    if (only !== undefined && transition.id !== only) continue;
    found.push(...joins(state, transition, now), ...gathers(state, transition, now));
  }
  found.sort((a, b) => a.at - b.at);
  return { groups: found.slice(0, most).map(({ at: _, ...group }) => group), total: found.length };
}

type Found = PartialGroup & { at: number };

function joins(state: NetState, transition: CompiledTransition, now: number): Found[] {
  const inputs = transition.inputs.filter(({ correlate }) => correlate !== null);
  const groups = new Map<string, { key: Json; at: number; have: number[] }>();
  for (const [index, input] of inputs.entries()) {
    for (const placed of candidates(state, input, now)) {
      const key = keyOfToken(input, placed.token);
      if (key === undefined) continue;
      const text = JSON.stringify(key);
      const group = groups.get(text) ?? { key, at: Number.POSITIVE_INFINITY, have: inputs.map(() => 0) };
      groups.set(text, group);
      group.have[index] = (group.have[index] ?? 0) + 1;
      group.at = Math.min(group.at, waitingSince(placed));
    }
  }
  return [...groups.values()].flatMap(({ key, at, have }) => {
    const parts = inputs.map((input, index) => partOf(input, have[index] ?? 0, leastOf(input)));
    if (parts.every((part) => part.have >= part.wanted)) return [];
    return [{ transition: transition.id, key, at, since: isoTime(at), inputs: parts }];
  });
}

function gathers(state: NetState, transition: CompiledTransition, now: number): Found[] {
  const [first, second] = transition.inputs;
  if (!first || !second?.gather) return [];
  return [...(state.places.get(first.arc.place)?.values() ?? [])].flatMap((placed): Found[] => {
    const group = placed.reservedBy === null ? groupOf(state, transition, first, second, placed, now) : null;
    if (!group) return [];
    const at = waitingSince(placed);
    const inputs = [partOf(first, 1, 1), partOf(second, group.found.length, group.wanted)];
    return [{ transition: transition.id, key: placed.token.id, at, since: isoTime(at), inputs }];
  });
}

function partOf({ name, arc }: CompiledInput, have: number, wanted: number): PartialGroup["inputs"][number] {
  return { input: name, place: arc.place, have, wanted };
}

/** A condition that names other inputs is taken to hold. */
function* candidates(state: NetState, { arc, where }: CompiledInput, now: number): Generator<Placed> {
  const own = where?.roots.every((root) => root === "$") ? where : null;
  for (const placed of state.places.get(arc.place)?.values() ?? []) {
    if (placed.reservedBy !== null && arc.mode !== "read") continue;
    if (!own || own.test(scopeOfToken(boundOf(placed.token, arc.place)), now)) yield placed;
  }
}

/** `order 17: bill 0 of 1`, for people. */
export function groupWords({ key, inputs }: PartialGroup): string {
  const parts = inputs.map(({ input, have, wanted }) => `${input} ${Math.min(have, wanted)} of ${wanted}`);
  return `${typeof key === "string" ? key : JSON.stringify(key)}: ${parts.join(", ")}`;
}
