/** The tools of one firing: those that come with Petrel, and those of the MCP servers that its workspace names. */
import { errorFromData } from "../../contract/errors.ts";
import { toolCatalogue } from "../../tools/catalogue.ts";
import { MCP_LIST, type McpServers, type McpToolSpec, mcpTool } from "../../tools/mcp/mcp-tools.ts";
import type { ToolDefinition } from "../../tools/port.ts";
import type { Desk } from "../workspace-desk.ts";

/** Asked only where the persona lists such tools. Errors: those of the servers. */
export async function toolsOf(
  desk: Desk | null,
  listed: readonly string[],
  servers: McpServers | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ToolDefinition>> {
  if (!desk || !servers || !listed.some((name) => name.startsWith("mcp."))) return toolCatalogue;
  const answer = await desk(MCP_LIST, {}, "mcp", signal);
  if (!answer.ok) throw errorFromData(answer.error);
  const specs = answer.output as unknown as McpToolSpec[];
  const found = specs.flatMap((spec): [string, ToolDefinition][] => {
    const name = `mcp.${spec.server}.${spec.tool}`;
    const tool = listed.includes(name) ? mcpTool(servers, name, spec) : null;
    return tool ? [[name, tool]] : [];
  });
  return new Map([...toolCatalogue, ...found]);
}
