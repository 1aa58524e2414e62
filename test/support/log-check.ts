/** E1 and E5 from outside: the log alone against the place streams. */
import { expect } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import { PetrelError } from "../../src/contract/errors.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf, type NetState } from "../../src/net/state.ts";
import { waitUntil } from "./wait-until.ts";

export async function eventsOf(broker: Broker, net: string): Promise<NetEvent[]> {
  const events: NetEvent[] = [];
  await broker.log(net).read(0, (entry) => void events.push(...entry.events));
  return events;
}

async function idsOf(broker: Broker, net: string, place: string): Promise<string[]> {
  const ids = await broker
    .places(net)
    .ids(place)
    .catch((error: unknown) => {
      if (error instanceof PetrelError && error.outlook === "retryable") return new Set([error.message]);
      throw error;
    });
  return [...ids].sort();
}

/** No gap in `seq`, the streams show exactly the marking, and each event that ends a firing stands once. Gives the folded state. */
export async function logAgreesWithPlaces(
  broker: Broker,
  net: string,
  timeoutMs = 60_000,
): Promise<{ state: NetState; events: NetEvent[] }> {
  let found: { state: NetState; events: NetEvent[] } | null = null;
  let difference = "";
  await waitUntil(
    `the place streams of ${net} agree with its log`,
    async () => {
      const events = await eventsOf(broker, net);
      const state = foldEvents(net, events);
      const marking = markingOf(state);
      found = { state, events };
      for (const place of new Set([...state.places.keys(), ...Object.keys(marking)])) {
        // Out of reach is not yet what it should be, as long as there is time.
        const shown = await idsOf(broker, net, place);
        difference = `${place}: ${JSON.stringify(marking[place] ?? [])} in the log, ${JSON.stringify(shown)} in its stream`;
        if (JSON.stringify(shown) !== JSON.stringify(marking[place] ?? [])) return false;
      }
      return true;
    },
    timeoutMs,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${difference.slice(0, 2000)}`);
  });
  const { state, events } = found as unknown as { state: NetState; events: NetEvent[] };
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  const ended = events.filter(({ type, attributes }) => type === "fired" || (type === "failed" && attributes?.final === true));
  expect(new Set(ended.map(({ firing }) => firing)).size).toBe(ended.length);
  return { state, events };
}
