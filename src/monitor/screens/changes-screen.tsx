/** Versions of the net, and what changed between two of them; the drawing of the chosen one. */
import { useQuery } from "@tanstack/react-query";
import type { Json } from "../../contract/json.ts";
import { setQuery, useAddress } from "../address.ts";
import type { ScreenProps } from "../app.tsx";
import { Proposals } from "../parts/proposals.tsx";
import { useVersions } from "../queries.ts";
import { call } from "../session.ts";

interface Change {
  kind: "added" | "removed" | "changed";
  path: string;
  from?: Json;
  to?: Json;
}

export function ChangesScreen({ net, me }: ScreenProps) {
  const versions = useVersions(net);
  const { query } = useAddress();
  const [from, to] = [query.get("from"), query.get("to")];
  return (
    <section className="page">
      <h1>Changes</h1>
      {versions.error && <p className="bad">{versions.error.message}</p>}
      <table>
        <caption>Versions of {net}, newest first</caption>
        <thead>
          <tr>
            <th>Applied</th>
            <th>Version</th>
            <th>Compare</th>
          </tr>
        </thead>
        <tbody>
          {(versions.data ?? []).toReversed().map(({ hash, at }, row, all) => (
            <tr key={hash}>
              <td>{new Date(at).toLocaleString()}</td>
              <td>
                <code>{hash.slice(0, 12)}</code>
              </td>
              <td>
                {row + 1 < all.length && (
                  <button type="button" className="link" onClick={() => setQuery({ from: all[row + 1]?.hash ?? null, to: hash })}>
                    with the one before
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {from !== null && to !== null && <Changed net={net} from={from} to={to} />}
      <Proposals me={me} />
    </section>
  );
}

function Changed({ net, from, to }: { net: string; from: string; to: string }) {
  const diff = useQuery({
    queryKey: ["diff", net, from, to],
    queryFn: () => call<{ changes: Change[] }>(`/api/nets/${net}/diff?from=${from}&to=${to}`),
  });
  if (diff.error) return <p className="bad">{diff.error.message}</p>;
  return (
    <section aria-label="Difference">
      <h2>
        From {from.slice(0, 12)} to {to.slice(0, 12)}
      </h2>
      <ul className="changes">
        {(diff.data?.changes ?? []).map(({ kind, path, from: was, to: is }) => (
          <li key={path} className={kind}>
            <strong>{kind}</strong> <code>{path}</code>
            {kind !== "added" && <pre className="removed">{JSON.stringify(was, null, 1)}</pre>}
            {kind !== "removed" && <pre className="added">{JSON.stringify(is, null, 1)}</pre>}
          </li>
        ))}
      </ul>
      {diff.data?.changes.length === 0 && <p className="quiet">They are the same.</p>}
    </section>
  );
}
