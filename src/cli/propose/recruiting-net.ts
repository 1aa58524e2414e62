/** The net in which proposals wait for people, applied where it is first needed. */
import { join } from "node:path";
import { OFFERS, RECRUITING } from "../../actors/recruiter/proposal.ts";
import { definitionAnswer, netRows, readAnswer } from "../../client/answers.ts";
import { askNet, askRuntime } from "../../client/ask.ts";
import type { Broker } from "../../contract/broker.ts";
import { isJsonObject, type JsonObject } from "../../contract/json.ts";
import type { PetrelDoors } from "../doors.ts";
import { applyTeam } from "../team/team-files.ts";

/** True when it had to be applied: it was not there, or was one of before personas could propose, or before edits had a place of their own. */
export async function ensureRecruiting(broker: Broker, petrel: Pick<PetrelDoors, "root" | "user">): Promise<boolean> {
  const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets").map(({ net }) => net);
  if (nets.includes(RECRUITING)) {
    const { definition } = readAnswer(definitionAnswer, await askNet(broker, RECRUITING, "definition"), "definition");
    if (isJsonObject(definition.places) && OFFERS in definition.places && "applied" in definition.places) return false;
  }
  const by = { user: petrel.user, roles: ["maintainer"] };
  await applyTeam(broker, join(petrel.root, "nets", `${RECRUITING}.json`), join(petrel.root, "personas"), by);
  return true;
}

/** Whether what specialists of a net propose is handed to that net. */
export function offersProposals(definition: JsonObject): boolean {
  const transitions = isJsonObject(definition.transitions) ? Object.values(definition.transitions) : [];
  return transitions.some((each) => isJsonObject(each) && each.kind === "link" && isJsonObject(each.to) && each.to.net === RECRUITING);
}
