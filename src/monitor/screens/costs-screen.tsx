/** What the models cost, from the beginning of the logs: by persona, tier, model, net and day; and the budgets that hold. */
import { lazy, Suspense } from "react";
import { setQuery, useAddress } from "../address.ts";
import { type CostRow, type Costs, useCosts } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import { money } from "../words.ts";
import { limits } from "./agents-screen.tsx";

const Bars = lazy(() => import("../parts/cost-bars.tsx").then(({ CostBars }) => ({ default: CostBars })));
const KEYS = ["persona", "tier", "model", "net", "day"];

export function CostsScreen({ net }: ScreenProps) {
  const { query } = useAddress();
  const by = KEYS.find((one) => one === query.get("by")) ?? "persona";
  const all = query.get("of") === "all" || by === "net";
  const costs = useCosts(by, all ? null : net);
  const here = useCosts("persona", net);
  const { rows = [], total } = costs.data ?? {};
  return (
    <section className="page">
      <div className="bar">
        <h1>Costs</h1>
        <label>
          by{" "}
          <select value={by} onChange={({ target }) => setQuery({ by: target.value })}>
            {KEYS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          of{" "}
          <select
            value={all ? "all" : "net"}
            disabled={by === "net"}
            onChange={({ target }) => setQuery({ of: target.value === "all" ? "all" : null })}
          >
            <option value="net">{net}</option>
            <option value="all">all nets</option>
          </select>
        </label>
      </div>
      {costs.error && <p className="bad">{costs.error.message}</p>}
      {total && (
        <p>
          Spent <strong>{money(total.usd)}</strong>; the same at list prices <strong>{money(total.listUsd)}</strong>, in {total.calls}{" "}
          calls.
          <span className="quiet"> What a recording answers costs nothing, and is told at list prices too.</span>
        </p>
      )}
      {rows.length === 0 && costs.data && <p className="empty">No model has been asked yet.</p>}
      {rows.length > 0 && (
        <>
          <Suspense fallback={<p className="quiet">…</p>}>
            <Bars rows={rows.map((row) => ({ name: row.by[by] ?? "?", usd: row.listUsd }))} />
          </Suspense>
          <CostTable rows={rows} by={by} />
        </>
      )}
      <Budgets budgets={here.data?.budgets ?? []} spent={here.data?.rows ?? []} />
    </section>
  );
}

function CostTable({ rows, by }: { rows: CostRow[]; by: string }) {
  return (
    <table>
      <caption className="hidden">Costs by {by}</caption>
      <thead>
        <tr>
          <th>{by}</th>
          <th>Firings</th>
          <th>Calls</th>
          <th>Tokens in</th>
          <th>Tokens out</th>
          <th>Spent</th>
          <th>At list prices</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.by[by]}>
            <th scope="row">{row.by[by]}</th>
            <td>{row.firings}</td>
            <td>{row.calls}</td>
            <td>{row.inputTokens}</td>
            <td>{row.outputTokens}</td>
            <td>{money(row.usd)}</td>
            <td>{money(row.listUsd)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Budgets({ budgets, spent }: { budgets: Costs["budgets"]; spent: CostRow[] }) {
  if (budgets.length === 0) return null;
  return (
    <table>
      <caption>Budgets: what may be used, and what was</caption>
      <thead>
        <tr>
          <th>Of</th>
          <th>A firing</th>
          <th>In this net</th>
          <th>A day</th>
          <th>Used in all</th>
          <th>At the limit</th>
        </tr>
      </thead>
      <tbody>
        {budgets.map(({ of, name, budget: { perNet, perDay, onCrossing, ...each } }) => (
          <tr key={`${of} ${name}`}>
            <th scope="row">
              {name} <span className="quiet">{of}</span>
            </th>
            <td>{of === "net" ? "" : limits(each, "")}</td>
            <td>{limits((of === "net" ? each : perNet) ?? {}, "")}</td>
            <td>{limits(perDay ?? {}, "")}</td>
            <td>
              {money(of === "net" ? spent.reduce((sum, row) => sum + row.usd, 0) : (spent.find(({ by }) => by.persona === name)?.usd ?? 0))}
            </td>
            <td>{typeof onCrossing === "string" ? onCrossing : "stop"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
