/** A transition: why it does not fire, and its firings; one that is opened tells what it took, was told, used and made. */
import { useState } from "react";
import type { Json } from "../../contract/json.ts";
import { FiringDetail } from "../parts/firing-detail.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Panel } from "../parts/panel.tsx";
import { Why } from "../parts/why.tsx";
import { type FiringRow, useFirings } from "../queries.ts";
import { ageOf, clockTime, money, plural } from "../words.ts";
import type { NetDefinition, TransitionDefinition } from "./graph.ts";

export function TransitionPanel({
  net,
  transition,
  definition,
  until,
  onClose,
}: {
  net: string;
  transition: string;
  definition: NetDefinition;
  until: string | null;
  onClose: () => void;
}) {
  const firings = useFirings(net, transition, until);
  const own = transitionIn(definition, transition);
  const rows = firings.data?.firings ?? [];
  return (
    <Panel title={transition} kind={own?.kind ?? "transition"} onClose={onClose}>
      {own?.title !== undefined && <p>{own.title}</p>}
      {own?.persona !== undefined && (
        <p>
          Done by <strong>{own.persona}</strong>.
        </p>
      )}
      {own?.guard !== undefined && (
        <p>
          Guard: <code>{own.guard}</code>
        </p>
      )}
      {until === null && <Why net={net} name={transition} />}
      <h3>
        {rows.length === 0
          ? "It has not fired yet"
          : firings.data?.nextBeforeSeq === null
            ? plural(rows.length, "firing")
            : `The last ${plural(rows.length, "firing")}`}
      </h3>
      {firings.error && <p className="bad">{firings.error.message}</p>}
      <ol className="tokens">
        {rows.map((row) => (
          <li key={row.step}>
            <Firing net={net} row={row} />
          </li>
        ))}
      </ol>
      {own && (
        <details>
          <summary>Definition</summary>
          <JsonView value={own as unknown as Json} open={2} />
        </details>
      )}
    </Panel>
  );
}

/** By its name in the log, with the sub-nets that it lies in. */
export function transitionIn(definition: NetDefinition, name: string): TransitionDefinition | undefined {
  const [first = "", ...rest] = name.split("--");
  if (rest.length === 0) return definition.transitions?.[first];
  const inner = definition.subnets?.[first];
  return inner ? transitionIn(inner, rest.join("--")) : definition.transitions?.[name];
}

function Firing({ net, row }: { net: string; row: FiringRow }) {
  const [shown, setShown] = useState(false);
  const status = row.open ? (row.gate ? "waiting" : "info") : row.error === null ? "ok" : "error";
  const attempts = row.attempts.length;
  return (
    <details onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
      <summary>
        <span className={`dot ${status}`} /> {clockTime(row.ended?.at ?? row.began.at)}{" "}
        {row.open ? (row.gate ? "waits for people" : "under way") : row.outcome}
        {attempts > 1 ? `, ${plural(attempts, "attempt")}` : ""}
        {row.durationMs === null ? "" : `, ${ageOf(row.durationMs)}`}
        {row.model ? `, ${money(row.model.listUsd ?? row.model.costUsd)}` : ""}
        <span className="summary-line">{row.summary}</span>
      </summary>
      {shown && row.firing !== null && <FiringDetail net={net} firing={row.firing} />}
    </details>
  );
}
