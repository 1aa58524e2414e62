/** What time alone brings about: gates that expire, groups that stay incomplete, attempts whose wait is over. Pure. */
import { isoTime } from "../contract/clock.ts";
import { CATEGORY_OF, type EventDraft } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { inputScope } from "./binding.ts";
import type { CompiledInput, CompiledNet, CompiledTransition } from "./compiled-net.ts";
import { authorOf } from "./decide.ts";
import { markingIndex } from "./marking-index.ts";
import { boundOf } from "./scope.ts";
import { type NetState, type OpenFiring, type Placed, waitingSince } from "./state.ts";
import { nextTiming } from "./timing.ts";

/**
 * When something will be due next (ms since the epoch), or null. `looked`: when transitions were last tried that time alone can
 * enable; what has come due since is due still.
 */
export function nextDue(state: NetState, net: CompiledNet, now: number, looked = now): number | null {
  let next = Number.POSITIVE_INFINITY;
  for (const { notBefore, gate, deadline } of markingIndex(state).timed) {
    if (gate === null && typeof deadline === "number") next = Math.min(next, deadline);
    if (notBefore !== null && !gate && !state.paused) next = Math.min(next, notBefore);
    if (gate && !gate.passed && gate.expiresAt !== null) next = Math.min(next, gate.expiresAt);
  }
  for (const { due } of incompleteGroups(state, net, now)) next = Math.min(next, due);
  next = Math.min(next, nextTiming(state, net, looked));
  return Number.isFinite(next) ? next : null;
}

/** Attempts that waited for their time and may go now; none while the net is paused. */
export function dueRetries(state: NetState, now: number): OpenFiring[] {
  if (state.paused) return [];
  return [...markingIndex(state).timed].filter(({ notBefore, gate }) => gate === null && notBefore !== null && notBefore <= now);
}

/**
 * The first group whose time is up: anchor and partial group leave together for the place that `onIncomplete` names. One at a
 * time, since two anchors may want the same tokens. None while people have paused the net: nobody could bring what is missing.
 */
export function incompleteDraft(state: NetState, net: CompiledNet, now: number): EventDraft | null {
  const late = incompleteGroups(state, net, now).find(({ due }) => due <= now);
  return late ? draftOf(late, state.net, now) : null;
}

function draftOf({ transition, anchor, anchorPlace, input, found, wanted }: Group, net: string, now: number): EventDraft {
  const firing = derivedId("f-", net, transition.id, "incomplete", anchor.id);
  const data: Json = {
    incomplete: transition.id,
    wanted,
    found: found.length,
    anchor: anchor.data,
    group: found.map((token) => token.data),
  };
  const token: Token = {
    id: derivedId("t-", firing, "incomplete"),
    data,
    by: authorOf(transition),
    at: isoTime(now),
    correlation: anchor.correlation,
    v: 1,
    from: { net, transition: transition.id, firing, tokens: [anchor.id, ...found.map(({ id }) => id)] },
  };
  const place = input.gather?.to ?? "";
  return {
    category: CATEGORY_OF.expired,
    type: "expired",
    status: "error",
    transition: transition.id,
    firing,
    correlation: anchor.correlation,
    summary: `Only ${found.length} of ${wanted} came together for ${transition.id} in time: what was there went to ${place}.`,
    consumed: [{ place: anchorPlace, id: anchor.id }, ...found.map(({ id }) => ({ place: input.arc.place, id }))],
    produced: [{ place, token }],
  };
}

interface Group {
  transition: CompiledTransition;
  anchor: Token;
  anchorPlace: string;
  input: CompiledInput;
  found: Token[];
  wanted: number;
  due: number;
}

function incompleteGroups(state: NetState, net: CompiledNet, now: number): Group[] {
  const groups: Group[] = [];
  if (state.paused) return groups;
  for (const transition of net.transitions.values()) {
    const [first, input] = transition.inputs;
    // An anchor that is only read is not this transition's to take away.
    if (!first || first.arc.mode === "read" || !input?.gather || input.gather.after === null) continue;
    for (const placed of state.places.get(first.arc.place)?.values() ?? []) {
      if (placed.reservedBy !== null) continue;
      const group = groupOf(state, transition, first, input, placed, now);
      if (group) groups.push(group);
    }
  }
  return groups;
}

/** What has come together for this token of the first input; null where it is whole, or not a group at all. */
export function groupOf(
  state: NetState,
  transition: CompiledTransition,
  first: CompiledInput,
  input: CompiledInput,
  placed: Placed,
  now: number,
): Group | null {
  const { token: anchor } = placed;
  const gather = input.gather;
  const self = boundOf(anchor, first.arc.place);
  if (!gather || (first.where && first.where.test(inputScope([], { $: self }), now) === false)) return null;
  const scope = inputScope([{ name: first.name, many: false, place: first.arc.place, tokens: [anchor] }]);
  const wanted = gather.count.evaluate(scope, now);
  const key = gather.equals ? gather.equals.evaluate(scope, now) : gather.by.evaluate(inputScope([], { $: self }), now);
  if (key === undefined) return null;
  const belongs = (token: Token) => {
    const own = inputScope([{ name: first.name, many: false, place: first.arc.place, tokens: [anchor] }], {
      $: boundOf(token, input.arc.place),
    });
    if (input.where && !input.where.test(own, now)) return false;
    return JSON.stringify(gather.by.evaluate(own, now)) === JSON.stringify(key);
  };
  const found = [...(state.places.get(input.arc.place)?.values() ?? [])]
    .filter(
      ({ token, reservedBy }) => reservedBy === null && token.id !== anchor.id && token.instance === anchor.instance && belongs(token),
    )
    .map(({ token }) => token);
  if (typeof wanted !== "number" || found.length >= wanted) return null;
  return { transition, anchor, anchorPlace: first.arc.place, input, found, wanted, due: waitingSince(placed) + (gather.after ?? 0) };
}
