/** The rules of a net, a row for each step that asks a model. */
import { addressOf, go } from "../address.ts";
import { useCrystals } from "../queries.ts";
import { percent } from "../words.ts";
import { answeredBy, audited, MODES } from "./crystal.tsx";

export function CrystalsTable({ net }: { net: string }) {
  const { data = [] } = useCrystals(net);
  if (data.length === 0) return null;
  return (
    <table aria-label="Rules in a model's place">
      <caption>Steps that ask a model, and the rules that may answer instead</caption>
      <thead>
        <tr>
          <th>Step</th>
          <th>Rule</th>
          <th>Answered</th>
          <th>Audits</th>
          <th>Proof</th>
        </tr>
      </thead>
      <tbody>
        {data.map((row) => (
          <tr key={row.transition}>
            <td>
              <button type="button" className="link" onClick={() => go(addressOf(net, "net", { at: `transition:${row.transition}` }))}>
                {row.transition}
              </button>
            </td>
            <td>
              <span className={`pill ${MODES[row.mode].pill}`}>{MODES[row.mode].words}</span>
            </td>
            <td>{row.record ? answeredBy(row) : "the model alone"}</td>
            <td>{row.record ? audited(row) : ""}</td>
            <td>
              {row.definition?.proof
                ? `${row.definition.proof.wrong} of ${row.definition.proof.covered} differed; errs in at most ${percent(row.definition.proof.bound)}`
                : ""}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
