/** Proposals as people see them, from what lies in the places of the net `recruiting` and waits at its gate. Pure. */
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { GateRow } from "./answers.ts";

export interface ProposalRow {
  /** Of the firing that waits at the gate; else of the token. */
  id: string;
  state: "asked" | "drafted" | "waits" | "approved" | "hired" | "applied" | "refused";
  net: string;
  need: string;
  /** A new specialist (with its position or alone), or an edit of the net. */
  kind: "specialist" | "edit";
  /** Who proposed it, where that was a persona of the net. */
  by?: string;
  persona?: string;
  flags?: string;
  why?: string;
  findings?: string;
  draft?: Json;
}

const STATE: Record<string, ProposalRow["state"]> = {
  needs: "asked",
  drafts: "drafted",
  approved: "approved",
  hired: "hired",
  applied: "applied",
  refused: "refused",
};
/** Places of the net in which proposals lie that wait for nobody's decision. */
export const PROPOSAL_PLACES = Object.keys(STATE);

export function proposalRows(lying: Record<string, JsonObject[]>, gates: readonly GateRow[]): ProposalRow[] {
  const waiting = gates.map((gate) =>
    rowOf(gate.firing, "waits", isJsonObject(gate.inputs as Json) ? ((gate.inputs as JsonObject).proposal ?? null) : null),
  );
  const others = Object.entries(STATE).flatMap(([place, state]) =>
    (lying[place] ?? []).map((token) => rowOf(String(token.id), state, token.data ?? null)),
  );
  return [...waiting, ...others];
}

function rowOf(id: string, state: ProposalRow["state"], data: Json): ProposalRow {
  const held = isJsonObject(data) ? data : {};
  // What people or a failure refused lies there with its inputs around it.
  const inputs = isJsonObject(held.inputs) ? Object.values(held.inputs).find(isJsonObject) : undefined;
  const token = inputs ?? held;
  const draft = isJsonObject(token.draft) ? token.draft : {};
  const persona = isJsonObject(draft.persona) ? draft.persona : {};
  const text = (from: JsonObject, name: string) => (typeof from[name] === "string" && from[name] !== "" ? String(from[name]) : undefined);
  const error = isJsonObject(held.error) ? text(held.error, "message") : undefined;
  const rejected =
    held.outcome === "rejected"
      ? `rejected by ${String(held.by)}${text(held, "comment") === undefined ? "" : `: ${text(held, "comment")}`}`
      : undefined;
  const row: ProposalRow = {
    id,
    state,
    net: text(token, "net") ?? "",
    need: text(token, "need") ?? "",
    kind: isJsonObject(draft.definition) ? "edit" : "specialist",
  };
  const by = text(token, "by");
  if (by !== undefined) row.by = by;
  const [name, flags, why, findings] = [
    text(persona, "persona"),
    text(persona, "flags"),
    text(draft, "why"),
    rejected ?? error ?? text(token, "findings"),
  ];
  if (name !== undefined) row.persona = name;
  if (flags !== undefined) row.flags = flags;
  if (why !== undefined) row.why = why;
  if (findings !== undefined) row.findings = findings;
  if (isJsonObject(token.draft)) row.draft = token.draft;
  return row;
}
