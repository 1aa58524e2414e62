/** A proposal as it is read before a decision. */
import { jsonDiff } from "../../client/json-diff.ts";
import type { ProposalRow } from "../../client/proposal-rows.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";

/** `edit`: of an edit, the definition that runs and the one that is to, both with their defaults. */
export function proposalText(row: ProposalRow, edit: { from: Json; to: Json } | null): string {
  const draft = isJsonObject(row.draft) ? row.draft : {};
  const transition = isJsonObject(draft.transition) ? draft.transition : {};
  return [
    `${row.id}  ${row.state}, for ${row.net}`,
    ...(row.by === undefined ? [] : [`Proposed by: ${row.by}`]),
    `Need: ${row.need}`,
    ...(row.why === undefined ? [] : [`Why: ${row.why}`]),
    ...(row.findings === undefined ? [] : [`Findings: ${row.findings}`]),
    ...(edit === null ? [] : ["", `The edit of ${row.net}:`, ...editLines(edit.from, edit.to)]),
    ...(draft.persona === undefined || draft.persona === null
      ? []
      : ["", `Persona (flags ${row.flags ?? "none"}):`, JSON.stringify(draft.persona, null, 2)]),
    ...(typeof draft.knowledge === "string" && draft.knowledge !== "" ? ["", "Knowledge:", draft.knowledge.trim()] : []),
    ...(transition.id === undefined
      ? []
      : ["", `Position, the transition ${String(transition.id)}:`, JSON.stringify(transition.definition, null, 2)]),
  ].join("\n");
}

function editLines(running: Json, definition: Json): string[] {
  const changes = jsonDiff(running, definition).filter(({ path }) => path !== "$schema");
  if (changes.length === 0) return ["nothing: the net runs it already"];
  return changes.map(({ kind, path, from, to }) => {
    if (kind === "changed") return `  ${path} changes from ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
    return kind === "added" ? `  ${path} is added: ${JSON.stringify(to)}` : `  ${path} goes, which was ${JSON.stringify(from)}`;
  });
}
