/** The handover of tokens between nets on the in-memory broker (E10). */
import type { Handover, HandoverAnswer, HandoverBatch } from "../../contract/broker.ts";
import { errorData } from "../../contract/errors.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryHandover(hub: MemoryHub, wire: MemoryWire): Handover {
  return {
    serve: async (net, handle) =>
      hub.serve(`handover.${net}`, wire, (batch: HandoverBatch) =>
        handle(batch).catch((error: unknown): HandoverAnswer => ({ ok: false, error: errorData(error) })),
      ),
    hand: (net, batch) => hub.ask<HandoverAnswer>(`handover.${net}`, wire, batch),
  };
}
