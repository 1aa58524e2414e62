/** What commands print, in the in-memory broker. */
import type { LiveOutput } from "../../contract/printed.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryLiveOutput(hub: MemoryHub, wire: MemoryWire): LiveOutput {
  return {
    print: (piece) => {
      if (!wire.up) return;
      for (const take of [...hub.outputListeners]) queueMicrotask(() => take({ ...piece }));
    },
    listen: (net, take) => {
      const hear: typeof take = (piece) => wire.up && (net === null || piece.net === net) && take(piece);
      hub.outputListeners.add(hear);
      return { stop: async () => void hub.outputListeners.delete(hear) };
    },
  };
}
