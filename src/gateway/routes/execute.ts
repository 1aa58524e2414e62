/** The awaitable call: put a token in, and get the answer's token, or an address to ask again. */
import type { FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import { Refused } from "../../contract/errors.ts";
import { isPath } from "../../contract/ids.ts";
import { type Api, anyJson, callerOf, described, type House, netParam, operateOnce, scope } from "../api.ts";
import { outcomeOf, readTicket, type Ticket, ticketText, untilSchema, untilTest } from "../execute.ts";
import { mustBePlace } from "../known-net.ts";
import { logKey } from "../once.ts";
import { put } from "./tokens.ts";

const WAIT_MS = 30_000;
const LONGEST_MS = 10 * 60_000;
const waitMs = z.coerce.number().int().min(0).max(LONGEST_MS).default(WAIT_MS);
const executeBody = z.object({ place: z.string().refine(isPath, "names no place"), data: anyJson, until: untilSchema, waitMs });

export function executeRoutes(api: Api, house: House): void {
  const about = { tags: ["tokens"], response: described("200: token, place, seq; 202: id and url, to ask again") };
  api.post(
    "/api/nets/:net/execute",
    {
      ...operateOnce,
      schema: { ...about, summary: "Put a token in and wait for what comes of it", params: netParam, body: executeBody },
    },
    async (request, reply) => {
      const { net } = request.params;
      const { place, data, until, waitMs: wait } = request.body;
      untilTest(until);
      if (until.place !== undefined) await mustBePlace(house.broker, net, until.place);
      const { id, seq } = await put(house, {
        net,
        place,
        body: { data },
        key: logKey(request),
        by: callerOf(request).client,
      });
      return answer(house, { net, ticket: { id, seq, until }, wait }, request, reply);
    },
  );
  const ticketParam = netParam.extend({ ticket: z.string().max(20_000) });
  api.get(
    "/api/nets/:net/execute/:ticket",
    {
      ...scope("petrel:read"),
      schema: { ...about, summary: "Ask again for what comes of a token", params: ticketParam, querystring: z.object({ waitMs }) },
    },
    (request, reply) =>
      answer(house, { net: request.params.net, ticket: readTicket(request.params.ticket), wait: request.query.waitMs }, request, reply),
  );
}

interface Waiting {
  net: string;
  ticket: Ticket;
  wait: number;
}

async function answer(house: House, { net, ticket, wait }: Waiting, request: FastifyRequest, reply: FastifyReply) {
  const gone = new AbortController();
  request.raw.on("close", () => request.raw.destroyed && gone.abort());
  let revoked = false;
  const unwatch = house.access.tokens.onRevoked(callerOf(request), () => {
    revoked = true;
    gone.abort();
  });
  const outcome = await outcomeOf(house, net, ticket, wait, gone.signal).finally(unwatch);
  if (revoked) throw new Refused({ code: "invalid_token", message: "the token was revoked while this waited" });
  if (outcome) return outcome;
  const url = `/api/nets/${net}/execute/${ticketText(ticket)}`;
  return reply.code(202).header("location", url).header("retry-after", "1").send({ id: ticket.id, url });
}
