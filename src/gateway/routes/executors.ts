/** The hands: who is there, what each works on, and the work that nobody who is there could do. */
import * as z from "zod";
import { netRows, readAnswer } from "../../client/answers.ts";
import { askRuntime } from "../../client/ask.ts";
import { followOutput, printedSoFar } from "../../client/live-output.ts";
import { workUnderWay } from "../../client/work-under-way.ts";
import type { PrintedPiece } from "../../contract/printed.ts";
import { reachesNet } from "../access/scopes.ts";
import type { Caller } from "../access/tokens.ts";
import { type Api, callerOf, described, type House, netName, scope } from "../api.ts";
import { mustReach } from "../guard.ts";
import { mustBeNet } from "../known-net.ts";
import { pageByKey, pageQuery } from "../pages.ts";
import { sse } from "../sse.ts";

const outputQuery = z.object({ net: netName.optional(), firing: z.string().max(64).optional() });

export function executorRoutes(api: Api, house: House): void {
  api.get(
    "/api/executors",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["runtime"],
        summary: "The hands: pools, labels, load; what runs on them, and what is blocked, with the missing label",
        querystring: z.object(pageQuery),
        response: described("executors by name, and next; running, waiting and blocked whole"),
      },
    },
    async (request) => {
      const { broker } = house;
      const executors = await broker.work.executors();
      const page = pageByKey(executors, ({ name }) => name, request.query);
      const nets = await netsOf(house, callerOf(request));
      const work = await Promise.all(nets.map((net) => workUnderWay(broker, net, executors)));
      return {
        ...{ executors: page.rows, next: page.next },
        running: work.flatMap(({ running }) => running),
        waiting: work.flatMap(({ waiting }) => waiting),
        blocked: work.flatMap(({ blocked }) => blocked),
      };
    },
  );

  api.get(
    "/api/executors/output",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["runtime"],
        summary: "The last of what the commands that run now have printed, without secrets",
        querystring: outputQuery,
        response: described("pieces, each with net, firing, command, from, at, end, text"),
      },
    },
    async (request) => {
      const { nets, fits } = await wantedOutput(house, callerOf(request), request.query);
      return { pieces: (await printedSoFar(house.broker, nets)).filter(fits) };
    },
  );
  api.get(
    "/api/executors/output/stream",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["runtime"],
        summary: "The same and then what comes, as server-sent events. It is stored nowhere: what was missed is in the results",
        querystring: outputQuery,
        produces: ["text/event-stream"],
        response: described("server-sent events: `output` with a piece, comments as heartbeats"),
      },
    },
    async (request, reply) => {
      const wanted = await wantedOutput(house, callerOf(request), request.query);
      await sse(request, reply, house, async function* (signal) {
        for await (const piece of followOutput(house.broker, wanted, signal)) yield { event: "output", data: piece };
      });
      return reply;
    },
  );
}

async function netsOf({ broker }: House, caller: Caller): Promise<string[]> {
  const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
  return nets.map(({ net }) => net).filter((net) => reachesNet(caller, net));
}

async function wantedOutput(house: House, caller: Caller, { net, firing }: z.output<typeof outputQuery>) {
  if (net !== undefined) {
    mustReach(caller, net);
    await mustBeNet(house.broker, net);
  }
  const fits = (piece: PrintedPiece) =>
    (net === undefined ? reachesNet(caller, piece.net) : piece.net === net) && (firing === undefined || piece.firing === firing);
  return { net: net ?? null, nets: net === undefined ? await netsOf(house, caller) : [net], fits };
}
