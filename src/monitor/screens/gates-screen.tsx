/** What waits for people: what is asked, on what evidence, and the decision. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ScreenProps } from "../app.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { type GateRow, useGates } from "../queries.ts";
import { call, type Me } from "../session.ts";
import { ageOf } from "../words.ts";

export function GatesScreen({ me }: ScreenProps) {
  const gates = useGates();
  if (gates.error) return <p className="bad center">{gates.error.message}</p>;
  return (
    <section className="page">
      <h1>Waiting for people</h1>
      {!me.scopes.includes("petrel:gate") && <p className="quiet">Your key decides nothing; a key with the scope petrel:gate does.</p>}
      {gates.data?.length === 0 && <p className="empty">Nothing waits for a decision.</p>}
      {gates.data?.map((gate) => (
        <GateCard key={`${gate.net} ${gate.firing}`} gate={gate} me={me} />
      ))}
    </section>
  );
}

function GateCard({ gate, me }: { gate: GateRow; me: Me }) {
  const now = Date.now();
  return (
    <article className="card gate" aria-label={`gate ${gate.gate}`}>
      <h2>
        {gate.gate} <span className="quiet">of {gate.net}</span>
      </h2>
      <p>
        {gate.summary ?? `The transition ${gate.transition} asks before it begins.`} It has waited {ageOf(now - Date.parse(gate.since))}
        {gate.expires === null ? "" : `, and escalates in ${ageOf(Date.parse(gate.expires) - now)}`}. {gate.approvals} of {gate.quorum}{" "}
        approvals, by {gate.approvers.join(", ")}.
      </p>
      {gate.decisions.length > 0 && (
        <ul>
          {gate.decisions.map(({ by, approve, comment }) => (
            <li key={`${by} ${String(approve)} ${comment ?? ""}`}>
              {by} {approve ? "approved" : "rejected"}
              {comment ? `: ${comment}` : ""}
            </li>
          ))}
        </ul>
      )}
      {gate.inputs !== undefined && (
        <details open>
          <summary>What it is about</summary>
          <JsonView value={gate.inputs} open={2} />
        </details>
      )}
      {me.scopes.includes("petrel:gate") && <Decide gate={gate} />}
    </article>
  );
}

function Decide({ gate }: { gate: GateRow }) {
  const client = useQueryClient();
  const [comment, setComment] = useState("");
  const [said, setSaid] = useState<string | null>(null);
  const decide = async (decision: "approve" | "reject") => {
    try {
      const answer = await call<{ passed: boolean; approvals: number; quorum: number }>(`/api/gates/${gate.net}/${gate.firing}`, {
        method: "POST",
        body: { decision, ...(comment === "" ? {} : { comment }) },
      });
      setSaid(
        decision === "reject"
          ? "Rejected."
          : answer.passed
            ? "Approved; the net goes on."
            : `Approved, ${answer.approvals} of ${answer.quorum}.`,
      );
      await client.invalidateQueries();
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <label htmlFor={`note-${gate.firing}`}>A note, kept in the log</label>
      <textarea id={`note-${gate.firing}`} rows={2} value={comment} onChange={({ target }) => setComment(target.value)} />
      <div className="bar">
        <button type="button" className="good" onClick={() => void decide("approve")}>
          Approve
        </button>
        <button type="button" className="danger" onClick={() => void decide("reject")}>
          Reject
        </button>
        <span role="status">{said}</span>
      </div>
    </form>
  );
}
