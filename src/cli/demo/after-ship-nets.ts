/** The two nets of `--after-ship`, the link between them, and what is put into them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Broker } from "../../contract/broker.ts";
import type { Json } from "../../contract/json.ts";
import type { NetDefinition } from "../../net/definition.ts";
import { versionOf } from "../../net/version.ts";
import { applyTeam, asked, type By, putToken } from "../team/team-files.ts";
import type { ServiceHost } from "./host.ts";
import type { Stage } from "./stage.ts";

export const TEAM = "safe-teams";
export const WATCH = "after-ship";
export const FEATURE = {
  title: "Thank visitors by their first name",
  text: "Who has signed the guestbook should be thanked by first name, on the page.",
};

/** Both nets, with the transition that hands each delivery over. */
export async function applyNets(broker: Broker, root: string, by: By): Promise<void> {
  const personas = join(root, "personas");
  await applyTeam(broker, join(root, "nets", `${WATCH}.json`), personas, by);
  const team = await applyTeam(broker, join(root, "nets", `${TEAM}.json`), personas, by);
  await asked(broker, null, "apply-net", { definition: announcing(team) as unknown as Json, base: versionOf(team), by: { ...by } });
}

/** A reading arc: the delivery stays where it is, and is announced once. */
export function announcing(team: NetDefinition): NetDefinition {
  const announce = JSON.parse(
    `{"kind":"link","title":"Announce","in":[{"place":"delivered","as":"done","mode":"read"}],"to":{"net":"${WATCH}","place":"shipped"}}`,
  ) as NetDefinition["transitions"][string];
  return { ...team, transitions: { ...team.transitions, announce } };
}

export async function putSettings(
  broker: Broker,
  parts: { stage: Stage; host: ServiceHost; head: string; overview: string; root: string },
): Promise<void> {
  const { stage, host, head, overview, root } = parts;
  const repo = stage.origin;
  const example = join(root, "examples", "after-ship");
  const steps = JSON.parse(readFileSync(join(example, "flow.json"), "utf8")) as Json;
  const settings = { repo, host: host.url, deploy: join(example, "deploy.mjs"), service: host.service, steps, logs: host.logs };
  await putToken(broker, WATCH, "settings", { ...settings, letters: host.letters }, "demo-watch-settings");
  await putToken(broker, WATCH, "baseline", { repo, head }, "demo-baseline");
  const team = { repo, base: "main", target: "main", test: null, install: null, overview };
  await putToken(broker, TEAM, "settings", team, "demo-settings");
}
