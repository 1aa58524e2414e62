/** How large a signed order may be: it is one message, and no broker carries one above its limit. */
import type { SignedOrder } from "./envelope.ts";
import { Terminal } from "./errors.ts";

/** Bytes of a message where the broker says nothing else. */
export const MESSAGE_LIMIT = 1024 * 1024;
/** What headers and the envelope add, at most. */
const ROOM_FOR_HEADERS = 1024;

/** `limit`: bytes of one message on this broker. Throws Terminal `order-too-large`: asking again would change nothing. */
export function mustFitMessage({ order, signature }: SignedOrder, transition: string, limit: number): void {
  const size = order.length + signature.length + ROOM_FOR_HEADERS;
  if (size <= limit) return;
  throw new Terminal({
    code: "order-too-large",
    message: `the work order of ${transition} has ${Math.ceil(size / 1024)} KiB, and the broker carries messages of at most ${Math.floor(limit / 1024)} KiB`,
    hint: "let its `input` name fewer fields, or its `in` take fewer tokens at once; put big fields into artefacts and hand on their references (a hand's large output is one by itself)",
    where: transition,
  });
}
