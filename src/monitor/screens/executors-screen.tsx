/** The hands: who is there, what each can do and works on, and what nobody who is there could do. */
import { useMemo } from "react";
import type { NetEvent } from "../../contract/event.ts";
import { addressOf, go } from "../address.ts";
import { useSentBack } from "../net/use-sent-back.ts";
import { type OutputStore, useOutput } from "../output-store.ts";
import { Dot } from "../parts/dot.tsx";
import { LiveOutput } from "../parts/live-output.tsx";
import { type ExecutorRow, type Hands, useHands } from "../queries.ts";
import type { ScreenProps } from "../screen-props.ts";
import { useEvents } from "../use-events.ts";
import { ageOf, clockTime, plural } from "../words.ts";

export function ExecutorsScreen({ store, net }: ScreenProps) {
  const { data, error } = useHands();
  const events = useEvents(store);
  const output = useOutput("/api/executors/output/stream");
  const { executors = [], running = [], waiting = [], blocked = [] } = data ?? {};
  return (
    <section className="page">
      <h1>Executors</h1>
      {error && <p className="bad">{error.message}</p>}
      {data && executors.length === 0 && (
        <p className="empty">
          No executor is there; commands wait. <code>petrel executor start</code>
        </p>
      )}
      {blocked.length > 0 && <Blocked blocked={blocked} />}
      <Fleet executors={executors} />
      <h2>{running.length === 0 ? "No command runs" : `${plural(running.length, "command")} running`}</h2>
      {running.map((one) => (
        <Running key={one.firing} one={one} output={output} events={one.net === net ? events : []} />
      ))}
      {waiting.length > 0 && (
        <>
          <h2>{plural(waiting.length, "command")} waiting for a free hand</h2>
          <ul>
            {waiting.map(({ firing, net: of, transition, pool, since }) => (
              <li key={firing}>
                {transition} of {of}, pool {pool}, for {ageOf(Date.now() - Date.parse(since))}
              </li>
            ))}
          </ul>
        </>
      )}
      <Ended net={net} events={events} output={output} />
    </section>
  );
}

const SAID = 4;

/** One command under way: what it prints, and the last that the net's log says of it. */
function Running({ one, output, events }: { one: Hands["running"][number]; output: OutputStore | null; events: readonly NetEvent[] }) {
  const said = events.filter(({ firing }) => firing === one.firing).slice(-SAID);
  return (
    <article className="card" aria-label={`${one.executor} works at ${one.transition}`}>
      <p>
        <span className="pill going-on">{one.executor}</span> works at{" "}
        <button type="button" className="link" onClick={() => go(addressOf(one.net, "net", { at: `transition:${one.transition}` }))}>
          {one.transition}
        </button>{" "}
        <span className="quiet">
          of {one.net}
          {one.persona === null ? "" : `, for ${one.persona}`}, for {ageOf(Date.now() - Date.parse(one.since))}
          {one.attempt > 1 ? `, attempt ${one.attempt}` : ""}
        </span>
      </p>
      {said.length > 0 && (
        <ol className="tail" aria-label="What the log says of it">
          {said.map(({ seq, ts, summary }) => (
            <li key={seq}>
              {clockTime(ts)} {summary}
            </li>
          ))}
        </ol>
      )}
      <LiveOutput store={output} firing={one.firing} label={`What ${one.transition} prints`} />
    </article>
  );
}

const ENDED = 8;

/** What executors have done last, as far as the newest events tell. */
function Ended({ net, events, output }: { net: string; events: readonly NetEvent[]; output: OutputStore | null }) {
  const sentBack = useSentBack(net);
  const rows = useMemo(() => endedLast(events).map((row) => ({ ...row, isBack: sentBack(row.event) })), [events, sentBack]);
  if (rows.length === 0) return null;
  return (
    <>
      <h2>Ended last</h2>
      <ul className="ended" aria-label="Commands that ended last">
        {rows.map(({ executor, event: { seq, ts, transition = "", firing = "", summary, status }, isBack }) => (
          <li key={seq}>
            {clockTime(ts)} <Dot status={status} isBack={isBack} /> <span className="quiet">{executor}</span>{" "}
            <button type="button" className="link" onClick={() => go(addressOf(net, "net", { at: `transition:${transition}` }))}>
              {transition}
            </button>{" "}
            {summary}
            {(output?.of(firing).length ?? 0) > 0 && (
              <details>
                <summary>what it printed</summary>
                <LiveOutput store={output} firing={firing} label={`What ${transition} printed`} />
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function endedLast(events: readonly NetEvent[]): { executor: string; event: NetEvent }[] {
  const claims = new Map<string, string>();
  const ended: { executor: string; event: NetEvent }[] = [];
  for (const event of events) {
    if (event.firing === undefined) continue;
    if (event.type === "claimed") claims.set(event.firing, String(event.attributes?.executor ?? ""));
    const executor = claims.get(event.firing);
    if (executor !== undefined && (event.type === "fired" || event.type === "failed")) ended.push({ executor, event });
  }
  return ended.slice(-ENDED).reverse();
}

function Blocked({ blocked }: { blocked: Hands["blocked"] }) {
  return (
    <div className="card gate" role="status">
      <h2>{plural(blocked.length, "command")} blocked</h2>
      <ul>
        {blocked.map(({ firing, net, transition, text, command, since }) => (
          <li key={firing}>
            <strong>{transition}</strong> of {net} waits for {ageOf(Date.now() - Date.parse(since))}: {text}. <code>{command}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Fleet({ executors }: { executors: ExecutorRow[] }) {
  return (
    <div className="scroll">
      <table>
        <caption className="hidden">Executors</caption>
        <thead>
          <tr>
            <th>Name</th>
            <th>Pools</th>
            <th>Labels</th>
            <th>Load</th>
            <th>Kept apart by</th>
            <th>Heard</th>
            <th>Version</th>
            <th>Host</th>
          </tr>
        </thead>
        <tbody>
          {executors.map(({ name, pools, labels, version, host, slots = 0, busy = 0, isolation, limits, full, heldOff, heard, at }) => (
            <tr key={name}>
              <th scope="row">
                {name}
                {heldOff && <div className="bad">gets no work until {heldOff}: it let its claims lapse</div>}
                {full && <div className="bad">takes nothing new: {full}</div>}
              </th>
              <td>{pools.join(", ")}</td>
              <td>{labels.join(", ")}</td>
              <td className="unbroken">
                <meter min={0} max={Math.max(1, slots)} value={busy} aria-label={`load of ${name}`} /> {busy} of {slots}
              </td>
              <td>
                {isolation}
                {limits && <div className="quiet">{limits}</div>}
              </td>
              <td className="unbroken">{ageOf(Date.now() - Date.parse(heard ?? at))} ago</td>
              <td>{version}</td>
              <td>{host}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
