/** The MCP servers of one workspace: each is started at its first use, in the worktree, and ends with the session. */
import { Terminal } from "../../../contract/errors.ts";
import { isJsonObject, type Json } from "../../../contract/json.ts";
import { connectMcp, type McpConnection } from "../../../tools/mcp/mcp-client.ts";
import { MCP_LIST, MCP_NAME, type McpServers } from "../../../tools/mcp/mcp-tools.ts";
import type { HandContext } from "../../hand.ts";

export function mcpHand(context: HandContext, servers: McpServers, cwd: string): (name: string, input: Json) => Promise<Json> {
  const running = new Map<string, Promise<McpConnection>>();
  const connection = (server: string): Promise<McpConnection> => {
    const known = running.get(server);
    if (known) return known;
    const argv = servers[server]?.command;
    if (!argv) throw new Terminal({ code: "unknown-tool", message: `this workspace has no MCP server ${server}` });
    const lines = context.open({ argv, cwd });
    // One that has ended is started anew at its next use.
    lines.onEnd(() => running.delete(server));
    const made = connectMcp(server, lines, "1");
    running.set(server, made);
    // One that could not be reached may be tried again.
    made.catch(() => running.delete(server));
    return made;
  };
  return async (name, input) => {
    if (name === MCP_LIST) {
      const all = await Promise.all(Object.keys(servers).map(async (server) => (await connection(server)).tools()));
      return all.flat() as unknown as Json;
    }
    const [, server = "", tool = ""] = MCP_NAME.exec(name) ?? [];
    return (await connection(server)).call(tool, isJsonObject(input) ? input : {}, context.signal);
  };
}
