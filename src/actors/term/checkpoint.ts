/** Checkpoints: the engine's whole state, so that a recovery reads only the rest of the log. */
import { Packr } from "msgpackr";
import type { Checkpoints } from "../../contract/broker.ts";
import { emptyState, type NetState } from "../../net/state.ts";

/** Raised when a field of the state changes its meaning; older checkpoints are then passed over and the log is read whole. */
const LAYOUT = 1;
const packr = new Packr({ structuredClone: true, moreTypes: true, useRecords: false, mapsAsObjects: false });

export async function saveCheckpoint(store: Checkpoints, state: NetState): Promise<void> {
  await store.save(state.net, state.sequence, packr.pack({ layout: LAYOUT, state }));
}

export async function loadCheckpoint(store: Checkpoints, net: string): Promise<NetState | null> {
  const latest = await store.latest(net);
  if (!latest) return null;
  const stored: unknown = packr.unpack(latest.state);
  const parts = stored instanceof Map ? Object.fromEntries(stored) : (stored as { layout?: number; state?: NetState });
  if (parts.layout !== LAYOUT || !parts.state) return null;
  return { ...emptyState(net), ...(parts.state as NetState) };
}
