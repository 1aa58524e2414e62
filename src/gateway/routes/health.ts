/** What operators ask: is it alive, is it of use, how does it go. */
import { askRuntime } from "../../client/ask.ts";
import { type Api, callerOf, described, type House, scope } from "../api.ts";
import { mustReachAll } from "../guard.ts";
import type { Metrics } from "../metrics.ts";

export function healthRoutes(api: Api, house: House, metrics: Metrics): void {
  const { broker, version } = house;
  const open = scope("public");
  api.get(
    "/healthz",
    { ...open, schema: { tags: ["operation"], summary: "The gateway is alive", response: described("ok") } },
    async () => ({ ok: true, version }),
  );
  api.get(
    "/readyz",
    { ...open, schema: { tags: ["operation"], summary: "Broker and masters answer", response: described("ok") } },
    async (_, reply) => {
      try {
        await askRuntime(broker, "status");
        return { ok: true };
      } catch (error) {
        return reply.code(503).send({ ok: false, error: error instanceof Error ? error.message : String(error) });
      }
    },
  );
  api.get(
    "/metrics",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["operation"],
        summary: "Metrics in the text format of Prometheus",
        produces: ["text/plain"],
        response: described("metrics"),
      },
    },
    async (request, reply) => {
      mustReachAll(callerOf(request));
      return reply.type(metrics.type).send(await metrics.text());
    },
  );
}
