/** The firings of a transition, newest first. It holds still while it is pointed at, has the focus, or tells of one that is open. */
import { useRef, useState } from "react";
import { Dot } from "../parts/dot.tsx";
import { FiringDetail } from "../parts/firing-detail.tsx";
import { type FiringRow, useFirings } from "../queries.ts";
import { ageOf, clockTime, money, plural } from "../words.ts";
import { heldRows } from "./held-rows.ts";
import { useSentBack } from "./use-sent-back.ts";

export function FiringList({ net, transition, until }: { net: string; transition: string; until: string | null }) {
  const sentBack = useSentBack(net);
  const { data, error } = useFirings(net, transition, until);
  const now = data?.firings ?? [];
  const [held, setHeld] = useState<FiringRow[] | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const { rows, newer } = heldRows(held, now);
  const hold = () => now.length > 0 && setHeld((before) => before ?? now);
  const release = () => {
    const own = list.current;
    if (own?.matches(":hover, :focus-within") || own?.querySelector("li > details[open]")) return;
    setHeld(null);
  };
  const title =
    data === undefined
      ? "Firings"
      : rows.length === 0
        ? "It has not fired yet"
        : data.nextBeforeSeq === null && newer === 0
          ? plural(rows.length, "firing")
          : `The last ${plural(rows.length, "firing")}`;
  return (
    <section>
      <div className="bar firings-title">
        <h3>{title}</h3>
        {newer > 0 && (
          <button type="button" className="link" onClick={() => setHeld(now)}>
            {newer} newer
          </button>
        )}
      </div>
      {error && <p className="bad">{error.message}</p>}
      <ol
        className="tokens"
        aria-label="Firings, newest first"
        ref={list}
        onPointerEnter={hold}
        onPointerLeave={release}
        onFocus={hold}
        // Where the focus goes is known a moment later.
        onBlur={() => setTimeout(release)}
      >
        {rows.map((row) => (
          <li key={row.step}>
            <Firing net={net} row={row} isBack={sentBack({ type: row.outcome, transition: row.transition, produced: row.produced })} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Firing({ net, row, isBack }: { net: string; row: FiringRow; isBack: boolean }) {
  const [shown, setShown] = useState(false);
  const status = row.open ? (row.gate ? "waiting" : "info") : row.error === null ? "ok" : "error";
  const attempts = row.attempts.length;
  return (
    <details onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
      <summary>
        <Dot status={status} isBack={isBack} /> {clockTime(row.ended?.at ?? row.began.at)}{" "}
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
