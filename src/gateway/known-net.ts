/** Whether a net or a place of it is there, asked of the broker until it is: a net that has a log keeps it. */

import { definitionAnswer, readAnswer } from "../client/answers.ts";
import { askNet } from "../client/ask.ts";
import { noSuchNet } from "../client/known-nets.ts";
import type { Broker } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import { nearestHint } from "../net/check-nearest.ts";

const known = new WeakMap<Broker, Set<string>>();

/** Errors: Terminal `unknown-net`. */
export async function mustBeNet(broker: Broker, net: string): Promise<void> {
  const seen = knownTo(broker);
  if (seen.has(net)) return;
  await noSuchNet(broker, net);
  seen.add(net);
}

/** A place that was seen once is not asked for again: a net may lose it later, and then nothing comes there. Errors: Terminal `no-such-place`. */
export async function mustBePlace(broker: Broker, net: string, place: string): Promise<void> {
  const seen = knownTo(broker);
  if (seen.has(`${net} ${place}`)) return;
  await mustBeNet(broker, net);
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const places = Object.keys((definition as { places?: object }).places ?? {});
  for (const each of places) seen.add(`${net} ${each}`);
  if (!places.includes(place))
    throw new Terminal({
      code: "no-such-place",
      message: `the net ${net} has no place ${place}`,
      hint: nearestHint(place, places, "places"),
    });
}

function knownTo(broker: Broker): Set<string> {
  const seen = known.get(broker) ?? new Set();
  known.set(broker, seen);
  return seen;
}
