/** `/mcp`: Petrel for MCP clients. A token that only reads gets the tools that only look; `?read-only` asks for these. */
import { Readable } from "node:stream";
import { allows } from "../access/scopes.ts";
import { type Api, callerOf, type House, scope } from "../api.ts";
import type { McpPorts } from "../mcp/ports.ts";

export function mcpRoutes(api: Api, house: House): void {
  api.route({
    method: ["GET", "POST", "DELETE"],
    url: "/mcp",
    ...scope("petrel:read"),
    schema: { tags: ["mcp"], summary: "Model Context Protocol, streamable HTTP" },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const sdk = await import("@modelcontextprotocol/server");
      const { petrelMcp } = await import("../mcp/server.ts");
      const ports: McpPorts = {
        ...{
          broker: house.broker,
          clock: house.clock,
          version: house.version,
          nets: caller.nets,
          by: caller.client,
          stopping: house.stopping,
        },
        readOnly: house.mcpReadOnly === true || !allows(caller, "petrel:operate") || "read-only" in (request.query as object),
      };
      const gone = new AbortController();
      request.raw.on("close", () => request.raw.destroyed && gone.abort());
      const unwatch = house.access.tokens.onRevoked(caller, () => gone.abort());
      reply.raw.once("close", unwatch);
      const handler = sdk.createMcpHandler(() => petrelMcp(sdk, ports));
      const answer = await handler.fetch(fetchRequest(request, gone.signal), { parsedBody: request.body });
      reply.code(answer.status);
      for (const [name, value] of answer.headers) reply.header(name, value);
      return reply.send(answer.body ? Readable.fromWeb(answer.body as import("node:stream/web").ReadableStream) : null);
    },
  });
}

function fetchRequest(request: { method: string; url: string; headers: object; body: unknown }, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers as Record<string, string | string[] | undefined>)) {
    if (value !== undefined && name !== "content-length") headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const hasBody = request.method === "POST";
  return new Request(new URL(request.url, "http://petrel.invalid"), {
    ...{ method: request.method, headers, signal },
    ...(hasBody ? { body: JSON.stringify(request.body ?? null) } : {}),
  });
}
