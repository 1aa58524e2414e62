/** The hands: who is there, what each works on, and the work that nobody who is there could do. */
import { netRows, readAnswer } from "../../client/answers.ts";
import { askRuntime } from "../../client/ask.ts";
import { workUnderWay } from "../../client/work-under-way.ts";
import { reachesNet } from "../access/scopes.ts";
import { type Api, callerOf, described, type House, scope } from "../api.ts";

export function executorRoutes(api: Api, house: House): void {
  api.get(
    "/api/executors",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["runtime"],
        summary: "The hands: pools, labels, load; what runs on them, and what is blocked, with the missing label",
        response: described("executors, running, waiting, blocked"),
      },
    },
    async (request) => {
      const { broker } = house;
      const executors = await broker.work.executors();
      const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets")
        .map(({ net }) => net)
        .filter((net) => reachesNet(callerOf(request), net));
      const work = await Promise.all(nets.map((net) => workUnderWay(broker, net, executors)));
      return {
        executors,
        running: work.flatMap(({ running }) => running),
        waiting: work.flatMap(({ waiting }) => waiting),
        blocked: work.flatMap(({ blocked }) => blocked),
      };
    },
  );
}
