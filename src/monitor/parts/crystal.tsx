/** The rule of a step that asks a model: whether it answers, what it says, on what proof, how it does; and the way in and out. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type CrystalRow, type GateRow, type RuleTerms, useCrystals, useTaught } from "../queries.ts";
import { call, type Me, mayOperate } from "../session.ts";
import { clockTime, percent, plural } from "../words.ts";

export const MODES: Record<CrystalRow["mode"], { pill: string; words: string }> = {
  none: { pill: "idle", words: "no rule" },
  shadow: { pill: "going-on", words: "shadow" },
  live: { pill: "running", words: "live" },
  off: { pill: "idle", words: "off" },
  demoted: { pill: "failed", words: "demoted" },
};
const SAYS: Record<CrystalRow["mode"], string> = {
  none: "Its model does all of it.",
  shadow: "A rule answers beside the model, without effect.",
  live: "A rule answers where it claims to be right; the model does the rest.",
  off: "It has a rule, and its model does all of it.",
  demoted: "Its rule was taken away; its model does all of it again.",
};

export function Crystal({ net, transition, me }: { net: string; transition: string; me: Me }) {
  const row = useCrystals(net).data?.find((one) => one.transition === transition);
  if (!row) return null;
  return (
    <section aria-label="Rule" className="crystal">
      <h3>
        Rule <span className={`pill ${MODES[row.mode].pill}`}>{MODES[row.mode].words}</span>
      </h3>
      <p>{SAYS[row.mode]}</p>
      {row.record?.demoted && (
        <p className="bad">
          Event {row.record.demoted.seq}: {row.record.demoted.reason}
        </p>
      )}
      <Counts row={row} />
      <Readable lines={row.readable} title="The rule, readable" />
      {row.definition && <ProofText terms={row.definition} />}
      <Later row={row} />
      <Ways net={net} row={row} me={me} />
      {row.definition === null && <Taught net={net} transition={transition} />}
    </section>
  );
}

/** For whoever decides at its gate: the rule that the question is about, on what proof, and how it has done. */
export function RuleInQuestion({ gate: { net, transition, crystal } }: { gate: GateRow }) {
  const row = useCrystals(net).data?.find((one) => one.transition === transition);
  if (!row || !crystal) return null;
  const later = crystal.about === "replace" ? row.definition?.next : undefined;
  const terms = later ?? row.definition;
  return (
    <section aria-label="Rule" className="crystal">
      <Readable lines={later ? (row.laterReadable ?? []) : row.readable} title="The rule, readable" open />
      {terms && <ProofText terms={terms} />}
      <Counts row={row} />
    </section>
  );
}

function Readable({ lines, title, open = false }: { lines: string[]; title: string; open?: boolean }) {
  if (lines.length === 0) return null;
  return (
    <details open={open}>
      <summary>{title}</summary>
      <pre>{lines.join("\n")}</pre>
    </details>
  );
}

/** A later rule beside one that answers. */
function Later({ row: { definition, record, laterReadable = [] } }: { row: CrystalRow }) {
  const next = definition?.next;
  if (!next) return null;
  const { same, other } = record?.next ?? { same: 0, other: 0 };
  return (
    <>
      <p>
        A later rule stands beside it, without effect: {same} of {same + other} the same; it takes {next.shadow}.
      </p>
      <Readable lines={laterReadable} title="The later rule, readable" />
      <ProofText terms={next} />
    </>
  );
}

/** How often it was the rule, how often the model. */
export function answeredBy({ record }: CrystalRow): string {
  if (!record) return "nothing yet";
  const { answered, declined, audit, shadow } = record;
  return `${answered} by the rule, ${declined + audit.same + audit.other + shadow.same + shadow.other} by the model`;
}
export function audited({ record }: CrystalRow): string {
  const { same, other } = record?.audit ?? { same: 0, other: 0 };
  return same + other === 0 ? "none yet" : `${same} of ${same + other} the same`;
}

