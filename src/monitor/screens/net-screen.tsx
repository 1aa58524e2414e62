/** The net, live: what lies where, what runs, what waits; a place or transition that is chosen tells more. */
import { useMemo } from "react";
import { setQuery, useAddress } from "../address.ts";
import type { GraphNode, NetDefinition } from "../net/graph.ts";
import { NetCanvas } from "../net/net-canvas.tsx";
import { NetTable } from "../net/net-table.tsx";
import { PlacePanel } from "../net/place-panel.tsx";
import { SubnetCrumbs } from "../net/subnet-crumbs.tsx";
import { TransitionPanel } from "../net/transition-panel.tsx";
import { Control } from "../parts/control.tsx";
import { NowStrip } from "../parts/now-strip.tsx";
import { useDefinition, useMarking } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import { useEvents } from "../use-events.ts";

export function NetScreen({ net, store, me }: ScreenProps) {
  const { query } = useAddress();
  const definition = useDefinition(net, null);
  const marking = useMarking(net, null);
  const events = useEvents(store);
  const openText = query.get("open") ?? "";
  const open = useMemo(() => new Set(openText.split(",").filter(Boolean)), [openText]);
  const chosen = query.get("at");
  if (!definition.data) return <p className="quiet center">{definition.error?.message ?? "…"}</p>;
  const drawn = definition.data.definition as unknown as NetDefinition;
  const choose = (node: GraphNode) => {
    if (node.kind === "subnet") setQuery({ open: [...open, node.name].join(","), at: null });
    else if (node.id !== chosen) setQuery({ at: node.id });
  };
  return (
    <div className="split">
      <section className="wide" aria-label="Drawing">
        <div className="bar">
          <h1>{drawn.title ?? net}</h1>
          <SubnetCrumbs net={net} open={open} />
          <Control net={net} me={me} state={marking.data?.state ?? "running"} />
          <button
            type="button"
            aria-pressed={query.get("as") === "table"}
            onClick={() => setQuery({ as: query.get("as") === "table" ? null : "table" })}
          >
            {query.get("as") === "table" ? "Drawing" : "Table"}
          </button>
        </div>
        {query.get("as") === "table" ? (
          <NetTable marking={marking.data ?? null} definition={drawn} at={null} onChoose={(id) => setQuery({ at: id })} />
        ) : (
          <NetCanvas
            definition={drawn}
            marking={marking.data ?? null}
            store={store}
            at={null}
            events={events}
            open={open}
            chosen={chosen}
            onChoose={choose}
          />
        )}
        <p className="legend quiet">
          ○ place with its tokens · ▮ transition · halo: running · amber: waits for people · red: failed last · dashed arc: reads · thin
          arc: rework or failure
        </p>
        <NowStrip net={net} events={events} marking={marking.data ?? null} />
      </section>
      {chosen?.startsWith("place:") && (
        <PlacePanel net={net} place={chosen.slice("place:".length)} at={null} me={me} onClose={() => setQuery({ at: null })} />
      )}
      {chosen?.startsWith("transition:") && (
        <TransitionPanel
          net={net}
          transition={chosen.slice("transition:".length)}
          definition={drawn}
          me={me}
          until={null}
          onClose={() => setQuery({ at: null })}
        />
      )}
    </div>
  );
}
