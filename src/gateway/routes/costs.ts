/** What models cost, by whatever one wants to know, with the budgets that hold; read from the logs of all nets, or of one. */
import * as z from "zod";
import { definitionAnswer, readAnswer } from "../../client/answers.ts";
import { askNet } from "../../client/ask.ts";
import { COST_KEYS, type CostKey, Sums } from "../../client/costs.ts";
import { runningRights } from "../../client/net-rights.ts";
import { isoTime } from "../../contract/clock.ts";
import type { NetEvent } from "../../contract/event.ts";
import { PRICES_AS_OF } from "../../models/prices.ts";
import { reachesNet } from "../access/scopes.ts";
import { type Api, callerOf, described, type House, netName, scope } from "../api.ts";
import { mustReach } from "../guard.ts";
import { mustBeNet } from "../known-net.ts";

const keys = z
  .string()
  .default("net")
  .transform((text) => [...new Set(text.split(",").map((word) => word.trim()))])
  .pipe(z.array(z.enum(COST_KEYS)).min(1))
  .describe(`one or more of ${COST_KEYS.join(", ")}, with commas between`);
const costsQuery = z.object({
  by: keys,
  net: netName.optional().describe("this one alone"),
  since: z.iso.datetime({ offset: true }).optional().describe("ISO 8601"),
});

export function costRoutes(api: Api, house: House): void {
  const { broker, ledger } = house;
  api.get(
    "/api/costs",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["costs"],
        summary: "What models cost, and the budgets",
        querystring: costsQuery,
        response: described("by, since, pricesAsOf, rows, total, budgets"),
      },
    },
    async (request) => {
      const { by, net, since } = request.query;
      const caller = callerOf(request);
      if (net !== undefined) {
        mustReach(caller, net);
        await mustBeNet(broker, net);
      }
      const nets = net === undefined ? (await broker.nets()).filter((one) => reachesNet(caller, one)) : [net];
      const from = since === undefined ? 0 : Date.parse(since);
      const sums = new Sums(by as CostKey[]);
      for (const event of await ledger.paid(nets)) if (Date.parse(event.ts) >= from) sums.add(event as NetEvent);
      const budgets = net === undefined ? [] : await budgetsOf(house, net);
      return { by, since: since === undefined ? null : isoTime(from), pricesAsOf: PRICES_AS_OF, ...sums.costs(), budgets };
    },
  );
}

/** What the net and its personas may use: of a firing, in this net, in a day. */
async function budgetsOf({ broker }: House, net: string) {
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const { personas } = await runningRights(broker, net);
  const own = definition.budget === undefined ? [] : [{ of: "net", name: net, budget: definition.budget }];
  return [...own, ...[...personas].map(([name, { budget }]) => ({ of: "persona", name, budget }))];
}
