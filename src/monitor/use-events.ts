/** The events that are known of a net, for screens: a new array whenever something came. */
import { useMemo, useSyncExternalStore } from "react";
import type { NetEvent } from "../contract/event.ts";
import type { EventStore } from "./event-store.ts";

export function useEvents(store: EventStore): readonly NetEvent[] {
  const version = useSyncExternalStore(store.subscribe, () => store.version);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the array grows in place, and its version says so
  return useMemo(() => store.events.slice(), [store, version]);
}
