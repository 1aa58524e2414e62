/** The net of a run: as it runs already, else from the user's folder, else as it ships. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import type { NetDefinition } from "../../net/definition.ts";
import { versionOf } from "../../net/version.ts";
import type { PetrelDoors } from "../doors.ts";
import { applyTeam, asked, type By, readNet } from "../team/team-files.ts";

const NEEDED = ["inbox", "settings", "delivered", "escalations"];

/** Path of a net's file. Errors: usage, when there is none, or when it is no net that works on a repository. */
export function teamFile({ cwd, root }: PetrelDoors, net: string): string {
  const file = [cwd, root].map((folder) => join(folder, "nets", `${net}.json`)).find((path) => existsSync(path));
  if (file === undefined)
    throw usage(`there is no nets/${net}.json here, and none ships with Petrel`, nearestHint(net, ["safe-teams"], "nets that ship"));
  const { definition } = readNet(file);
  const missing = NEEDED.filter((place) => !definition.places[place]);
  if (missing.length > 0)
    throw usage(
      `${net} is no net that works on a repository: it has no place ${missing.join(", ")}`,
      `put a token into it: petrel put ${net} inbox '{...}'`,
    );
  return file;
}

/** The definition that runs from now on, and what the user should know of it. */
export async function serveTeam(
  broker: Broker,
  file: string,
  running: { net: string; version: string }[],
  by: By,
): Promise<{ definition: NetDefinition; note: string | null }> {
  const { definition } = readNet(file);
  const row = running.find(({ net, version }) => net === definition.net && version !== "");
  if (!row) return { definition: await applyTeam(broker, file, join(dirname(dirname(file)), "personas"), by), note: null };
  const answer = (await asked(broker, definition.net, "definition", {})) as unknown as { definition: NetDefinition };
  const same = row.version === versionOf(definition);
  // People may have edited the running net: a run does not take that back.
  return {
    definition: answer.definition,
    note: same ? null : `${definition.net} runs in another version than ${file}: petrel net diff shows how.`,
  };
}
