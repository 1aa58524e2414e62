/** Tools of an MCP server over HTTP, built with the official package, called by an agent of a running net: by name, flag and list. */
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { httpServer, type TestHttpServer } from "../support/http-server.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type ToolKit, toolKit } from "../support/tool-kit.ts";

let peer: TestHttpServer;
let tools: ToolKit;
const text = (value: unknown) => ({ content: [{ type: "text" as const, text: String(value) }] });
const TOOLS = ["add", "erase", "fails", "big_text"].map((name) => `mcp.notes.${name}`);

beforeAll(async () => {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "notes", version: "1.0.0" });
    const add = { description: "Adds two numbers.", inputSchema: z.object({ a: z.number(), b: z.number() }) };
    server.registerTool("add", add, ({ a, b }) => text(a + b));
    server.registerTool("erase", { inputSchema: z.object({}) }, () => text("erased"));
    server.registerTool("fails", { inputSchema: z.object({}) }, () => ({ ...text("no paper left"), isError: true }));
    server.registerTool("big_text", { inputSchema: z.object({}) }, () => text("x".repeat(300_000)));
    return server;
  });
  peer = await httpServer((asked, response) => {
    if (asked.url !== "/mcp") return void response.writeHead(404).end();
    const headers = new Headers(
      Object.entries(asked.headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
    );
    headers.delete("content-length");
    const { method } = asked;
    const request = new Request(`http://127.0.0.1${asked.url}`, { method, headers, ...(method === "POST" ? { body: asked.body } : {}) });
    void handler.fetch(request).then(async (answer) => {
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  const net = {
    net: "desk",
    places: { tasks: { open: true }, done: { sink: true }, errors: { sink: true } },
    transitions: {
      work: {
        kind: "agent",
        persona: "worker",
        ask: "Do the task.",
        in: [{ place: "tasks", as: "task" }],
        out: [{ to: "done" }],
        onError: "errors",
        mcp: {
          notes: { url: `${peer.url}/mcp`, flag: "r", tools: { erase: "w" }, secret: "notes_key" },
          gone: { url: "http://127.0.0.1:9/mcp" },
          inner: { url: "http://127.0.0.2:9/mcp" },
        },
      },
    },
  } as unknown as JsonObject;
  tools = await toolKit(net, "tasks", undefined, () => ({ value: "k3y-of-notes", hosts: null }));
});
afterAll(async () => {
  await logAgreesWithPlaces(tools.kit.broker, "desk");
  await tools.stop();
  await peer.stop();
});

const granted = { secrets: ["notes_key"] };
async function once(name: string, input: Json, flags = "rwxhl", list = TOOLS, more: JsonObject = granted) {
  await tools.grant(flags, list, more);
  const { results, requests } = await tools.run([{ name, input }]);
  return { ...results[0], offered: requests[0]?.tools.map((tool) => tool.name) ?? [] };
}
const code = ({ output }: { output?: Json | undefined }) => String((output as JsonObject | undefined)?.error);

test("a tool is offered with the server's own schema and answers; the key goes to the server and nowhere else", async () => {
  const added = await once("mcp.notes.add", { a: 2, b: 3 });
  expect(added.offered).toEqual(expect.arrayContaining(TOOLS));
  expect(added).toMatchObject({ isError: false, output: { text: "5" } });
  expect(peer.asked.at(-1)?.headers.authorization).toBe("Bearer k3y-of-notes");
  expect(JSON.stringify(await eventsOf(tools.kit.broker, "desk"))).not.toContain("k3y-of-notes");
});

test("flag, the flag for HTTP, and list decide, and each refusal is an event", async () => {
  expect(code(await once("mcp.notes.add", { a: 1, b: 1 }, "rwx-l"))).toBe("flag-missing");
  expect(code(await once("mcp.notes.erase", {}, "r--h-"))).toBe("flag-missing");
  expect(code(await once("mcp.notes.add", { a: 1, b: 1 }, "rwxhl", ["mcp.notes.erase"]))).toBe("tool-unknown");
  expect((await once("mcp.notes.erase", {}, "rw-h-")).output).toMatchObject({ text: "erased" });
  expect((await tools.denied()).map(({ tool }) => tool)).toEqual(["mcp.notes.add", "mcp.notes.erase", "mcp.notes.add"]);
});

test("what the server says is wrong is told, and a long answer is cut", async () => {
  expect(code(await once("mcp.notes.fails", {}))).toBe("mcp-tool-failed");
  expect(code(await once("mcp.notes.add", { a: "x" }))).toBe("mcp-tool-failed");
  const big = await once("mcp.notes.big_text", {});
  expect(JSON.stringify(big.output).length).toBeLessThan(70_000);
});

test("a server that is away, or beyond the hosts that are allowed, and a key that was not granted, end the attempt with that word", async () => {
  for (const [list, more] of [
    [["mcp.gone.x"], granted],
    [["mcp.inner.x"], granted],
    [TOOLS, {}],
  ] as const) {
    await tools.grant("rwxhl", [...list], more);
    await tools.run([]);
    const failed = (await eventsOf(tools.kit.broker, "desk")).filter(({ type }) => type === "failed").at(-1);
    expect(failed?.attributes?.error).toMatchObject({ code: "mcp-server-gone" });
  }
  const words = JSON.stringify((await eventsOf(tools.kit.broker, "desk")).filter(({ type }) => type === "failed"));
  expect(words).toContain("not granted the secret notes_key");
  expect(words).toContain("127.0.0.2");
});
