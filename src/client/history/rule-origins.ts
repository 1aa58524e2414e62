/** Where the rules come from that had a part in steps: the net's version of then says it. */
import type { Broker } from "../../contract/broker.ts";
import { type CompiledNet, compileNet } from "../../net/compiled-net.ts";
import { netSchema } from "../../net/definition.ts";
import type { Step } from "./step-story.ts";

/** Adds the proof to each step with a rule, where that version is still there and had one. Errors: those of the broker. */
export async function withRuleOrigins(broker: Broker, net: string, steps: Iterable<Step>): Promise<void> {
  const versions = new Map<string, CompiledNet | null>();
  for (const { rule, transition, netVersion } of steps) {
    if (!rule || transition === null || netVersion === null) continue;
    if (!versions.has(netVersion)) versions.set(netVersion, await versionOf(broker, net, netVersion));
    const crystal = versions.get(netVersion)?.transitions.get(transition)?.crystal;
    if (crystal?.id === rule.rule) rule.proof = crystal.definition.proof ?? null;
  }
}

async function versionOf(broker: Broker, net: string, version: string): Promise<CompiledNet | null> {
  const parsed = netSchema.safeParse(await broker.netVersions.get(net, version));
  return parsed.success ? compileNet(parsed.data, version) : null;
}
