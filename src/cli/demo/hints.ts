/** Commands to paste after the demo: each runs as it stands, from the folder where the user is. */
import { join } from "node:path";
import type { PetrelDoors } from "../doors.ts";
import { petrelCommand, shown } from "../team/paste.ts";
import type { Stage } from "./stage.ts";

export function hintsFor(petrel: PetrelDoors, stage: Stage, kept: boolean): string {
  const origin = shown(petrel, stage.origin);
  const clone = shown(petrel, join(stage.dir, "clone"));
  const lines = [
    "See for yourself, without Petrel:",
    `  git clone --quiet ${origin} ${clone} && (cd ${clone} && npm test)`,
    `  git --git-dir ${origin} log --stat main`,
  ];
  if (!kept) lines.push("", "To look at the broker too: add --keep.");
  return lines.join("\n");
}

export function leaveHints(petrel: PetrelDoors, stage: Stage): string {
  const petrelAt = petrelCommand(petrel);
  const dir = shown(petrel, stage.dir);
  const verify = shown(petrel, join(petrel.root, "examples", "verify-log.mjs"));
  return [
    "Everything is still up. Look around from another terminal, in this folder:",
    `  node ${verify} safe-teams ${dir}`,
    `  ${petrelAt} places safe-teams --dir ${dir}`,
    `  ${petrelAt} events safe-teams --dir ${dir} --limit 20`,
    `  ${petrelAt} actors --dir ${dir}`,
    `  ${petrelAt} nats-context --dir ${dir}`,
    "Ctrl-C ends it.",
  ].join("\n");
}
