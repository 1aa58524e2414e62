/** The executor's side of the in-memory broker. */
import type { ExecutorLine } from "../../contract/broker.ts";
import type { ArtifactAnswer, ArtifactGiven, ClaimAnswer, ToolCallAnswer } from "../../contract/envelope.ts";
import { errorData } from "../../contract/errors.ts";
import type { MemoryHub } from "./hub.ts";
import { MemoryWire } from "./wire.ts";

export interface MemoryExecutorLine extends ExecutorLine {
  faults: { disconnect(): void; reconnect(): void };
}

export function memoryExecutorLine(hub: MemoryHub): MemoryExecutorLine {
  const wire = new MemoryWire();
  return {
    faults: { disconnect: () => wire.set(false), reconnect: () => wire.set(true) },
    pull: async function* (pool, signal, suits = () => true) {
      const queue = hub.queue(pool);
      while (!signal.aborted) {
        const message = wire.up ? queue.all().find(({ value }) => suits(structuredClone(value))) : undefined;
        if (message) {
          queue.remove(message.seq);
          yield structuredClone(message.value);
        } else await queue.changed(wire, signal);
      }
    },
    claim: (net, firing, attempt, request) => hub.ask<ClaimAnswer>(`claim.${net}`, wire, { firing, attempt, request }),
    deliver: async (result) => {
      wire.check();
      hub.results(result.net).add(result.executor, structuredClone(result));
    },
    serveTools: async (executor, handle) =>
      hub.serve(`hands.${executor}.call`, wire, (request: Parameters<typeof handle>[0]) =>
        handle(request).catch((error: unknown): ToolCallAnswer => ({ state: "failed", error: errorData(error) })),
      ),
    onCancel: async (executor, call) =>
      hub.serve(`hands.${executor}.cancel`, wire, async (about: Parameters<typeof call>[0]) => {
        call(about);
        return { ok: true };
      }),
    heartbeat: (presence) => {
      if (!wire.up) return;
      const hasLeft = presence.leaving === true && presence.busy === 0;
      if (hasLeft) hub.executors.delete(presence.name);
      else hub.executors.set(presence.name, { presence: structuredClone(presence), at: hub.clock.now() });
      for (const call of [...hub.executorWatchers]) call(hasLeft ? { name: presence.name, gone: true } : structuredClone(presence));
    },
    sendArtifact: (executor, piece) => hub.ask<ArtifactAnswer>("artifacts", wire, { executor, piece }),
    askArtifact: (executor, ask) => hub.ask<ArtifactGiven>("lending", wire, { executor, ask }),
    print: (executor, { net, firing, attempt }, piece) => {
      if (!wire.up) return;
      for (const take of [...hub.printedListeners]) queueMicrotask(() => take(executor, { net, firing, attempt }, { ...piece }));
    },
    connected: () => wire.up,
    close: async () => wire.close(),
  };
}
