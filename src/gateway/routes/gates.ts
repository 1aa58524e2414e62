/** What waits for people, and their decisions: only a token of the scope `petrel:gate` decides. */
import * as z from "zod";
import { netRows, readAnswer } from "../../client/answers.ts";
import { askNet, askRuntime } from "../../client/ask.ts";
import { gatesOf } from "../../client/gates-of.ts";
import { isId } from "../../contract/ids.ts";
import { reachesNet } from "../access/scopes.ts";
import { type Api, anyJson, callerOf, described, type House, netName, netParam, personOf, scope } from "../api.ts";
import { logKey } from "../once.ts";
import { pageByKey, pageQuery } from "../pages.ts";

const decisionBody = z.object({
  decision: z.enum(["approve", "reject"]),
  comment: z.string().max(10_000).optional(),
  edits: z.record(z.string(), anyJson).optional().describe("with approve: new data by the id of a token that waits"),
});

export function gateRoutes(api: Api, { broker, ids }: House): void {
  api.get(
    "/api/gates",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["gates"],
        summary: "What waits for people",
        querystring: z.object({ ...pageQuery, net: netName.optional() }),
        response: described("gates, longest waiting first, and next"),
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets")
        .map(({ net }) => net)
        .filter((net) => reachesNet(caller, net) && (request.query.net === undefined || net === request.query.net));
      const rows = await Promise.all(nets.map(async (net) => (await gatesOf(broker, net)).map((row) => ({ ...row, net }))));
      const { rows: gates, next } = pageByKey(rows.flat(), ({ since, net, firing }) => `${since} ${net} ${firing}`, request.query);
      return { gates, next };
    },
  );
  const firing = netParam.extend({ firing: z.string().refine(isId, "names no firing") });
  api.post(
    "/api/gates/:net/:firing",
    {
      ...scope("petrel:gate"),
      schema: {
        tags: ["gates"],
        summary: "Approve or reject; Idempotency-Key makes it count once",
        params: firing,
        body: decisionBody,
        response: described("counted, approvals, quorum, passed"),
      },
    },
    (request) => {
      const id = logKey(request) ?? ids.next();
      return askNet(broker, request.params.net, "decide", { ...request.body, firing: request.params.firing, by: personOf(request), id });
    },
  );
}
