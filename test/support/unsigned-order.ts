/** Orders for tests that no executor verifies. */
import { pack } from "msgpackr";
import type { SignedOrder, WorkOrder } from "../../src/contract/envelope.ts";

export function encodeOrder(order: WorkOrder): SignedOrder {
  return { order: pack(order), signature: new Uint8Array(64) };
}
