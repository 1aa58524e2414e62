/** Petrel as an MCP server: the same tools and resources over stdio and HTTP, for one caller. */
import type { McpServer } from "@modelcontextprotocol/server";
import { askNet, askRuntime } from "../../client/ask.ts";
import { pageOfEvents } from "../../client/event-pages.ts";
import { errorData } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { McpPorts } from "./ports.ts";
import { type McpTool, mcpTools, mustReach } from "./tool-table.ts";

const INSTRUCTIONS =
  "Petrel runs organisations of AI specialists as Petri nets of durable tokens. Look at nets_list and places_list to see where work piles up, " +
  "events_read to follow what happens, net_why to learn why something waits. Gates are decided by people: gates_list shows them.";
const EVENTS_SHOWN = 100;

/** Loaded by whoever serves it: imported from here it would be loaded by every command, and take as long as the half of it. */
export type McpSdk = Pick<typeof import("@modelcontextprotocol/server"), "McpServer" | "ResourceTemplate">;

export function petrelMcp(sdk: McpSdk, ports: McpPorts): McpServer {
  const server = new sdk.McpServer({ name: "petrel", title: "Petrel", version: ports.version }, { instructions: INSTRUCTIONS });
  for (const tool of mcpTools(ports.readOnly)) register(server, tool, ports);
  resources(server, sdk, ports);
  return server;
}

function register(server: McpServer, tool: McpTool, ports: McpPorts): void {
  const annotations = { readOnlyHint: !tool.writes, destructiveHint: false, openWorldHint: false };
  const about = { title: tool.title, description: tool.description, inputSchema: tool.input, annotations };
  server.registerTool(tool.name, about, async (input: unknown, context: { mcpReq?: { signal?: AbortSignal } }) => {
    try {
      const value = await tool.run(input, ports, context.mcpReq?.signal ?? new AbortController().signal);
      return { content: [{ type: "text" as const, text: JSON.stringify(value) }], structuredContent: value };
    } catch (error) {
      const { code, message, hint } = errorData(error);
      return {
        content: [{ type: "text" as const, text: JSON.stringify({ error: code, message, ...(hint ? { hint } : {}) }) }],
        isError: true,
      };
    }
  });
}

function resources(server: McpServer, { ResourceTemplate }: McpSdk, ports: McpPorts): void {
  const { broker } = ports;
  const names = async () =>
    ((await askRuntime(broker, "nets")) as JsonObject[]).map(({ net }) => String(net)).filter((net) => ports.nets?.includes(net) ?? true);
  const listed = (uri: (net: string) => string, words: string) => ({
    list: async () => ({
      resources: (await names()).map((net) => ({ uri: uri(net), name: `${words} ${net}`, mimeType: "application/json" })),
    }),
  });
  const read = (uri: URL, value: Json) => ({
    contents: [{ uri: uri.href, mimeType: "application/json", text: JSON.stringify(value, null, 2) }],
  });
  const netOf = (variables: Record<string, string | string[]>) => mustReach(ports, String(variables.net));
  server.registerResource("nets", "petrel://nets", { title: "Nets", mimeType: "application/json" }, async (uri) =>
    read(uri, (await names()) as Json),
  );
  server.registerResource("personas", "petrel://personas", { title: "Personas", mimeType: "application/json" }, async (uri) =>
    read(uri, await askRuntime(broker, "personas")),
  );
  server.registerResource(
    "net",
    new ResourceTemplate(
      "petrel://nets/{net}",
      listed((net) => `petrel://nets/${net}`, "net"),
    ),
    { title: "A net's definition", mimeType: "application/json" },
    async (uri, variables) => read(uri, await askNet(broker, netOf(variables), "definition")),
  );
  server.registerResource(
    "event-line",
    new ResourceTemplate(
      "petrel://nets/{net}/events",
      listed((net) => `petrel://nets/${net}/events`, "event line of"),
    ),
    { title: `The newest ${EVENTS_SHOWN} events of a net`, mimeType: "application/json" },
    async (uri, variables) =>
      read(uri, (await pageOfEvents(broker, netOf(variables), { filter: {}, limit: EVENTS_SHOWN })).events as unknown as Json),
  );
}
