/** What the models cost: by persona, model, transition and day, from the events that are known here. */
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { NetEvent } from "../../contract/event.ts";
import { setQuery, useAddress } from "../address.ts";
import type { ScreenProps } from "../app.tsx";
import { useEvents } from "../use-events.ts";
import { money } from "../words.ts";

const BY = {
  persona: ({ persona }: NetEvent) => persona ?? "none",
  model: ({ model }: NetEvent) => (model ? `${model.provider} ${model.name}` : "none"),
  transition: ({ transition }: NetEvent) => transition ?? "none",
  day: ({ ts }: NetEvent) => ts.slice(0, 10),
} as const;
type By = keyof typeof BY;

interface Row {
  key: string;
  firings: number;
  calls: number;
  input: number;
  output: number;
  usd: number;
  list: number;
}

export function CostsScreen({ store }: ScreenProps) {
  const events = useEvents(store);
  const { query } = useAddress();
  const by = (Object.keys(BY) as By[]).find((one) => one === query.get("by")) ?? "persona";
  const paid = useMemo(() => events.filter(({ model }) => model !== undefined), [events]);
  const rows = useMemo(() => sums(paid, BY[by]), [paid, by]);
  const total = rows.reduce((sum, { usd }) => sum + usd, 0);
  const list = rows.reduce((sum, row) => sum + row.list, 0);
  return (
    <section className="page">
      <div className="bar">
        <h1>Costs</h1>
        <label>
          by{" "}
          <select value={by} onChange={({ target }) => setQuery({ by: target.value })}>
            {Object.keys(BY).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <p>
        Spent {money(total)}; at list prices {money(list)}.{" "}
        {store.more !== null && (
          <button type="button" className="link" onClick={() => void store.pageBack()}>
            Earlier events are not counted yet: load them
          </button>
        )}
      </p>
      <Curve events={paid} />
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
            <tr key={row.key}>
              <th scope="row">{row.key}</th>
              <td>{row.firings}</td>
              <td>{row.calls}</td>
              <td>{row.input}</td>
              <td>{row.output}</td>
              <td>{money(row.usd)}</td>
              <td>{money(row.list)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sums(events: readonly NetEvent[], keyOf: (event: NetEvent) => string): Row[] {
  const rows = new Map<string, Row>();
  for (const event of events) {
    if (!event.model) continue;
    const key = keyOf(event);
    const row = rows.get(key) ?? { key, firings: 0, calls: 0, input: 0, output: 0, usd: 0, list: 0 };
    const { calls, inputTokens, outputTokens, costUsd, listUsd = costUsd } = event.model;
    rows.set(key, {
      key,
      firings: row.firings + 1,
      calls: row.calls + calls,
      input: row.input + inputTokens,
      output: row.output + outputTokens,
      usd: row.usd + costUsd,
      list: row.list + listUsd,
    });
  }
  return [...rows.values()].sort((a, b) => b.list - a.list);
}

/** The sum over time, at list prices. The table beneath says the same in numbers. */
function Curve({ events }: { events: readonly NetEvent[] }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current || events.length < 2) return;
    let sum = 0;
    const [xs, ys]: [number[], number[]] = [[], []];
    for (const { ts, model } of events) {
      sum += model?.listUsd ?? model?.costUsd ?? 0;
      xs.push(Date.parse(ts) / 1000);
      ys.push(sum);
    }
    const chart = new uPlot(
      {
        width: Math.min(900, box.current.clientWidth),
        height: 180,
        legend: { show: false },
        series: [{}, { stroke: "#2f6fde", width: 2, fill: "#2f6fde22" }],
        axes: [{}, { size: 70, values: (_, ticks) => ticks.map((tick) => `${tick} $`) }],
      },
      [xs, ys],
      box.current,
    );
    return () => chart.destroy();
  }, [events]);
  return events.length < 2 ? null : <div ref={box} role="img" aria-label="The sum at list prices over time; the table has the numbers" />;
}
