/**
 * Trying failed work again: what a failure left is taken away, and what the firing had taken is put back where it lay. Pure.
 *
 * R1 One event does both. R2 A retry that is asked for again changes nothing. R3 What has gone on since is not taken back: a
 * failure of which a part has been used is refused. R4 What lay in an instance of a sub-net ended with it and does not come back: the
 * link begins a new one.
 */
import { isoTime } from "../contract/clock.ts";
import { Refused, Terminal } from "../contract/errors.ts";
import { CATEGORY_OF, type EventDraft, type PlacedId, type PlacedToken } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import { TAKEN_OVER } from "./built-in-places.ts";
import type { CompiledNet } from "./compiled-net.ts";
import { placeOf } from "./compiled-net.ts";
import { roomIn } from "./decide.ts";
import { retryKey } from "./fold.ts";
import type { NetState, Origin, Placed } from "./state.ts";

/** So many tokens surely fit into an entry of the log. */
const MOST_INPUTS = 300;

/** The tokens that a failure left, one of each, oldest first. `place` limits where they lie. */
export function retryable(state: NetState, place?: string): string[] {
  const known = new Set<string>();
  const ids: string[] = [];
  for (const [name, tokens] of state.places) {
    // What a person works on by hand has not failed.
    if ((place !== undefined && name !== place) || name === TAKEN_OVER) continue;
    for (const { token, origin } of tokens.values()) {
      if (!origin || known.has(token.id)) continue;
      for (const { id } of origin.left) known.add(id);
      ids.push(token.id);
    }
  }
  return ids;
}

/** Whether this token's work was put back already, within a day. */
export function wasRetried(state: NetState, id: string): boolean {
  return state.puts.has(retryKey(id));
}

/** @throws Terminal `no-such-token`; Refused `no-origin`, `token-reserved`, `used-since`, `place-full`, `too-many-tokens` */
export function retryDraft(state: NetState, net: CompiledNet, id: string, by: string, now: number): EventDraft {
  const found = findToken(state, id);
  if (!found) {
    throw new Terminal({
      code: "no-such-token",
      message: `no token ${id} lies in ${state.net}`,
      hint: `petrel tokens ${state.net} dead-letter`,
    });
  }
  const { place, placed } = found;
  const origin = originOf(state, place, placed);
  const taken = origin.inputs.filter(({ token }) => token.instance === placed.token.instance);
  const inputs = taken.map(
    ({ place: from, token }): PlacedToken => ({
      place: from,
      token: {
        ...token,
        id: derivedId("t-", token.id, "retry", id),
        at: isoTime(now),
        from: { net: state.net, transition: "retry", firing: id, tokens: [token.id, id] },
      },
    }),
  );
  mustFit(state, net, inputs, origin.left);
  const places = [...new Set(inputs.map(({ place: to }) => to))].join(", ");
  return {
    category: CATEGORY_OF.intervened,
    type: "intervened",
    status: "info",
    correlation: placed.token.correlation,
    consumed: origin.left,
    produced: inputs,
    summary: `${by} lets ${origin.transition ?? "the net"} try again: its work is back in ${places}.`,
    attributes: { by, verb: "retry", retried: id, ...(origin.transition === null ? {} : { of: origin.transition }) },
  };
}

function findToken(state: NetState, id: string): { place: string; placed: Placed } | null {
  for (const [place, tokens] of state.places) {
    const placed = tokens.get(id);
    if (placed) return { place, placed };
  }
  return null;
}

/** R3. */
function originOf(state: NetState, place: string, { token, origin, reservedBy }: Placed): Origin {
  if (!origin || origin.inputs.length === 0) {
    throw new Refused({
      code: "no-origin",
      message: `${token.id} in ${place} is not what a failure left as it was, so there is nothing to put back`,
      hint: `petrel token move ${state.net} ${place} ${token.id} --to PLACE`,
    });
  }
  if (reservedBy !== null) {
    throw new Refused({ code: "token-reserved", message: `the firing ${reservedBy} holds ${token.id}`, hint: "wait until it is over" });
  }
  for (const { place: at, id } of origin.left) {
    const other = state.places.get(at)?.get(id);
    if (other && other.reservedBy === null) continue;
    throw new Refused({
      code: "used-since",
      message: `the failure left ${id} in ${at} too, and that has ${other ? "been taken up" : "gone on"}: trying again would do the work twice`,
      hint: `petrel trace ${id} --net ${state.net}`,
    });
  }
  return origin;
}

function mustFit(state: NetState, net: CompiledNet, inputs: PlacedToken[], leaving: PlacedId[]): void {
  if (inputs.length > MOST_INPUTS) {
    const message = `the firing had taken ${inputs.length} tokens, more than one event can put back`;
    throw new Refused({ code: "too-many-tokens", message, hint: "put the work in anew, in smaller parts" });
  }
  const counts = new Map<string, number>();
  for (const { place } of inputs) counts.set(place, (counts.get(place) ?? 0) + 1);
  for (const [place, count] of counts) {
    if (placeOf(net, place) === undefined && !state.places.has(place)) {
      throw new Refused({ code: "no-such-place", message: `the net has no place ${place} any more`, hint: `petrel places ${state.net}` });
    }
    const freed = leaving.filter((gone) => gone.place === place).length;
    if (roomIn(state, net, place) + freed >= count) continue;
    throw new Refused({
      code: "place-full",
      message: `${place} has no room for what would come back`,
      hint: `petrel tokens ${state.net} ${place}`,
    });
  }
}
