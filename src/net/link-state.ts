/**
 * Links between two nets, as each side's log tells them (E10).
 *
 * L1 The sender numbers the tokens of a pair of nets from 1, without gaps; until `delivered` a token lies in `in-transit`.
 * L2 The receiver takes only the next number, and remembers the last one with the identity of the sender's log. L3 A log that
 * was made anew has another identity: neither side goes on with it before a person has said so (`relink`).
 */
import type { NetEvent } from "../contract/event.ts";
import { isJsonObject, type JsonObject } from "../contract/json.ts";
import type { Transit } from "./records.ts";
import type { NetState } from "./state.ts";

/** Our identity for a net that we send to; null before the log has one. */
export function identityFor(state: NetState, net: string): string | null {
  return state.born === null ? null : `${state.born}.${state.outbox.get(net)?.round ?? 0}`;
}

/** Tokens for a net, in the order of their numbers, the first after `delivered`. */
export function inTransitTo(state: NetState, net: string): { id: string; transit: Transit }[] {
  return [...state.transit].flatMap(([id, transit]) => (transit.net === net ? [{ id, transit }] : []));
}

export function foldSent(state: NetState, event: NetEvent): void {
  const link = linkOf(event);
  const [produced] = event.produced ?? [];
  if (!link || !produced) return;
  const net = String(link.net);
  const number = Number(link.number);
  const before = state.outbox.get(net) ?? { sent: 0, delivered: 0, peer: null, round: 0 };
  state.outbox.set(net, { ...before, sent: number });
  const author = typeof link.author === "string" ? link.author : null;
  state.transit.set(produced.token.id, { net, place: String(link.place), number, transition: event.transition ?? "", author });
}

export function foldDelivered(state: NetState, event: NetEvent): void {
  const link = linkOf(event);
  const before = link && state.outbox.get(String(link.net));
  if (!link || !before) return;
  state.outbox.set(String(link.net), { ...before, delivered: Number(link.upTo), peer: String(link.peer) });
  for (const { id } of event.consumed ?? []) state.transit.delete(id);
}

/** Of `arrived` and `refused`: the next number of a pair is taken, whatever became of its token. */
export function foldTaken(state: NetState, event: NetEvent): void {
  const link = linkOf(event);
  if (!link) return;
  state.inbox.set(String(link.from), { from: String(link.identity), number: Number(link.number) });
  if (typeof link.author !== "string") return;
  for (const { token } of event.produced ?? []) state.authors.set(token.correlation, link.author);
}

/** What is still on its way is numbered from 1 again, under a new identity; what came from there may begin anew. */
export function foldRelinked(state: NetState, event: NetEvent): void {
  const link = linkOf(event);
  if (!link) return;
  const net = String(link.relink);
  const waiting = inTransitTo(state, net);
  const before = state.outbox.get(net);
  if (before) state.outbox.set(net, { sent: waiting.length, delivered: 0, peer: null, round: before.round + 1 });
  for (const [at, { id, transit }] of waiting.entries()) state.transit.set(id, { ...transit, number: at + 1 });
  state.inbox.delete(net);
}

function linkOf(event: NetEvent): JsonObject | null {
  const link = event.attributes?.link;
  return isJsonObject(link) ? link : null;
}
