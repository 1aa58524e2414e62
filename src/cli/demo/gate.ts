/** The gate `release`, put before devops into the running net. */
import { relative } from "node:path";
import type { Broker } from "../../contract/broker.ts";
import type { Json } from "../../contract/json.ts";
import type { NetDefinition } from "../../net/definition.ts";
import { versionOf } from "../../net/version.ts";
import type { PetrelDoors } from "../doors.ts";
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

/** What to paste into another terminal. */
export function openGate(petrel: PetrelDoors, dir: string, net: string, gate: string): string {
  return `It waits for you. In another terminal, in this folder: ${petrelCommand(petrel)} gate approve ${net} ${gate} --dir ${shown(petrel, dir)}`;
}

/** How this program is called from where the user stands. */
export function petrelCommand(petrel: PetrelDoors): string {
  return `node ${relative(petrel.cwd, petrel.entry) || petrel.entry}`;
}
export function shown(petrel: PetrelDoors, path: string): string {
  const short = relative(petrel.cwd, path);
  const chosen = short === "" ? "." : short.startsWith("..") ? path : short;
  return /[^\w@%+=:,./-]/.test(chosen) ? `'${chosen.replaceAll("'", "'\\''")}'` : chosen;
}