function Counts({ row }: { row: CrystalRow }) {
  const { record } = row;
  if (!record) return null;
  const beside = record.shadow.same + record.shadow.other;
  const wanted = row.definition?.shadow;
  return (
    <dl className="facts">
      <dt>Answered</dt>
      <dd>{answeredBy(row)}</dd>
      <dt>Beside the model</dt>
      <dd>
        {record.shadow.same} of {beside} the same{row.mode === "shadow" && wanted !== undefined ? `; it takes ${wanted}` : ""}
      </dd>
      <dt>Audits</dt>
      <dd>{audited(row)}</dd>
      <dt>Left to the model</dt>
      <dd>{record.declined}</dd>
      <dt>Sent back, rejected or corrected</dt>
      <dd>{record.bad}</dd>
    </dl>
  );
}

function ProofText({ terms: { proof, bound } }: { terms: RuleTerms }) {
  if (!proof) return <p className="quiet">It has no proof: somebody wrote it by hand.</p>;
  return (
    <details>
      <summary>Its proof</summary>
      <p>
        Learned from {plural(proof.learned, "firing")} by {proof.by}, {clockTime(proof.at)}: {proof.learner}.
      </p>
      <p>
        Proven on {proof.held} later ones (events {proof.from} to {proof.to}): it claimed {proof.covered} ({percent(proof.coverage)}), and{" "}
        {proof.wrong} differed from the model. It errs in no more than {percent(proof.bound)}, with {percent(proof.confidence)} confidence;
        beyond {percent(bound)} it is taken away.
      </p>
      <p>
        While it answers it saves {proof.savedUsd.toFixed(2)} USD and {(proof.savedMs / 1000).toFixed(0)} s in 1,000 firings, audits apart.
      </p>
    </details>
  );
}

/** Each way takes its scope; a person without it has no button. */
function Ways({ net, row: { transition, mode, definition }, me }: { net: string; row: CrystalRow; me: Me }) {
  const client = useQueryClient();
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const go = (way: "shadow" | "promote" | "undo", body?: object) => {
    setBusy(true);
    setSaid("");
    call(`/api/crystals/${net}/${transition}/${way}`, { method: "POST", ...(body ? { body } : {}) })
      .then(() => client.invalidateQueries())
      .catch((error: unknown) => setSaid(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(false));
  };
  const shadow = me.scopes.includes("petrel:admin") && (mode === "none" || mode === "demoted" || mode === "off");
  const later = mode === "live" && definition?.next !== undefined;
  const promote = me.scopes.includes("petrel:gate") && definition !== null && (mode !== "live" || later);
  const undo = (mayOperate(me) || me.scopes.includes("petrel:gate")) && definition !== null;
  return (
    <div className="bar">
      {shadow && (
        <button type="button" disabled={busy} onClick={() => go("shadow", {})}>
          Learn one, beside the model
        </button>
      )}
      {promote && (
        <button type="button" className="good" disabled={busy} onClick={() => go("promote", {})}>
          {later ? "Promote the later one" : "Promote"}
        </button>
      )}
      {undo && (
        <button type="button" className="danger" disabled={busy} onClick={() => go("undo")}>
          Undo: the model alone
        </button>
      )}
      <span role="status" className="bad">
        {said}
      </span>
    </div>
  );
}

/** Asked for by a click: the log is read and a rule is learned, which takes a moment, and changes nothing. */
function Taught({ net, transition }: { net: string; transition: string }) {
  const [asked, setAsked] = useState(false);
  const { data, error } = useTaught(net, transition, asked);
  if (!asked)
    return (
      <button type="button" onClick={() => setAsked(true)}>
        What does its history teach?
      </button>
    );
  if (error) return <p className="bad">{error.message}</p>;
  if (!data) return <p className="quiet">Reading the log…</p>;
  const { proposal, readable } = data;
  return (
    <div role="status">
      <p>
        {proposal === null
          ? "Its log holds no answer of a model to learn from."
          : proposal.promotable
            ? "A rule that is proven could do it."
            : `No rule yet: ${proposal.reasons.join("; ")}.`}
      </p>
      {readable.length > 0 && <pre>{readable.join("\n")}</pre>}
    </div>
  );
}
