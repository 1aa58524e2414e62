/** A new net that begins as another was at a moment. */
import * as z from "zod";
import { askRuntime } from "../../client/ask.ts";
import { momentOf } from "../../client/history/moment.ts";
import type { JsonObject } from "../../contract/json.ts";
import { type Api, anyJson, callerOf, described, type House, netName, netParam, personOf, scope } from "../api.ts";
import { mustReach, mustReachAll } from "../guard.ts";
import { mustBeNet } from "../known-net.ts";

const forkBody = z.object({
  at: z.string().max(64).default("now").describe("number of an event, a time in ISO 8601, or `now`"),
  as: netName.optional().describe("the new net's name; without it NET-at-EVENT"),
  set: z.record(z.string(), z.array(anyJson)).optional().describe("what a place holds instead"),
  definition: z.record(z.string(), anyJson).optional().describe("run this instead of what ran then"),
  askAgain: z.boolean().default(false).describe("use no recorded answers"),
});

export function forkRoutes(api: Api, { broker, clock }: House): void {
  api.post(
    "/api/nets/:net/fork",
    {
      ...scope("petrel:operate"),
      schema: {
        tags: ["nets"],
        summary: "Start a new net as this one was at a moment; the parent is only read",
        params: netParam,
        body: forkBody,
        response: described("net, parent, seq, tokens, answers, dropped, paused"),
      },
    },
    async (request, reply) => {
      const { net } = request.params;
      const { at, as, set = {}, definition, askAgain } = request.body;
      // The new net is a net like others: a key for some nets makes it only under a name that it reaches.
      if (as === undefined) mustReachAll(callerOf(request));
      else mustReach(callerOf(request), as);
      await mustBeNet(broker, net);
      const body = {
        ...{ net, at: momentOf(at, "at", clock.now()), set, askAgain, by: personOf(request) },
        ...(as === undefined ? {} : { as }),
        ...(definition === undefined ? {} : { definition }),
      };
      return reply.code(201).send(await askRuntime(broker, "fork", body as unknown as JsonObject));
    },
  );
}
