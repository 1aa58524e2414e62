/** The past: the net, its marking and its narration at any moment, and what lies between two. */
import { useMemo } from "react";
import { setQuery, useAddress } from "../address.ts";
import type { NetDefinition } from "../net/graph.ts";
import { NetCanvas } from "../net/net-canvas.tsx";
import { NetTable } from "../net/net-table.tsx";
import { PlacePanel } from "../net/place-panel.tsx";
import { SubnetCrumbs } from "../net/subnet-crumbs.tsx";
import { TransitionPanel } from "../net/transition-panel.tsx";
import { Between } from "../parts/between.tsx";
import { Fork } from "../parts/fork.tsx";
import { useDefinition, useMarking, usePast } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import { mayOperate } from "../session.ts";
import { useEvents } from "../use-events.ts";
import { clockTime } from "../words.ts";

export function TimeScreen({ net, store, me }: ScreenProps) {
  const events = useEvents(store);
  const { query } = useAddress();
  const last = events.at(-1)?.seq ?? 0;
  const named = Number(query.get("moment") ?? last);
  // Before any event has come, the address says which moment is meant.
  const moment = Number.isSafeInteger(named) && named >= 0 ? (last === 0 ? named : Math.min(last, named)) : last;
  const since = query.get("since");
  const marking = useMarking(net, String(moment));
  const version = marking.data?.version ?? null;
  const definition = useDefinition(net, version);
  const first = events[0]?.seq ?? 1;
  const isPast = moment > 0 && first > 1 && moment < first + KNOWN_BEFORE;
  const past = usePast(net, moment, isPast);
  const known = isPast ? past.data : events;
  const upTo = useMemo(() => (known ?? []).filter(({ seq }) => seq <= moment), [known, moment]);
  const chosen = query.get("at");
  const asTable = query.get("as") === "table";
  const openText = query.get("open") ?? "";
  const open = useMemo(() => new Set(openText.split(",").filter(Boolean)), [openText]);
  const drawn = definition.data ? (definition.data.definition as unknown as NetDefinition) : null;
  // Ages are those of that moment.
  const then = marking.data ? Date.parse(marking.data.at) : null;
  const looker = { ...me, scopes: ["petrel:read"] };
  const to = (seq: number) => setQuery({ moment: String(Math.max(0, Math.min(last, seq))) }, { replace: true });
  const at = upTo.at(-1);
  return (
    <div className="split">
      <section className="wide" aria-label="The net at a moment">
        <div className="bar">
          <h1>Event {moment}</h1>
          <button type="button" aria-label="one event back" onClick={() => to(moment - 1)}>
            ◀
          </button>
          <input
            className="grow"
            type="range"
            min={0}
            max={last}
            value={moment}
            aria-label="moment"
            aria-valuetext={at?.summary ?? "the beginning"}
            onChange={({ target }) => to(Number(target.value))}
          />
          <button type="button" aria-label="one event on" onClick={() => to(moment + 1)}>
            ▶
          </button>
          <SubnetCrumbs net={net} open={open} />
          <button type="button" aria-pressed={asTable} onClick={() => setQuery({ as: asTable ? null : "table" })}>
            {asTable ? "Drawing" : "Table"}
          </button>
          <button type="button" onClick={() => setQuery({ since: since === null ? String(moment) : null })}>
            {since === null ? "Compare from here" : "No comparison"}
          </button>
        </div>
        <p role="status">{at ? `${clockTime(at.ts)} ${at.summary}` : moment === 0 ? "Before the first event." : "…"} </p>
        {mayOperate(me) && last > 0 && <Fork net={net} moment={moment} />}
        {marking.error && <p className="bad">{marking.error.message}</p>}
        {drawn &&
          (asTable ? (
            <NetTable marking={marking.data ?? null} definition={drawn} at={then} onChoose={(id) => setQuery({ at: id })} />
          ) : (
            <NetCanvas
              definition={drawn}
              marking={marking.data ?? null}
              store={null}
              at={then}
              events={upTo}
              open={open}
              chosen={chosen}
              onChoose={({ kind, name, id }) => setQuery(kind === "subnet" ? { open: [...open, name].join(","), at: null } : { at: id })}
            />
          ))}
        <ol className="tail">
          {upTo.slice(-8).map(({ seq, ts, summary, status }) => (
            <li key={seq} className={status}>
              {clockTime(ts)} {summary}
            </li>
          ))}
        </ol>
      </section>
      {chosen?.startsWith("place:") && (
        <PlacePanel
          net={net}
          place={chosen.slice("place:".length)}
          at={String(moment)}
          me={looker}
          onClose={() => setQuery({ at: null })}
        />
      )}
      {drawn && chosen?.startsWith("transition:") && (
        <TransitionPanel
          net={net}
          transition={chosen.slice("transition:".length)}
          definition={drawn}
          me={looker}
          until={String(moment)}
          onClose={() => setQuery({ at: null })}
        />
      )}
      {since !== null && <Between net={net} from={Number(since)} to={moment} />}
    </div>
  );
}
/** Fewer known events than these before a moment are asked for. */
const KNOWN_BEFORE = 50;
