/** The specialists: what each may do, what it does now; and the Domain Expert, who says what is to be seen. */
import { useState } from "react";
import type { ScreenProps } from "../app.tsx";
import { Expert } from "../parts/expert.tsx";
import { type PersonaRow, useMarking, usePersonas } from "../queries.ts";
import { useEvents } from "../use-events.ts";
import { ageOf, clockTime, money } from "../words.ts";

const FLAGS: readonly [string, string][] = [
  ["r", "reads"],
  ["w", "writes"],
  ["x", "acts outside"],
  ["h", "HTTP"],
  ["l", "event line"],
];

export function AgentsScreen({ net, store }: ScreenProps) {
  const personas = usePersonas();
  const marking = useMarking(net, null);
  const events = useEvents(store);
  const [matrix, setMatrix] = useState(false);
  const own = (personas.data ?? []).filter((row) => row.net === net);
  return (
    <div className="split">
      <section className="wide page" aria-label="Personas">
        <div className="bar">
          <h1>Specialists</h1>
          <button type="button" aria-pressed={matrix} onClick={() => setMatrix(!matrix)}>
            {matrix ? "Cards" : "Who can do what"}
          </button>
        </div>
        {personas.error && <p className="bad">{personas.error.message}</p>}
        {own.length === 0 && <p className="empty">No persona stands in this net.</p>}
        {matrix ? (
          <Matrix personas={own} />
        ) : (
          <div className="cards">
            {own.map((persona) => {
              const doing = (marking.data?.firings ?? []).filter((firing) => firing.persona === persona.persona);
              const done = events.filter(
                (event) => event.persona === persona.persona && (event.type === "fired" || event.type === "failed"),
              );
              const spent = done.reduce((sum, { model }) => sum + (model?.listUsd ?? model?.costUsd ?? 0), 0);
              return (
                <article className="card" key={persona.persona} aria-label={persona.title}>
                  <h2>{persona.title}</h2>
                  <p className="quiet">
                    {persona.persona} · {persona.tier} · <code>{persona.flags}</code> · {money(spent)} at list prices
                  </p>
                  {doing.length === 0 ? (
                    <p className="quiet">idle</p>
                  ) : (
                    doing.map(({ firing, transition, since, gate }) => (
                      <p key={firing}>
                        <span className={`pill ${gate === null ? "going-on" : "waiting"}`}>{gate === null ? "works" : "waits"}</span> at{" "}
                        {transition} for {ageOf(Date.now() - Date.parse(since))}
                      </p>
                    ))
                  )}
                  <ul className="quiet">
                    {done.slice(-3).map(({ seq, ts, summary }) => (
                      <li key={seq}>
                        {clockTime(ts)} {summary}
                      </li>
                    ))}
                  </ul>
                </article>
              );
            })}
          </div>
        )}
      </section>
      <Expert net={net} />
    </div>
  );
}

function Matrix({ personas }: { personas: PersonaRow[] }) {
  return (
    <table>
      <caption className="hidden">Who can do what</caption>
      <thead>
        <tr>
          <th>Persona</th>
          {FLAGS.map(([flag, word]) => (
            <th key={flag}>
              {word} <code>{flag}</code>
            </th>
          ))}
          <th>Tools</th>
        </tr>
      </thead>
      <tbody>
        {personas.map(({ persona, flags, tools }) => (
          <tr key={persona}>
            <th scope="row">{persona}</th>
            {FLAGS.map(([flag, word]) => (
              <td key={flag}>
                <span className="hidden">{flags.includes(flag) ? `may: ${word}` : `may not: ${word}`}</span>
                <span aria-hidden="true">{flags.includes(flag) ? "●" : "·"}</span>
              </td>
            ))}
            <td>{tools.join(", ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
