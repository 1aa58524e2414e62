/** Checkpoints: the engine's whole state, so that a recovery reads only the rest of the log. */
import { Packr } from "msgpackr";
import type { Checkpoints } from "../../contract/broker.ts";
import type { Logger } from "../../contract/logger.ts";
import { emptyState, type NetState } from "../../net/state.ts";

/** Raised when a field of the state changes its meaning; older checkpoints are then passed over and the log is read whole. */
const LAYOUT = 2;
/** Objects as records, maps as maps, sets as sets: each comes back as what it was. */
const packr = new Packr({ structuredClone: true });

/** The caller makes sure that nothing is pending in the commit loop: a checkpoint holds acknowledged events alone. */
export async function saveCheckpoint(store: Checkpoints, state: NetState): Promise<void> {
  await store.save(state.net, state.sequence, packr.pack({ layout: LAYOUT, state }));
}

/** Null where there is none, or none that can be read: it only saves time. */
export async function loadCheckpoint(store: Checkpoints, net: string, logger: Logger): Promise<NetState | null> {
  const latest = await store.latest(net);
  if (!latest) return null;
  try {
    const stored = packr.unpack(latest.state) as { layout?: number; state?: NetState };
    if (stored.layout === LAYOUT && stored.state?.places instanceof Map) return { ...emptyState(net), ...stored.state };
    logger.info({ net, layout: stored.layout }, "a checkpoint of another layout was passed over");
  } catch (error) {
    logger.warn({ err: error, net }, "a checkpoint could not be read; the log is read whole");
  }
  return null;
}
