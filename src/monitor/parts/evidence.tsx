/** On what people decide: how the work came here, what it has cost so far, its findings and diffs, and the input itself. */
import { isJsonObject, type Json } from "../../contract/json.ts";
import { useSentBack } from "../net/use-sent-back.ts";
import { type GateRow, useStory } from "../queries.ts";
import { clockTime, money, plural } from "../words.ts";
import { ArtifactView, isArtifact } from "./artifact-view.tsx";
import { Diff } from "./diff.tsx";
import { Dot } from "./dot.tsx";
import { JsonView } from "./json-view.tsx";

const STEPS = 12;

export function Evidence({ gate }: { gate: GateRow }) {
  const story = useStory(gate.net, gate.correlation ?? null);
  const sentBack = useSentBack(gate.net);
  const events = story.data ?? [];
  const ended = events.filter(({ type }) => type === "fired" || type === "failed");
  const usd = events.reduce((sum, { model }) => sum + (model?.listUsd ?? model?.costUsd ?? 0), 0);
  const pieces = onceEach(piecesIn(gate.inputs ?? null));
  return (
    <>
      {ended.length > 0 && (
        <section>
          <h3>
            How it came here{" "}
            <span className="quiet">
              {plural(ended.length, "step")}, {money(usd)} at list prices so far
            </span>
          </h3>
          <ol className="tail">
            {ended.slice(-STEPS).map((event) => (
              <li key={event.seq} className={event.status}>
                {clockTime(event.ts)} <Dot status={event.status} isBack={sentBack(event)} /> {event.summary}
              </li>
            ))}
          </ol>
        </section>
      )}
      {pieces.map(({ path, value }) => (
        <details key={path} open={pieces.length <= 3}>
          <summary>{path}</summary>
          {typeof value === "string" ? <Diff text={value} /> : isArtifact(value) ? <ArtifactView artifact={value} /> : null}
        </details>
      ))}
      {gate.inputs !== undefined && (
        <details open={ended.length === 0}>
          <summary>What it is about, whole</summary>
          <JsonView value={gate.inputs} open={1} />
        </details>
      )}
    </>
  );
}

/** The same diff often stands in several places of the input; bundles are for git. */
function onceEach(pieces: { path: string; value: Json }[]): { path: string; value: Json }[] {
  const seen = new Set<string>();
  return pieces.filter(({ value }) => {
    const key = typeof value === "string" ? value : isArtifact(value) ? value.sha256 : "";
    return !(isArtifact(value) && /git-bundle|octet-stream/.test(value.type)) && !seen.has(key) && seen.add(key);
  });
}

/** Diffs, logs and artefacts, wherever they stand in the input. */
function piecesIn(value: Json, path = ""): { path: string; value: Json }[] {
  if (isArtifact(value)) return [{ path, value }];
  if (typeof value === "string") return /^(diff --git|--- |@@ )/m.test(value) ? [{ path, value }] : [];
  if (Array.isArray(value)) return value.flatMap((one, at) => piecesIn(one, `${path} ${at + 1}`));
  if (isJsonObject(value)) return Object.entries(value).flatMap(([name, one]) => piecesIn(one, path === "" ? name : `${path}, ${name}`));
  return [];
}
