/** The gate `release`, put before devops into the running net. */
import type { Broker } from "../../contract/broker.ts";
import type { Json } from "../../contract/json.ts";
import type { NetDefinition } from "../../net/definition.ts";
import { versionOf } from "../../net/version.ts";
import { asked, type By } from "../team/team-files.ts";

/** A live edit: tokens in flight stay where they are, and the next delivery waits for people. */
export async function withGate(broker: Broker, definition: NetDefinition, by: By): Promise<void> {
  const deliver = definition.transitions.deliver;
  if (!deliver) return;
  const gated = {
    ...deliver,
    gate: { name: "release", approvers: ["role:maintainer"], quorum: 1, notAuthor: false, expires: "24h", escalate: "escalations" },
  };
  const edited = { ...definition, transitions: { ...definition.transitions, deliver: gated } };
  await asked(broker, null, "apply-net", { definition: edited as unknown as Json, base: versionOf(definition), by: { ...by } });
}
