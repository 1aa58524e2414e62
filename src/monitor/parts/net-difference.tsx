/** Two versions of a net in one drawing: what came is green, what went is red, what changed is amber; and the same as a list. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Json } from "../../contract/json.ts";
import { type NetDefinition, placeId, transitionId } from "../net/graph.ts";
import { NetCanvas } from "../net/net-canvas.tsx";
import { useDefinition } from "../queries.ts";
import { call } from "../session.ts";
import { plural } from "../words.ts";

export interface Change {
  kind: "added" | "removed" | "changed";
  path: string;
  from?: Json;
  to?: Json;
}
export type Mark = Change["kind"];

export function NetDifference({ net, from, to }: { net: string; from: string; to: string }) {
  const diff = useQuery({
    queryKey: ["diff", net, from, to],
    queryFn: () => call<{ changes: Change[] }>(`/api/nets/${net}/diff?from=${from}&to=${to}`),
  });
  const [was, is] = [useDefinition(net, from), useDefinition(net, to)];
  const drawn = useMemo(
    () => (was.data && is.data ? merged(was.data.definition as NetDefinition, is.data.definition as NetDefinition) : null),
    [was.data, is.data],
  );
  if (diff.error) return <p className="bad">{diff.error.message}</p>;
  return (
    <section aria-label="Difference">
      <h2>
        From {from.slice(0, 12)} to {to.slice(0, 12)}
      </h2>
      <div className="small-canvas">
        {drawn === null ? (
          <p className="quiet center">Asking for both versions…</p>
        ) : (
          <NetCanvas
            definition={drawn.definition}
            marks={drawn.marks}
            marking={null}
            store={null}
            at={null}
            events={NOTHING}
            open={NONE}
            chosen={null}
            onChoose={() => {}}
          />
        )}
      </div>
      <p className="legend quiet">
        <span className="mark added">came</span> <span className="mark removed">went</span> <span className="mark changed">changed</span>
      </p>
      {diff.data && <Changes changes={diff.data.changes} />}
    </section>
  );
}
const NONE: ReadonlySet<string> = new Set();
const NOTHING: never[] = [];

export function Changes({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return <p className="quiet">They are the same.</p>;
  return (
    <details open={changes.length < 8}>
      <summary>{plural(changes.length, "change")}</summary>
      <ul className="changes">
        {changes.map(({ kind, path, from: was, to: is }) => (
          <li key={path} className={kind}>
            <strong>{kind}</strong> <code>{path}</code>
            {kind !== "added" && <pre className="removed">{JSON.stringify(was, null, 1)}</pre>}
            {kind !== "removed" && <pre className="added">{JSON.stringify(is, null, 1)}</pre>}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Both nets as one, and what became of each of its parts. */
export function merged(was: NetDefinition, is: NetDefinition): { definition: NetDefinition; marks: Map<string, Mark> } {
  const marks = new Map<string, Mark>();
  const compare = (before: object = {}, after: object = {}, idOf: (name: string) => string) => {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [old, now] = [before, after].map((all) => JSON.stringify((all as Record<string, unknown>)[name]));
      if (old === now) continue;
      marks.set(idOf(name), old === undefined ? "added" : now === undefined ? "removed" : "changed");
    }
  };
  compare(was.places, is.places, placeId);
  compare(was.transitions, is.transitions, transitionId);
  compare(was.subnets, is.subnets, (name) => `subnet:${name}`);
  const definition: NetDefinition = {
    ...is,
    places: { ...was.places, ...is.places },
    transitions: { ...was.transitions, ...is.transitions },
    subnets: { ...was.subnets, ...is.subnets },
  };
  return { definition, marks };
}
