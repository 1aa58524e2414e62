/** The specialists: what each may do, what it does now and has used; and the Domain Expert, who says what is to be seen. */
import type { Json } from "../../contract/json.ts";
import { addressOf, go, setQuery, useAddress } from "../address.ts";
import { Expert } from "../parts/expert.tsx";
import { Matrix } from "../parts/matrix.tsx";
import { type TeamRow, useTeam } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import { ageOf, clockTime, money, plural } from "../words.ts";

export function AgentsScreen({ net }: ScreenProps) {
  const team = useTeam(net);
  const { query } = useAddress();
  const matrix = query.get("as") === "matrix";
  const own = team.data ?? [];
  return (
    <div className="split">
      <section className="wide page" aria-label="Personas">
        <div className="bar">
          <h1>Specialists</h1>
          <button type="button" aria-pressed={matrix} onClick={() => setQuery({ as: matrix ? null : "matrix" })}>
            {matrix ? "Cards" : "Who can do what"}
          </button>
        </div>
        {team.error && <p className="bad">{team.error.message}</p>}
        {team.data?.length === 0 && <p className="empty">No persona stands in this net.</p>}
        {matrix ? (
          <Matrix team={own} />
        ) : (
          <div className="cards">
            {own.map((row) => (
              <Card key={row.persona} net={net} row={row} />
            ))}
          </div>
        )}
      </section>
      <Expert net={net} />
    </div>
  );
}

function Card({ net, row }: { net: string; row: TeamRow }) {
  const { persona, title, description, flags, tier, tools, spent, doing, last } = row;
  return (
    <article className="card" aria-label={title}>
      <h2>
        {title} <code className="flags">{flags}</code>
      </h2>
      <p className="quiet">
        {persona}, tier {tier}
        {tools.length > 0 ? `, ${plural(tools.length, "tool")}` : ""}
      </p>
      {description !== null && <p>{description}</p>}
      {doing.length === 0 ? (
        <p>
          <span className="pill idle">idle</span>
        </p>
      ) : (
        doing.map(({ firing, transition, since, gate }) => (
          <p key={firing}>
            <span className={`pill ${gate === null ? "going-on" : "waiting"}`}>{gate === null ? "works" : "waits for people"}</span> at{" "}
            <button type="button" className="link" onClick={() => go(addressOf(net, "net", { at: `transition:${transition}` }))}>
              {transition}
            </button>{" "}
            for {ageOf(Date.now() - Date.parse(since))}
          </p>
        ))
      )}
      <Spend row={row} />
      {last.length > 0 && (
        <>
          <h3>Last</h3>
          <ul className="quiet">
            {last.slice(0, 3).map(({ seq, ts, summary, status }) => (
              <li key={seq} className={status}>
                {clockTime(ts)} {summary}
              </li>
            ))}
          </ul>
        </>
      )}
      {tools.length > 0 && (
        <details>
          <summary>Tools</summary>
          <p className="quiet">{tools.join(", ")}</p>
        </details>
      )}
      {spent === null && last.length === 0 && <p className="quiet">It has not worked yet.</p>}
    </article>
  );
}

function Spend({ row: { spent, budget } }: { row: TeamRow }) {
  const { perNet, perDay, ...each } = budget;
  const used = spent === null ? "nothing" : `${money(spent.listUsd)} at list prices, ${plural(spent.calls, "call")}`;
  return (
    <p>
      Used {used}
      <span className="quiet">
        {" "}
        of {limits(each, "a firing")}
        {perNet === undefined ? "" : `; ${limits(perNet, "in this net")}`}
        {perDay === undefined ? "" : `; ${limits(perDay, "a day")}`}
      </span>
    </p>
  );
}

const WORDS: Record<string, (value: number) => string> = {
  usd: (value) => `${value} USD`,
  tokens: (value) => plural(value, "token"),
  turns: (value) => plural(value, "call"),
  seconds: (value) => ageOf(value * 1000),
  toolCalls: (value) => plural(value, "tool call"),
};
export function limits(budget: Json, what: string): string {
  if (typeof budget !== "object" || budget === null || Array.isArray(budget)) return "no limit";
  const all = Object.entries(budget).flatMap(([name, value]) => (typeof value === "number" && WORDS[name] ? [WORDS[name](value)] : []));
  return all.length === 0 ? `no limit ${what}` : `${all.join(", ")} ${what}`;
}
