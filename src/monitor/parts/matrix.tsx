/** Who can do what: the flags of each specialist, and at each of its positions the tools and places that flag, list and net allow. */
import type { TeamRow } from "../queries.ts";

const FLAGS: readonly [string, string][] = [
  ["r", "reads"],
  ["w", "writes"],
  ["x", "acts outside"],
  ["h", "HTTP"],
  ["l", "event line"],
];

export function Matrix({ team }: { team: TeamRow[] }) {
  return (
    <div className="scroll">
      <table>
        <caption>Who can do what: what the flags, the list of tools and the net allow together</caption>
        <thead>
          <tr>
            <th>Persona</th>
            {FLAGS.map(([flag, word]) => (
              <th key={flag}>
                {word} <code>{flag}</code>
              </th>
            ))}
            <th>At</th>
            <th>Takes or reads</th>
            <th>Puts into</th>
            <th>Tools</th>
          </tr>
        </thead>
        <tbody>
          {team.flatMap(({ persona, flags, at }) =>
            at.map((row) => (
              <tr key={`${persona} ${row.transition}`}>
                <th scope="row">{persona}</th>
                {FLAGS.map(([flag, word]) => (
                  <td key={flag}>
                    <span className="hidden">{flags.includes(flag) ? `may: ${word}` : `may not: ${word}`}</span>
                    <span aria-hidden="true">{flags.includes(flag) ? "●" : "·"}</span>
                  </td>
                ))}
                <td>
                  {row.transition}
                  {row.releases ? <strong> releases</strong> : ""}
                </td>
                <td>{row.reads.join(", ") || "nothing"}</td>
                <td>{row.writes.join(", ") || "by the net alone"}</td>
                <td>{row.tools.join(", ") || "none"}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}
