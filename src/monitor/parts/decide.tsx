/** The decision of a person: approve, reject, or change what waits and approve that; with a note that the log keeps. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Json } from "../../contract/json.ts";
import type { GateRow } from "../queries.ts";
import { call, type Me } from "../session.ts";
import { plural } from "../words.ts";
import { DataForm } from "./data-form.tsx";

export function Decide({ gate, me }: { gate: GateRow; me: Me }) {
  const form = useRef<HTMLFormElement>(null);
  const client = useQueryClient();
  const [comment, setComment] = useState("");
  const [said, setSaid] = useState<string | null>(null);
  const [edits, setEdits] = useState<Record<string, Json>>({});
  const [editing, setEditing] = useState(false);
  const changed = Object.keys(edits).length > 0;
  const own = gate.decisions.find(({ by }) => by === me.client);
  const decide = async (decision: "approve" | "reject") => {
    // What is half typed would be left out.
    if (decision === "approve" && editing && !form.current?.reportValidity()) return;
    try {
      const answer = await call<{ passed: boolean; approvals: number; quorum: number }>(`/api/gates/${gate.net}/${gate.firing}`, {
        method: "POST",
        body: { decision, ...(comment === "" ? {} : { comment }), ...(decision === "approve" && changed ? { edits } : {}) },
      });
      setSaid(
        decision === "reject"
          ? "Rejected."
          : answer.passed
            ? "Approved; the net goes on."
            : `Approved, ${answer.approvals} of ${answer.quorum}.`,
      );
      setEditing(false);
      setEdits({});
      setComment("");
      await client.invalidateQueries();
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  if (own)
    return (
      <p role="status">
        You have {own.approve ? "approved" : "rejected"} it
        {own.approve ? `; ${plural(gate.quorum - gate.approvals, "approval")} more, by others, and the net goes on` : ""}.
      </p>
    );
  return (
    <form ref={form} noValidate onSubmit={(event) => event.preventDefault()}>
      {editing &&
        (gate.tokens ?? []).map(({ id, input, place, data }) => (
          <fieldset key={id}>
            <legend>
              {input} <span className="quiet">from {place}</span>
            </legend>
            <DataForm
              name={`${gate.firing}-${id}`}
              data={edits[id] ?? data}
              schema={gate.schemas?.[place]}
              onChange={(next) =>
                setEdits(({ [id]: _, ...others }) => (JSON.stringify(next) === JSON.stringify(data) ? others : { ...others, [id]: next }))
              }
            />
          </fieldset>
        ))}
      <label htmlFor={`note-${gate.firing}`}>A note, kept in the log</label>
      <textarea id={`note-${gate.firing}`} rows={2} value={comment} onChange={({ target }) => setComment(target.value)} />
      <div className="bar">
        <button type="button" className="good" onClick={() => void decide("approve")}>
          {changed ? "Approve as changed" : "Approve"}
        </button>
        <button type="button" className="danger" onClick={() => void decide("reject")}>
          Reject
        </button>
        {(gate.tokens ?? []).length > 0 && gate.approvals === 0 && !gate.crystal && (
          <button
            type="button"
            aria-expanded={editing}
            onClick={() => {
              setEditing(!editing);
              setEdits({});
            }}
          >
            {editing ? "Leave it as it is" : "Edit first"}
          </button>
        )}
        <span role="status">{said}</span>
      </div>
    </form>
  );
}
