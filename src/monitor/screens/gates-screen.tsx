/** What waits for people: what is asked, on what evidence, and the decision. */

import { setQuery, useAddress } from "../address.ts";
import { RuleInQuestion } from "../parts/crystal.tsx";
import { Decide } from "../parts/decide.tsx";
import { Evidence } from "../parts/evidence.tsx";
import { type GateRow, useGates } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import type { Me } from "../session.ts";
import { ageOf, clockTime } from "../words.ts";

/** Each card asks for its evidence: so many at first, and so many more at a time. */
const AT_A_TIME = 50;

export function GatesScreen({ me }: ScreenProps) {
  const gates = useGates();
  const { query } = useAddress();
  const shown = Math.max(AT_A_TIME, Number(query.get("show")) || 0);
  const hidden = Math.max(0, (gates.data?.length ?? 0) - shown);
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
      {gates.data?.slice(0, shown).map((gate) => (
        <GateCard key={`${gate.net} ${gate.firing}`} gate={gate} me={me} />
      ))}
      {hidden > 0 && (
        <button type="button" onClick={() => setQuery({ show: String(shown + AT_A_TIME) }, { replace: true })}>
          {Math.min(AT_A_TIME, hidden)} more of {hidden}
        </button>
      )}
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
      {gate.crystal ? <RuleInQuestion gate={gate} /> : <Evidence gate={gate} />}
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
function titleOf({ inputs, gate, crystal, transition }: GateRow): string {
  if (crystal) return `The rule of ${transition}`;
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) return gate;
  for (const input of Object.values(inputs).flat()) {
    if (typeof input !== "object" || input === null || Array.isArray(input)) continue;
    if (typeof input.title === "string") return input.title;
  }
  return gate;
}
