/** A transition: what it is, why it does not fire, and its firings with input, prompt, model, attempts, tools and output. */
import type { NetEvent } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import { ArtifactView } from "../parts/artifact-view.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Panel } from "../parts/panel.tsx";
import { Why } from "../parts/why.tsx";
import { useFirings } from "../queries.ts";
import { ageOf, clockTime, money, plural } from "../words.ts";
import type { NetDefinition } from "./graph.ts";

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
  const events = useFirings(net, transition, until);
  const own = definition.transitions?.[transition];
  const firings = groupFirings(events.data ?? []);
  return (
    <Panel title={transition} kind={own?.kind ?? "transition"} onClose={onClose}>
      {own?.persona !== undefined && <p>Persona: {own.persona}</p>}
      {own?.guard !== undefined && (
        <p>
          Guard: <code>{own.guard}</code>
        </p>
      )}
      {until === null && <Why net={net} name={transition} />}
      <h3>{plural(firings.length, "firing")}</h3>
      <ol className="tokens">
        {firings.map((firing) => (
          <li key={firing[0]?.firing ?? firing[0]?.seq}>
            <Firing events={firing} />
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

/** Newest first. */
function groupFirings(events: readonly NetEvent[]): NetEvent[][] {
  const groups = new Map<string, NetEvent[]>();
  for (const event of events) {
    const key = event.firing ?? `event ${event.seq}`;
    const known = groups.get(key);
    if (known) known.push(event);
    else groups.set(key, [event]);
  }
  return [...groups.values()].reverse();
}

function Firing({ events }: { events: NetEvent[] }) {
  const last = events.at(-1);
  if (!last) return null;
  const { model, prompt, tools = [], produced = [], consumed = [], read = [] } = last;
  return (
    <details>
      <summary>
        <span className={`dot ${last.status}`} /> {clockTime(last.ts)} {last.type}
        {last.attempt !== undefined && last.attempt > 1 ? `, attempt ${last.attempt}` : ""}
        {last.durationMs === undefined ? "" : `, ${ageOf(last.durationMs)}`}
        {model ? `, ${money(model.costUsd)}` : ""}
      </summary>
      <p>{last.summary}</p>
      <dl>
        <dt>Took</dt>
        <dd>{[...consumed, ...read].map(({ place, id }) => `${place}/${id}`).join(", ") || "nothing"}</dd>
        {model && (
          <>
            <dt>Model</dt>
            <dd>
              {model.provider} {model.name}: {plural(model.calls, "call")}, {model.inputTokens} tokens in, {model.outputTokens} out,{" "}
              {money(model.costUsd)}
              {model.listUsd === undefined ? "" : ` (${money(model.listUsd)} at list prices)`}
            </dd>
          </>
        )}
        {prompt && (
          <>
            <dt>Exact prompt</dt>
            <dd>
              <ArtifactView artifact={{ $artifact: prompt.artifact, sha256: prompt.sha256, size: 0, type: "application/json" }} />
            </dd>
          </>
        )}
        {tools.length > 0 && (
          <>
            <dt>Tools</dt>
            <dd>{tools.map(({ name, ok, refused }) => `${name}${refused ? " (refused)" : ok ? "" : " (failed)"}`).join(", ")}</dd>
          </>
        )}
        <dt>Made</dt>
        <dd>
          {produced.map(({ place, token }) => (
            <div key={token.id}>
              {place}: <JsonView value={token.data} open={1} />
            </div>
          ))}
          {produced.length === 0 && "nothing yet"}
        </dd>
      </dl>
      <ol className="quiet">
        {events.map(({ seq, ts, summary }) => (
          <li key={seq}>
            {clockTime(ts)} {summary}
          </li>
        ))}
      </ol>
    </details>
  );
}
