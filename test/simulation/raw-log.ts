/** The log as it lies on the broker, read without the engine's help. */
import type { NetEvent } from "../../src/contract/event.ts";
import { entryHash } from "../../src/contract/hash.ts";
import type { Token } from "../../src/contract/token.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { foldEvents } from "../../src/net/fold.ts";
import type { NetState } from "../../src/net/state.ts";
import { NET } from "./nets.ts";

export interface RawEntry {
  sequence: number;
  epoch: number;
  events: NetEvent[];
  /** What it names as the hash of the entry before it. */
  prev: string;
  hash: string;
}

/** Every entry, also those that readers pass over. */
export function rawEntries(hub: MemoryHub, net = NET): RawEntry[] {
  return hub
    .log(net)
    .all()
    .map(({ seq, value: { id, epoch, events, prev = "" } }) => {
      return { sequence: seq, epoch, events, prev, hash: entryHash({ prev, epoch, id }, JSON.stringify(events)) };
    });
}

/** E2: entries of an epoch older than the newest before them say nothing. */
export function validEntries(hub: MemoryHub, net = NET): RawEntry[] {
  let newest = 0;
  return rawEntries(hub, net).filter(({ epoch, events }) => {
    if (epoch < newest) return false;
    if (events.some(({ type }) => type === "epoch")) newest = epoch;
    return true;
  });
}

export function foldRaw(hub: MemoryHub, net = NET): NetState {
  const entries = validEntries(hub, net);
  const state = foldEvents(
    net,
    entries.flatMap(({ events }) => events),
  );
  state.sequence = hub.log(net).last;
  state.chain = entries.at(-1)?.hash ?? "";
  return state;
}

/** Tokens that were in the net and are no longer. */
export function goneTokens(hub: MemoryHub, net = NET): { place: string; token: Token }[] {
  const there = new Map<string, { place: string; token: Token }>();
  const left = foldRaw(hub, net).places;
  for (const { events } of validEntries(hub, net)) {
    for (const event of events) for (const { place, token } of event.produced ?? []) there.set(token.id, { place, token });
  }
  return [...there.values()].filter(({ place, token }) => !left.get(place)?.has(token.id));
}
