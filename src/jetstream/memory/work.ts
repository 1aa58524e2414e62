/** The work desk of the in-memory broker. */
import type { WorkDesk } from "../../contract/broker.ts";
import { delay } from "../../contract/clock.ts";
import type {
  ArtifactAnswer,
  ArtifactAsk,
  ArtifactGiven,
  ArtifactPiece,
  ClaimAnswer,
  ClaimRequest,
  ToolCallAnswer,
  WorkResult,
} from "../../contract/envelope.ts";
import { errorData, PetrelError } from "../../contract/errors.ts";
import { MESSAGE_LIMIT, mustFitMessage } from "../../contract/order-size.ts";
import type { Serving } from "../../contract/serving.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryMessage } from "./stream.ts";
import type { MemoryWire } from "./wire.ts";
import { aborted } from "./wire.ts";

const GONE_MS = 6500;
const LOOK_MS = 500;
const AGAIN_MS = 20;

export interface ClaimCall {
  firing: string;
  attempt: number;
  request: ClaimRequest;
}

export function memoryWorkDesk(hub: MemoryHub, wire: MemoryWire): WorkDesk {
  return {
    offer: async (order, about) => {
      wire.check();
      mustFitMessage(order, about.transition, MESSAGE_LIMIT);
      const key = `${about.net}/${about.id}`;
      if (hub.offered.has(key)) return;
      hub.offered.add(key);
      hub.queue(about.pool).add(about.net, structuredClone(order));
    },
    withdraw: async (net) => {
      wire.check();
      for (const queue of hub.work.values()) queue.removeWhere((message) => message.subject === net);
      for (const key of [...hub.offered]) if (key.startsWith(`${net}/`)) hub.offered.delete(key);
    },
    serveClaims: async (net, answer) =>
      hub.serve(`claim.${net}`, wire, ({ firing, attempt, request }: ClaimCall) =>
        answer(firing, attempt, request).catch(
          (error: unknown): ClaimAnswer => ({ ok: false, code: "unknown", message: errorData(error).message }),
        ),
      ),
    takeResults: async (net, take) => takeResults(hub, wire, net, take),
    drainResults: async (net, take) => {
      wire.check();
      for (const message of hub.results(net).all()) {
        await take(structuredClone(message.value));
        hub.results(net).remove(message.seq);
      }
    },
    callTool: async (executor, request, signal) => {
      for (;;) {
        if (signal.aborted) throw aborted(signal);
        try {
          const answer = await hub.ask<ToolCallAnswer>(`hands.${executor}.call`, wire, request);
          if (answer.state !== "running") return answer;
        } catch (error) {
          if (!(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
          await delay(hub.clock, AGAIN_MS, signal).catch(() => undefined);
        }
      }
    },
    cancel: async (executor, about) => {
      await hub.ask(`hands.${executor}.cancel`, wire, about).catch(() => undefined);
    },
    executors: async () => {
      wire.check();
      const limit = hub.clock.now() - GONE_MS;
      const now = hub.clock.now();
      const heldOff = (name: string) => {
        const until = hub.held.get(name);
        return until !== undefined && Date.parse(until) > now ? { heldOff: until } : {};
      };
      return [...hub.executors.values()]
        .filter(({ at }) => at >= limit)
        .map(({ presence }) => ({ ...structuredClone(presence), ...heldOff(presence.name) }));
    },
    tellHeld: async (executor, { until }) => {
      wire.check();
      hub.held.set(executor, until);
    },
    serveArtifacts: async (answer) =>
      hub.serve("artifacts", wire, ({ executor, piece }: { executor: string; piece: ArtifactPiece }) =>
        answer(executor, piece).catch((error: unknown): ArtifactAnswer => ({ state: "failed", error: errorData(error) })),
      ),
    lendArtifacts: async (answer) =>
      hub.serve("lending", wire, ({ executor, ask }: { executor: string; ask: ArtifactAsk }) =>
        answer(executor, ask).catch((error: unknown): ArtifactGiven => ({ state: "failed", error: errorData(error) })),
      ),
    onPrinted: (take) => {
      const hear: typeof take = (...printed) => wire.up && take(...printed);
      hub.printedListeners.add(hear);
      return { stop: async () => void hub.printedListeners.delete(hear) };
    },
    onExecutor: async (call) => watchExecutors(hub, wire, call),
  };
}

function takeResults(hub: MemoryHub, wire: MemoryWire, net: string, take: (result: WorkResult) => Promise<void>): Serving {
  const closing = new AbortController();
  const settle = async (message: MemoryMessage<WorkResult>) => {
    while (!closing.signal.aborted) {
      try {
        await take(structuredClone(message.value));
        return hub.results(net).remove(message.seq);
      } catch {
        // Not taken in yet: the result stays and is handed over again.
        await delay(hub.clock, AGAIN_MS, closing.signal).catch(() => undefined);
      }
    }
  };
  const reading = (async () => {
    for await (const message of hub.results(net).tail(0, wire, closing.signal)) void settle(message);
  })();
  return {
    stop: async () => {
      closing.abort();
      await reading;
    },
  };
}

function watchExecutors(hub: MemoryHub, wire: MemoryWire, call: Parameters<WorkDesk["onExecutor"]>[0]): Serving {
  const hear: typeof call = (presence) => {
    if (wire.up) call(presence);
  };
  const look = () => {
    const limit = hub.clock.now() - GONE_MS;
    for (const [name, { at }] of hub.executors) {
      if (at >= limit) continue;
      hub.executors.delete(name);
      for (const each of [...hub.executorWatchers]) each({ name, gone: true });
    }
    timer = hub.clock.after(LOOK_MS, look);
  };
  let timer = hub.clock.after(LOOK_MS, look);
  hub.executorWatchers.add(hear);
  for (const { presence } of hub.executors.values()) hear(structuredClone(presence));
  return {
    stop: async () => {
      timer.cancel();
      hub.executorWatchers.delete(hear);
    },
  };
}
