/** Proposals of new specialists: the draft, why, what the check found; people approve or reject. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Proposal, useProposals } from "../queries.ts";
import { call, type Me } from "../session.ts";
import { JsonView } from "./json-view.tsx";

const WORDS: Record<string, string> = {
  asked: "asked for",
  drafted: "being checked",
  waits: "waits for people",
  approved: "approved",
  hired: "works here",
  applied: "in the running net",
  refused: "refused",
};

export function Proposals({ me }: { me: Me }) {
  const { data = [] } = useProposals();
  if (data.length === 0) return null;
  return (
    <section aria-label="Proposals">
      <h2>Proposals of specialists</h2>
      {data.map((one) => (
        <Card key={one.id} proposal={one} me={me} />
      ))}
    </section>
  );
}

function Card({ proposal: { id, state, net, need, persona, flags, why, findings, draft }, me }: { proposal: Proposal; me: Me }) {
  const waits = state === "waits";
  return (
    <article className={`card${waits ? " gate" : ""}`} aria-label={`proposal ${persona ?? id}`}>
      <h3>
        {persona ?? "A specialist"} {flags !== undefined && <code className="flags">{flags}</code>}{" "}
        <span className={`pill ${waits ? "waiting" : state === "refused" ? "failed" : "done"}`}>{WORDS[state] ?? state}</span>
      </h3>
      <p>
        For {net}: {need}
      </p>
      {why !== undefined && <p>{why}</p>}
      {findings !== undefined && <p className="quiet">{findings}</p>}
      {draft !== undefined && (
        <details>
          <summary>The draft, whole</summary>
          <JsonView value={draft} open={2} />
        </details>
      )}
      {waits && me.scopes.includes("petrel:gate") && <Decide id={id} />}
    </article>
  );
}

function Decide({ id }: { id: string }) {
  const client = useQueryClient();
  const [comment, setComment] = useState("");
  const [said, setSaid] = useState("");
  const decide = (decision: "approve" | "reject") =>
    call(`/api/proposals/${id}`, { method: "POST", body: { decision, ...(comment === "" ? {} : { comment }) } })
      .then(() => client.invalidateQueries())
      .catch((error: unknown) => setSaid(error instanceof Error ? error.message : String(error)));
  return (
    <div className="bar">
      <label className="grow">
        <span className="hidden">A note</span>
        <input value={comment} placeholder="a note, kept in the log" onChange={({ target }) => setComment(target.value)} />
      </label>
      <button type="button" className="good" onClick={() => void decide("approve")}>
        Approve
      </button>
      <button type="button" className="danger" onClick={() => void decide("reject")}>
        Reject
      </button>
      <span role="status">{said}</span>
    </div>
  );
}
