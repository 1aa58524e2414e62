/** The tools of a firing whose workspace names MCP servers. */
import { expect, test } from "vitest";
import { toolsOf } from "../../src/actors/tool-hands/mcp-room.ts";
import { decideTool } from "../../src/personas/policy.ts";
import { toolCatalogue, toolSpec } from "../../src/tools/catalogue.ts";
import type { ToolDefinition } from "../../src/tools/port.ts";

const { signal } = new AbortController();
const servers = { notes: { command: ["node", "server.mjs"], flag: "r" as const, tools: { erase: "w" as const } } };
const input = { type: "object", properties: { a: { type: "number" } } };
const specs = ["add", "erase", "other"].map((tool) => ({ server: "notes", tool, description: `It does ${tool}.`, input }));
const listed = ["fs.read", "mcp.notes.add", "mcp.notes.erase", "mcp.gone.x"];

test("those that the persona lists and the server has join the catalogue, under their flags and with their own schema", async () => {
  const asked: string[] = [];
  const desk = async (tool: string) => {
    asked.push(tool);
    return { ok: true as const, output: specs };
  };
  const tools = await toolsOf(desk, listed, { servers, http: null }, signal);
  expect(asked).toEqual(["mcp.list"]);
  expect([...tools.keys()].filter((name) => name.startsWith("mcp."))).toEqual(["mcp.notes.add", "mcp.notes.erase"]);
  expect(toolSpec(tools.get("mcp.notes.add") as ToolDefinition)).toMatchObject({ description: "It does add.", input });
  const grant = { persona: "reader", flags: "r----", tools: listed };
  const wiring = { workspace: true, reads: [], writes: [] };
  const codes = ["mcp.notes.add", "mcp.notes.erase", "mcp.notes.other", "mcp.gone.x"].map((name) => {
    const decision = decideTool(grant, name, wiring, tools);
    return decision.allowed ? "yes" : decision.refused.code;
  });
  expect(codes).toEqual(["yes", "flag-missing", "tool-unknown", "tool-unknown"]);
});

test("no server is asked where nobody lists its tools, and one that does not answer ends the attempt", async () => {
  const never = () => Promise.reject(new Error("nobody asks"));
  expect(await toolsOf(never, ["fs.read"], { servers, http: null }, signal)).toBe(toolCatalogue);
  expect(await toolsOf(never, listed, { servers: null, http: null }, signal)).toBe(toolCatalogue);
  const error = { outlook: "terminal" as const, code: "mcp-server-gone", message: "gone" };
  await expect(toolsOf(async () => ({ ok: false as const, error }), listed, { servers, http: null }, signal)).rejects.toMatchObject({
    code: "mcp-server-gone",
  });
});
