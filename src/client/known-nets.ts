/** Whether a net has a log at all: reading the log of a misspelt name would wait for nothing. */
import type { Broker } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import { nearestHint } from "../net/check-nearest.ts";

/** Throws Terminal `unknown-net` unless the net has a log. */
export async function noSuchNet(broker: Broker, net: string): Promise<void> {
  const nets = await broker.nets();
  if (nets.includes(net)) return;
  const hint = nets.length === 0 ? "apply one: petrel net apply nets/safe-teams.json" : `${nearestHint(net, nets, "nets")} (petrel net ls)`;
  throw new Terminal({ code: "unknown-net", message: `no net is called ${net}`, hint });
}
