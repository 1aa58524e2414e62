/** Versions of the net, what changed between two of them as a drawing and as a list; applying another; proposals of specialists. */
import { setQuery, useAddress } from "../address.ts";
import { ApplyNet } from "../parts/apply-net.tsx";
import { CrystalsTable } from "../parts/crystals-table.tsx";
import { NetDifference } from "../parts/net-difference.tsx";
import { Proposals } from "../parts/proposals.tsx";
import { useVersions } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";

export function ChangesScreen({ net, me }: ScreenProps) {
  const versions = useVersions(net);
  const { query } = useAddress();
  const all = (versions.data ?? []).toReversed();
  const [newest, before] = all;
  // The last change is what one wants to see first.
  const from = query.get("from") ?? before?.hash ?? null;
  const to = query.get("to") ?? newest?.hash ?? null;
  return (
    <section className="page">
      <h1>Changes</h1>
      {versions.error && <p className="bad">{versions.error.message}</p>}
      <Proposals me={me} />
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
          {all.map(({ hash, at }, row) => (
            <tr key={hash}>
              <td>{new Date(at).toLocaleString()}</td>
              <td>
                <code>{hash.slice(0, 12)}</code> {row === 0 && <span className="pill running">runs</span>}
              </td>
              <td>
                {row + 1 < all.length && (
                  <button
                    type="button"
                    className="link"
                    aria-pressed={to === hash}
                    onClick={() => setQuery({ from: all[row + 1]?.hash ?? null, to: hash })}
                  >
                    with the one before
                  </button>
                )}
                {row > 0 && newest && (
                  <button type="button" className="link" onClick={() => setQuery({ from: hash, to: newest.hash })}>
                    with what runs
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {from !== null && to !== null && <NetDifference net={net} from={from} to={to} />}
      <CrystalsTable net={net} />
      {me.scopes.includes("petrel:admin") && <ApplyNet net={net} />}
    </section>
  );
}
