/** What models say, in the in-memory broker. */
import type { LiveText } from "../../contract/broker.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryLiveText(hub: MemoryHub, wire: MemoryWire): LiveText {
  return {
    say: (piece) => {
      if (!wire.up) return;
      for (const take of hub.textListeners.get(piece.net) ?? []) queueMicrotask(() => take({ ...piece }));
    },
    listen: (net, take) => {
      const hear: typeof take = (piece) => wire.up && take(piece);
      const all = hub.textListeners.get(net) ?? new Set();
      hub.textListeners.set(net, all.add(hear));
      return { stop: async () => void all.delete(hear) };
    },
  };
}
