/** The same as the drawing, as tables: for screen readers, and for who wants to read numbers. */
import type { Marking } from "../queries.ts";
import { ageOf } from "../words.ts";
import { type NetDefinition, placeId, transitionId } from "./graph.ts";

export function NetTable({
  marking,
  definition,
  at,
  onChoose,
}: {
  marking: Marking | null;
  definition: NetDefinition;
  /** ms since the epoch, of a moment of the past; null: now. */
  at: number | null;
  onChoose: (id: string) => void;
}) {
  const now = at ?? Date.now();
  return (
    <div className="scroll">
      <table>
        <caption>Places</caption>
        <thead>
          <tr>
            <th>Place</th>
            <th>Waiting</th>
            <th>Reserved</th>
            <th>Oldest</th>
            <th>Capacity</th>
          </tr>
        </thead>
        <tbody>
          {(marking?.places ?? []).map(({ place, title, waiting, reserved, oldestAt, capacity }) => (
            <tr key={place}>
              <td>
                <button type="button" className="link" onClick={() => onChoose(placeId(place))}>
                  {place}
                </button>
                {title !== place && <span className="quiet"> {title}</span>}
              </td>
              <td>{waiting}</td>
              <td>{reserved}</td>
              <td>{oldestAt === null ? "" : ageOf(now - Date.parse(oldestAt))}</td>
              <td>{capacity ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table>
        <caption>Transitions</caption>
        <thead>
          <tr>
            <th>Transition</th>
            <th>Kind</th>
            <th>Persona</th>
            <th>Running</th>
            <th>Waits for people</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(definition.transitions ?? {}).map(([name, { kind, persona }]) => {
            const own = (marking?.firings ?? []).filter(({ transition }) => transition === name);
            return (
              <tr key={name}>
                <td>
                  <button type="button" className="link" onClick={() => onChoose(transitionId(name))}>
                    {name}
                  </button>
                </td>
                <td>{kind}</td>
                <td>{persona ?? ""}</td>
                <td>{own.filter(({ gate }) => gate === null).length}</td>
                <td>{own.filter(({ gate }) => gate !== null).length}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
