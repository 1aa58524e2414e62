/** The tools of one firing: those that come with Petrel, and those of the MCP servers that its transition names. */
import { errorFromData } from "../../contract/errors.ts";
import { toolCatalogue } from "../../tools/catalogue.ts";
import { MCP_LIST, MCP_NAME, type McpServers, type McpToolSpec, mcpHttpTool, mcpTool } from "../../tools/mcp/mcp-tools.ts";
import type { ToolDefinition } from "../../tools/port.ts";
import type { Desk } from "../workspace-desk.ts";
import type { McpOverHttp } from "./mcp-over-http.ts";

export interface McpSources {
  /** Servers of the workspace, which the executor runs. */
  servers: McpServers | null;
  http: McpOverHttp | null;
}

/** Asked only where the persona lists such tools. Errors: those of the servers. */
export async function toolsOf(
  desk: Desk | null,
  listed: readonly string[],
  { servers, http }: McpSources,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ToolDefinition>> {
  const wanted = new Set(listed.flatMap((name) => MCP_NAME.exec(name)?.[1] ?? []));
  if (wanted.size === 0) return toolCatalogue;
  const found: [string, ToolDefinition][] = [];
  const take = (specs: McpToolSpec[], make: (name: string, spec: McpToolSpec) => ToolDefinition | null) => {
    for (const spec of specs) {
      const name = `mcp.${spec.server}.${spec.tool}`;
      const tool = listed.includes(name) ? make(name, spec) : null;
      if (tool) found.push([name, tool]);
    }
  };
  if (desk && servers) {
    const answer = await desk(MCP_LIST, {}, "mcp", signal);
    if (!answer.ok) throw errorFromData(answer.error);
    take(answer.output as unknown as McpToolSpec[], (name, spec) => mcpTool(servers, name, spec));
  }
  const remote = Object.keys(http?.servers ?? {}).filter((name) => wanted.has(name));
  if (http && remote.length > 0) take(await http.tools(remote), (name, spec) => mcpHttpTool(http.servers, name, spec, http.call));
  return found.length === 0 ? toolCatalogue : new Map([...toolCatalogue, ...found]);
}
