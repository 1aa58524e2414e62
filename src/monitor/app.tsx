/** The frame of all screens: who looks, which net, which screen. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { addressOf, go, useAddress } from "./address.ts";
import { EventStore } from "./event-store.ts";
import { Login } from "./login.tsx";
import { useFresh, useGates, useMe, useNets } from "./queries.ts";
import { SCREENS, type Screen } from "./screen-names.ts";
import type { ScreenProps } from "./screen-props.ts";
import { AgentsScreen } from "./screens/agents-screen.tsx";
import { ChangesScreen } from "./screens/changes-screen.tsx";
import { ConsoleScreen } from "./screens/console-screen.tsx";
import { CostsScreen } from "./screens/costs-screen.tsx";
import { ExecutorsScreen } from "./screens/executors-screen.tsx";
import { GatesScreen } from "./screens/gates-screen.tsx";
import { NetScreen } from "./screens/net-screen.tsx";
import { TimeScreen } from "./screens/time-screen.tsx";
import { ApiError, hasKey, logOut, type Me, onKeyLost } from "./session.ts";

const NAMES: Record<Screen, string> = {
  net: "Net",
  console: "Console",
  gates: "Gates",
  agents: "Agents",
  executors: "Executors",
  time: "Time",
  costs: "Costs",
  changes: "Changes",
};

export function App() {
  const [inside, setInside] = useState(hasKey());
  const [why, setWhy] = useState<string | null>(null);
  const cache = useQueryClient();
  const leave = useCallback(
    (reason: string | null) => {
      cache.clear();
      setWhy(reason);
      setInside(false);
    },
    [cache],
  );
  useEffect(() => onKeyLost(leave), [leave]);
  if (!inside) return <Login why={why} onIn={() => setInside(true)} />;
  return (
    <House
      onOut={() => {
        logOut();
        leave(null);
      }}
    />
  );
}

function House({ onOut }: { onOut: () => void }) {
  const me = useMe();
  const nets = useNets();
  const { net: named, screen } = useAddress();
  const net = named ?? nets.data?.[0]?.net ?? null;
  useEffect(() => {
    if (me.error instanceof ApiError && me.error.status === 401) onOut();
  }, [me.error, onOut]);
  const store = useEventStore(net);
  useFresh(store);
  if (me.isPending || nets.isPending) return <p className="quiet center">Asking the gateway…</p>;
  if (me.error || !me.data) return <p className="bad center">{me.error?.message ?? "The gateway does not answer."}</p>;
  return (
    <div className="house">
      <a className="skip" href="#screen">
        To the screen
      </a>
      <header>
        <strong className="brand">
          <img src="/favicon.svg" alt="" /> Petrel
        </strong>
        <NetChoice net={net} screen={screen} nets={nets.data ?? []} />
        <nav aria-label="Screens">
          {SCREENS.map((one) => (
            <ScreenLink key={one} screen={one} net={net} current={one === screen} />
          ))}
        </nav>
        <Who me={me.data} onOut={onOut} store={store} />
      </header>
      <main id="screen" tabIndex={-1}>
        {net === null ? (
          <NoNet />
        ) : store === null ? (
          <p className="quiet center">…</p>
        ) : (
          <ScreenOf screen={screen} net={net} store={store} me={me.data} />
        )}
      </main>
    </div>
  );
}

function useEventStore(net: string | null): EventStore | null {
  const [store, setStore] = useState<EventStore | null>(null);
  // Made and closed by the same effect: one that is run twice has a store that is open.
  useEffect(() => {
    if (net === null) return;
    const made = new EventStore(net);
    setStore(made);
    return () => made.close();
  }, [net]);
  return store?.net === net ? store : null;
}

function ScreenOf({ screen, ...props }: ScreenProps & { screen: Screen }) {
  switch (screen) {
    case "net":
      return <NetScreen {...props} />;
    case "console":
      return <ConsoleScreen {...props} />;
    case "gates":
      return <GatesScreen {...props} />;
    case "agents":
      return <AgentsScreen {...props} />;
    case "executors":
      return <ExecutorsScreen {...props} />;
    case "time":
      return <TimeScreen {...props} />;
    case "costs":
      return <CostsScreen {...props} />;
    case "changes":
      return <ChangesScreen {...props} />;
  }
}

function NetChoice({ net, screen, nets }: { net: string | null; screen: Screen; nets: { net: string; title?: string; state: string }[] }) {
  return (
    <label className="choice">
      <span className="hidden">Net</span>
      <select value={net ?? ""} onChange={({ target }) => go(addressOf(target.value, screen))}>
        {nets.map((row) => (
          <option key={row.net} value={row.net}>
            {row.net}
            {row.state === "running" ? "" : ` (${row.state})`}
          </option>
        ))}
      </select>
    </label>
  );
}

function ScreenLink({ screen, net, current }: { screen: Screen; net: string | null; current: boolean }) {
  const gates = useGates();
  const waiting = screen === "gates" ? (gates.data?.length ?? 0) : 0;
  const to = addressOf(net, screen);
  return (
    <a
      href={to}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {NAMES[screen]}
      {waiting > 0 && (
        <span className="badge" title={`${waiting} waiting for people`}>
          {waiting}
        </span>
      )}
    </a>
  );
}

function Who({ me, store, onOut }: { me: Me; store: EventStore | null; onOut: () => void }) {
  const state = useStreamState(store);
  return (
    <div className="who">
      <span className={`live ${state}`} role="status">
        {state === "open" ? "live" : state === "lost" ? "connection lost, trying again" : "connecting"}
      </span>
      <span title={me.scopes.join(" ")}>
        {me.client}
        {me.readOnly ? ", read-only" : ""}
      </span>
      <button type="button" onClick={onOut}>
        Log out
      </button>
    </div>
  );
}

const never = () => () => {};
function useStreamState(store: EventStore | null) {
  return useSyncExternalStore(store?.subscribe ?? never, () => store?.state ?? "opening");
}

function NoNet() {
  return (
    <section className="empty">
      <h1>No net runs here yet</h1>
      <p>
        Apply one: <code>petrel net apply nets/safe-teams.json</code>
      </p>
    </section>
  );
}
