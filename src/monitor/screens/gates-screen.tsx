/** What waits for people: what is asked, on what evidence, and the decision. */

import { Decide } from "../parts/decide.tsx";
import { Evidence } from "../parts/evidence.tsx";
import { type GateRow, useGates } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import type { Me } from "../session.ts";
import { ageOf, clockTime } from "../words.ts";

export function GatesScreen({ me }: ScreenProps) {
  const gates = useGates();
  if (gates.error) return <p className="bad center">{gates.error.message}</p>;
  return (
    <section className="page">
      <h1>Waiting for people</h1>
      {!me.scopes.includes("petrel:gate") && (
        <p className="quiet">
          Your key decides nothing. One that does: <code>petrel auth client add ada --scope petrel:gate --role maintainer</code>
        </p>
      )}
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
        {titleOf(gate)} <span className="quiet">{gate.gate}</span>
      </h2>
      <p>
        {gate.summary ?? (
          <>
            <strong>{gate.transition}</strong> of {gate.net} asks before it begins.
          </>
        )}
      </p>
      <dl className="facts">
        <dt>Waits</dt>
        <dd>{ageOf(now - Date.parse(gate.since))}</dd>
        {gate.expires !== null && (
          <>
            <dt>Escalates in</dt>
            <dd>{ageOf(Date.parse(gate.expires) - now)}</dd>
          </>
        )}
        <dt>Approvals</dt>
        <dd>
          {gate.approvals} of {gate.quorum}, by {gate.approvers.map((one) => one.replace(/^role:/, "a ")).join(" or ")}
        </dd>
        {gate.decisions.map(({ by, approve, comment, at }) => (
          <Decision key={`${by} ${String(approve)}`} by={by} approve={approve} comment={comment} at={at} />
        ))}
      </dl>
      <Evidence gate={gate} />
      {me.scopes.includes("petrel:gate") && <Decide gate={gate} me={me} />}
    </article>
  );
}

function Decision({ by, approve, comment, at }: { by: string; approve: boolean; comment?: string | undefined; at?: string | undefined }) {
  return (
    <>
      <dt>{by}</dt>
      <dd>
        {approve ? "approved" : "rejected"}
        {at === undefined ? "" : ` at ${clockTime(at)}`}
        {comment ? `: ${comment}` : ""}
      </dd>
    </>
  );
}

/** What people call the work: the title of the first input that has one. */
function titleOf({ inputs, gate }: GateRow): string {
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) return gate;
  for (const input of Object.values(inputs).flat()) {
    if (typeof input !== "object" || input === null || Array.isArray(input)) continue;
    if (typeof input.title === "string") return input.title;
  }
  return gate;
}
