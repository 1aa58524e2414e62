/** The hands: who is there, what each can do, and what it works on. */
import type { ScreenProps } from "../app.tsx";
import { useExecutors, useMarking } from "../queries.ts";
import { ageOf } from "../words.ts";

export function ExecutorsScreen({ net }: ScreenProps) {
  const executors = useExecutors();
  const marking = useMarking(net, null);
  const claimed = (marking.data?.firings ?? []).filter(({ executor }) => executor !== null);
  return (
    <section className="page">
      <h1>Executors</h1>
      {executors.error && <p className="bad">{executors.error.message}</p>}
      {executors.data?.length === 0 && (
        <p className="empty">
          No executor is there; commands wait. <code>petrel executor start</code>
        </p>
      )}
      <table>
        <caption className="hidden">Executors</caption>
        <thead>
          <tr>
            <th>Name</th>
            <th>Pools</th>
            <th>Labels</th>
            <th>Load</th>
            <th>Version</th>
            <th>Host</th>
          </tr>
        </thead>
        <tbody>
          {(executors.data ?? []).map(({ name, pools, labels, version, host, slots, busy }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{pools.join(", ")}</td>
              <td>{labels.join(", ")}</td>
              <td>{slots === undefined ? "" : `${busy ?? 0} of ${slots}`}</td>
              <td>{version}</td>
              <td>{host}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>Under way in {net}</h2>
      {claimed.length === 0 && <p className="empty">No command runs.</p>}
      <ul>
        {claimed.map(({ firing, transition, executor, attempt, since }) => (
          <li key={firing}>
            {executor} works at {transition} for {ageOf(Date.now() - Date.parse(since))}
            {attempt > 1 ? `, attempt ${attempt}` : ""} <code className="quiet">{firing}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
