/** Firings: those of a net, newest first, and one whole, with inputs, the exact prompt, model, tools, attempts and output. */
import * as z from "zod";
import { firingsOf, firingWhole } from "../../client/history/firings.ts";
import { isId } from "../../contract/ids.ts";
import { type Api, described, type House, netParam, scope } from "../api.ts";
import { mustBeNet } from "../known-net.ts";

const wanted = z.object({
  transition: z.string().max(200).optional(),
  persona: z.string().max(200).optional(),
  correlation: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).optional().describe("`nextBeforeSeq` of the page before"),
});
const firingParam = netParam.extend({ firing: z.string().refine(isId, "names no firing") });

export function firingRoutes(api: Api, { broker }: House): void {
  const read = scope("petrel:read");
  api.get(
    "/api/nets/:net/firings",
    {
      ...read,
      schema: {
        tags: ["firings"],
        summary: "Firings of a transition, a persona or a story, newest first",
        params: netParam,
        querystring: wanted,
        response: described("firings, nextBeforeSeq"),
      },
    },
    async (request) => {
      await mustBeNet(broker, request.params.net);
      return firingsOf(broker, request.params.net, request.query);
    },
  );
  api.get(
    "/api/nets/:net/firings/:firing",
    {
      ...read,
      schema: {
        tags: ["firings"],
        summary: "One firing whole: input tokens, exact prompt, model, cost, attempts, tool calls, output, events",
        params: firingParam,
        response: described("the firing"),
      },
    },
    async (request) => {
      await mustBeNet(broker, request.params.net);
      return firingWhole(broker, request.params.net, request.params.firing);
    },
  );
}
