/** JSON as a tree that opens and shuts; artefacts are shown as what they are. */
import type { Json } from "../../contract/json.ts";
import { ArtifactView, isArtifact } from "./artifact-view.tsx";

export function JsonView({ value, open = 2 }: { value: Json; open?: number }) {
  if (value === null || typeof value !== "object")
    return <code className={`json ${typeof value}`}>{typeof value === "string" ? value : JSON.stringify(value)}</code>;
  if (isArtifact(value)) return <ArtifactView artifact={value} />;
  const entries = Array.isArray(value) ? value.map((one, at) => [String(at), one] as const) : Object.entries(value);
  if (entries.length === 0) return <code className="json">{Array.isArray(value) ? "[]" : "{}"}</code>;
  return (
    <ul className="json">
      {entries.map(([name, inner]) => (
        <li key={name}>
          {isLeaf(inner) ? (
            <>
              <span className="name">{name}</span> <JsonView value={inner} />
            </>
          ) : (
            <details open={open > 0}>
              <summary>
                <span className="name">{name}</span> <span className="quiet">{Array.isArray(inner) ? `[${inner.length}]` : "{…}"}</span>
              </summary>
              <JsonView value={inner} open={open - 1} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function isLeaf(value: Json): boolean {
  return (
    value === null ||
    typeof value !== "object" ||
    isArtifact(value) ||
    (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0)
  );
}
