/** Whether a net is there, asked of the broker until it is: a net that has a log keeps it. */
import { noSuchNet } from "../client/known-nets.ts";
import type { Broker } from "../contract/broker.ts";

const known = new WeakMap<Broker, Set<string>>();

/** Errors: Terminal `unknown-net`. */
export async function mustBeNet(broker: Broker, net: string): Promise<void> {
  const seen = known.get(broker) ?? new Set();
  known.set(broker, seen);
  if (seen.has(net)) return;
  await noSuchNet(broker, net);
  seen.add(net);
}
