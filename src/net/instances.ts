/**
 * Instances of sub-nets: each open firing of a link with `"instance": "each"` is one, and its id is theirs. A token carries it as
 * long as it lies inside. Kept up by the fold alone.
 *
 * I1 A transition inside binds tokens of one instance. I2 A token that a firing inside produces belongs to the same instance, if
 * its place does, or if it lies among the dead letters. I3 With its firing, an instance's tokens and firings end.
 */
import type { EventDraft, NetEvent, PlacedId, PlacedToken } from "../contract/event.ts";
import { isJsonObject } from "../contract/json.ts";
import { BUILT_IN_PLACES } from "./built-in-places.ts";
import { existingIndex, markingIndex } from "./marking-index.ts";
import type { NetState, OpenFiring } from "./state.ts";
import { NONE } from "./token-line.ts";
import type { TokenKey } from "./token-list.ts";

/** Tokens told apart by their instance. */
export const INSTANCE_KEY: TokenKey = { text: "instance", of: (token) => token.instance ?? null };

/** The instance that an event's tokens come from, or its open firing stands in; null outside of instances. */
export function instanceOf(state: NetState, event: Pick<NetEvent, "firing" | "consumed" | "read">): string | null {
  const open = event.firing === undefined ? undefined : state.firings.get(event.firing);
  if (open) return open.within ?? null;
  for (const { place, id } of [...(event.consumed ?? []), ...(event.read ?? [])]) {
    const token = state.places.get(place)?.get(id)?.token;
    if (token) return token.instance ?? null;
  }
  return null;
}

/** I2, for every event on its way into the log. */
export function withInstance(state: NetState, draft: EventDraft): EventDraft {
  if (!draft.produced?.length) return draft;
  if (state.instances.size === 0 && draft.produced.every(({ token }) => token.instance === undefined)) return draft;
  const instance = instanceOf(state, draft);
  const opened = draft.attributes?.opens === undefined ? null : draft.firing;
  const produced = draft.produced.map(({ place, token }): PlacedToken => {
    if (opened !== null && token.instance === opened) return { place, token };
    if (instance !== null && belongs(state, instance, place)) return { place, token: { ...token, instance } };
    if (token.instance === undefined) return { place, token };
    const { instance: _, ...free } = token;
    return { place, token: free };
  });
  return { ...draft, produced };
}

function belongs(state: NetState, instance: string, place: string): boolean {
  const subnet = state.firings.get(instance)?.subnet;
  return BUILT_IN_PLACES.includes(place) || (typeof subnet === "string" && place.startsWith(`${subnet}--`));
}

/** All that ends with an instance: its tokens, its open firings, and those of instances inside it. */
export function contentsOf(state: NetState, instance: string): { tokens: PlacedId[]; firings: OpenFiring[] } {
  const firings: OpenFiring[] = [];
  const instances = [instance];
  for (let at = 0; at < instances.length; at += 1) {
    for (const firing of state.firings.values()) {
      if ((firing.within ?? null) !== instances[at]) continue;
      firings.push(firing);
      if (firing.subnet) instances.push(firing.firing);
    }
  }
  const subnet = state.firings.get(instance)?.subnet ?? "";
  const tokens: PlacedId[] = [];
  for (const place of state.places.keys()) {
    if (!place.startsWith(`${subnet}--`) && !BUILT_IN_PLACES.includes(place)) continue;
    const index = markingIndex(state).place(place);
    for (const each of instances) {
      const line = index.line("all", INSTANCE_KEY, each);
      for (let slot = line.head; slot !== NONE; slot = line.next(slot)) tokens.push({ place, id: line.placed(slot).token.id });
    }
  }
  return { tokens, firings };
}

/** Of a link's `started`: its instance begins. */
export function foldOpened(state: NetState, event: NetEvent, firing: OpenFiring): void {
  const opens = event.attributes?.opens;
  if (!isJsonObject(opens)) return;
  firing.subnet = String(opens.subnet);
  firing.deadline = typeof opens.deadline === "number" ? opens.deadline : null;
  state.instances.set(firing.firing, 0);
}

/** I3. */
export function endFirings(state: NetState, event: NetEvent): void {
  const ended = event.attributes?.ended;
  if (event.firing !== undefined && !state.firings.has(event.firing)) forget(state, event.firing);
  if (!Array.isArray(ended)) return;
  for (const each of ended) {
    if (!isJsonObject(each)) continue;
    const id = String(each.firing);
    forget(state, id);
    const firing = state.firings.get(id);
    if (firing) existingIndex(state)?.closed(firing);
    state.firings.delete(id);
  }
}

/** Of an agent's program that goes on to its model: the instance is over, and the firing is not. */
export function foldHanded(state: NetState, event: NetEvent, firing: OpenFiring): void {
  const handed = event.attributes?.handed;
  if (!isJsonObject(handed)) return;
  forget(state, firing.firing);
  firing.handed = handed;
  firing.subnet = null;
  firing.deadline = null;
}

function forget(state: NetState, instance: string): void {
  state.instances.delete(instance);
  state.hollow.delete(instance);
}

/** A token has come or gone. */
export function countInstance(state: NetState, instance: string | undefined, change: 1 | -1): void {
  const count = instance === undefined ? undefined : state.instances.get(instance);
  if (instance === undefined || count === undefined) return;
  state.instances.set(instance, count + change);
  if (count + change === 0) state.hollow.add(instance);
  else state.hollow.delete(instance);
}
