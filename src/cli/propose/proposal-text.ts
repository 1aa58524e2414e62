/** A proposal as it is read before a decision. */

import type { ProposalRow } from "../../client/proposal-rows.ts";
import { isJsonObject } from "../../contract/json.ts";

export function proposalText(row: ProposalRow): string {
  const draft = isJsonObject(row.draft) ? row.draft : {};
  const transition = isJsonObject(draft.transition) ? draft.transition : {};
  return [
    `${row.id}  ${row.state}, for ${row.net}`,
    `Need: ${row.need}`,
    ...(row.why === undefined ? [] : [`Why: ${row.why}`]),
    ...(row.findings === undefined ? [] : [`Findings: ${row.findings}`]),
    ...(draft.persona === undefined ? [] : ["", `Persona (flags ${row.flags ?? "none"}):`, JSON.stringify(draft.persona, null, 2)]),
    ...(typeof draft.knowledge === "string" && draft.knowledge !== "" ? ["", "Knowledge:", draft.knowledge.trim()] : []),
    ...(transition.id === undefined
      ? []
      : ["", `Position, the transition ${String(transition.id)}:`, JSON.stringify(transition.definition, null, 2)]),
  ].join("\n");
}
