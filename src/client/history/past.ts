/** What lay in a place at a moment of the past. */
import type { Past } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import type { NetState, Placed } from "../../net/state.ts";

/** The tokens of a place then. Errors: Terminal `no-such-place`, when neither the definition of that time nor the log knows it. */
export async function tokensThen(broker: Broker, { state, last }: Past, place: string): Promise<Placed[]> {
  const tokens = state.places.get(place);
  if (tokens) return [...tokens.values()];
  const known = await placesThen(broker, state);
  if (known.includes(place)) return [];
  const when = last === null ? "before its first event" : `at event ${last.seq}`;
  throw new Terminal({
    code: "no-such-place",
    message: `the net ${state.net} had no place ${place} ${when}`,
    hint: nearestHint(place, known, "places"),
  });
}

async function placesThen(broker: Broker, state: NetState): Promise<string[]> {
  const definition = state.definition === null ? null : await broker.netVersions.get(state.net, state.definition);
  const declared = (definition as { places?: object } | null)?.places ?? {};
  return [...new Set([...Object.keys(declared), ...state.places.keys(), "rejected"])].sort();
}
