/** Recovery: the state of a net from its newest checkpoint and the rest of its log (E1). */
import type { Broker, LogEntry } from "../../contract/broker.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import type { Logger } from "../../contract/logger.ts";
import { logBackHint, streams } from "../../contract/subjects.ts";
import { applyEvent } from "../../net/fold.ts";
import { emptyState, type NetState } from "../../net/state.ts";
import { loadCheckpoint } from "./checkpoint.ts";

export async function recoverState(broker: Broker, net: string, logger: Logger): Promise<NetState> {
  // Looked at before anything is declared: an empty stream in its place would stand in the way of a backup.
  if (!(await broker.nets()).includes(net) && (await isKnown(broker, net))) throw lost(net, `there is no stream ${streams.log(net)}`);
  await broker.declareNet(net);
  // One that cannot be read just now says by its name all the same how long the log was.
  const newest = (await broker.checkpoints.list(net))[0]?.sequence ?? 0;
  const saved = await loadCheckpoint(broker.checkpoints, net, logger);
  const state = saved ?? emptyState(net);
  const from = state.sequence;
  let last: LogEntry | null = null;
  // A checkpoint of before there was a chain says where it stands and not what stands there.
  const chained = from === 0 || state.chain !== "";
  const reading = broker.log(net).read(
    chained ? from : from - 1,
    (entry) => {
      for (const event of entry.events) applyEvent(state, event);
      last = entry;
      // Epochs rise: the checkpoint's is the newest up to where it stands, whatever lies there.
    },
    saved ? { epoch: saved.epoch } : {},
  );
  const tail = await reading.catch((error: unknown) => {
    if (!(error instanceof PetrelError) || error.code !== "log-shorter") throw error;
    throw lost(net, `a checkpoint of entry ${newest} exists, and the log does not reach it`);
  });
  if (tail < newest) throw lost(net, `it ends at ${tail}, but a checkpoint of entry ${newest} exists`);
  if (tail === 0 && (await broker.netVersions.list(net)).length > 0) throw lost(net, "definitions of it exist, but its log is empty");
  state.sequence = tail;
  state.chain = lastHash(last) ?? state.chain;
  logger.info({ net, from, tail, seq: state.seq }, "state recovered");
  return state;
}

/** What the next entry names as the one before it; voided entries are no part of the chain. */
function lastHash(last: LogEntry | null): string | null {
  return last?.hash ?? null;
}

/** E2: what has versions or checkpoints is no new net. */
async function isKnown(broker: Broker, net: string): Promise<boolean> {
  return (await broker.netVersions.list(net)).length > 0 || (await broker.checkpoints.latest(net)) !== null;
}

function lost(net: string, why: string): Terminal {
  return new Terminal({
    code: "log-lost",
    message: `the log of ${net} was lost or replaced: ${why}`,
    hint: `${logBackHint(net)}; nothing was changed`,
  });
}
