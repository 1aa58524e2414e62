/** Tools of MCP servers as Petrel's own: called `mcp.<server>.<tool>`, under the flag that the net file gives the server or the tool. */
import * as z from "zod";
import { FLAGS, type Flag } from "../../contract/capability.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { ToolDefinition } from "../port.ts";

export const MCP_NAME = /^mcp\.([a-z][a-z0-9-]{0,40})\.([A-Za-z0-9_.-]{1,100})$/;
/** The call that lists them; no tool of a model. */
export const MCP_LIST = "mcp.list";

const flag = z.enum(FLAGS);
/** As a workspace names its servers. */
export const mcpServers = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
  z.strictObject({
    command: z.array(z.string()).min(1).describe("Fixed argument vector of a server that speaks over stdio"),
    flag: flag.describe("What a persona needs for its tools"),
    tools: z.record(z.string(), flag).optional().describe("Tools that need another flag"),
  }),
);
export type McpServers = z.output<typeof mcpServers>;

/** A server over HTTP, as an `agent` transition names it. */
export interface McpHttpServer {
  url: string;
  flag: Flag;
  tools?: Record<string, Flag> | undefined;
  secret?: string | undefined;
}
export type McpHttpServers = Record<string, McpHttpServer>;

export interface McpToolSpec {
  server: string;
  tool: string;
  description: string;
  /** JSON Schema of its input. */
  input: JsonObject;
}

/** Null: the workspace names no such server. */
export function mcpTool(servers: McpServers, name: string, spec?: McpToolSpec): ToolDefinition | null {
  return toolOf(servers, name, spec);
}

/** One that the master calls over HTTP: that takes the flag for HTTP, whatever else it takes. `call`: makes the call. */
export function mcpHttpTool(
  servers: McpHttpServers,
  name: string,
  spec?: McpToolSpec,
  call?: (server: string, tool: string, input: JsonObject, signal: AbortSignal) => Promise<Json>,
): ToolDefinition | null {
  const tool = toolOf(servers, name, spec);
  if (!tool) return null;
  const [, server = "", own = ""] = MCP_NAME.exec(name) ?? [];
  const run: ToolDefinition["run"] = call && ((input, { signal }) => call(server, own, isJsonObject(input) ? input : {}, signal));
  return { ...tool, also: "h", runs: "master", ...(run ? { run } : {}) };
}

function toolOf(
  servers: Readonly<Record<string, { flag: Flag; tools?: Record<string, Flag> | undefined }>>,
  name: string,
  spec?: McpToolSpec,
): ToolDefinition | null {
  const [, server = "", tool = ""] = MCP_NAME.exec(name) ?? [];
  const declared = Object.hasOwn(servers, server) ? servers[server] : undefined;
  if (!declared) return null;
  const own = declared.tools && Object.hasOwn(declared.tools, tool) ? declared.tools[tool] : undefined;
  return {
    name,
    flag: own ?? declared.flag,
    description: spec?.description.slice(0, 2000) || `The tool ${tool} of the MCP server ${server}.`,
    input: z.record(z.string(), z.json()),
    ...(spec ? { schema: spec.input } : {}),
    output: z.json() as z.ZodType<Json>,
    runs: "executor",
    limits: { seconds: 300, bytes: 64 * 1024 },
    errors: { "mcp-tool-failed": "the server says that it failed", "mcp-server-gone": "the server has ended or does not answer" },
  };
}
