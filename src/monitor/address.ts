/** The address holds the whole view: which net, which screen, what is chosen. A link shows somebody else the same. */
import { useSyncExternalStore } from "react";
import { SCREENS, type Screen } from "./screen-names.ts";

export interface Address {
  net: string | null;
  screen: Screen;
  /** What is chosen and filtered on the screen. */
  query: URLSearchParams;
}

const listeners = new Set<() => void>();
window.addEventListener("popstate", () => {
  for (const call of listeners) call();
});

function subscribe(call: () => void): () => void {
  listeners.add(call);
  return () => listeners.delete(call);
}
const here = () => window.location.pathname + window.location.search;

export function parseAddress(text: string): Address {
  const url = new URL(text, "http://petrel");
  const [, first, net, screen] = url.pathname.split("/");
  const known = SCREENS.find((one) => one === screen) ?? "net";
  return { net: first === "n" && net ? decodeURIComponent(net) : null, screen: known, query: url.searchParams };
}

export function useAddress(): Address {
  return parseAddress(useSyncExternalStore(subscribe, here));
}

export function addressOf(net: string | null, screen: Screen, query: Record<string, string | null> = {}): string {
  const set = Object.entries(query).flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value]]));
  const search = set.length === 0 ? "" : `?${new URLSearchParams(set)}`;
  return net === null ? "/" : `/n/${encodeURIComponent(net)}/${screen}${search}`;
}

export function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  for (const call of listeners) call();
}

/** Changes a part of the query, and keeps the rest. */
export function setQuery(change: Record<string, string | null>, options?: { replace?: boolean }): void {
  const { net, screen, query } = parseAddress(here());
  go(addressOf(net, screen, { ...Object.fromEntries(query), ...change }), options);
}
