/** Tokens that links bring from net to net, handed from owner to owner (E10). */
import type { Handover, HandoverAnswer, HandoverBatch } from "../contract/broker.ts";
import { errorData } from "../contract/errors.ts";
import { subjects } from "../contract/subjects.ts";
import { askOwner, serve } from "./answering.ts";
import type { Link } from "./link.ts";

const TIMEOUT_MS = 10_000;

export function jetStreamHandover(link: Link): Handover {
  return {
    serve: (net, handle) =>
      serve(link, subjects.handover(net), async (msg) => {
        try {
          return JSON.stringify(await handle(msg.json<HandoverBatch>()));
        } catch (error) {
          return JSON.stringify({ ok: false, error: errorData(error) } satisfies HandoverAnswer);
        }
      }),

    hand: async (net, batch, timeoutMs = TIMEOUT_MS) =>
      (await askOwner(link, subjects.handover(net), JSON.stringify(batch), `net ${net}`, { timeoutMs })).json<HandoverAnswer>(),
  };
}
