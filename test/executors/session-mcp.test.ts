/** Tools of an MCP server, built with the official package, in a workspace: run by the executor, under the persona's flags. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ToolCallAnswer, WorkOrder } from "../../src/contract/envelope.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { findSandbox } from "../../src/executors/sandbox.ts";
import { MCP_LIST, mcpServers, mcpTool } from "../../src/tools/mcp/mcp-tools.ts";
import { type GitRepo, makeGitRepo } from "../support/git-repo.ts";
import { testFolder } from "../support/nats-server.ts";
import { descendants } from "../support/petrel-process.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, startBench } from "./bench.ts";

const FILE = `notes-${process.pid}.mjs`;
const SERVER = `
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
const text = (value) => ({ content: [{ type: "text", text: String(value) }] });
serveStdio(() => {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool("add", { description: "Adds two numbers.", inputSchema: z.object({ a: z.number(), b: z.number() }) }, ({ a, b }) => text(a + b));
  server.registerTool("erase", { description: "Erases all notes.", inputSchema: z.object({}) }, () => text("erased"));
  server.registerTool("where", { inputSchema: z.object({}) }, () => text(JSON.stringify({ pid: process.pid, cwd: process.cwd(), env: Object.keys(process.env) })));
  server.registerTool("fails", { inputSchema: z.object({}) }, () => ({ ...text("no paper left"), isError: true }));
  server.registerTool("dies", { inputSchema: z.object({}) }, () => process.exit(3));
  return server;
});
`;
const SERVERS = {
  notes: { command: ["node", FILE], flag: "r", tools: { erase: "w" } },
};
const TOOLS = ["add", "erase", "where", "fails", "dies", "no-such"].map((name) => `mcp.notes.${name}`);
let repo: GitRepo;
let bench: ExecutorBench;
beforeAll(async () => {
  // In one file, since a sandbox shows the server nothing but its worktree.
  const bundle = buildSync({
    stdin: { contents: SERVER, resolveDir: resolve(".") },
    ...{ bundle: true, write: false, platform: "node", format: "esm", target: "node20", logLevel: "silent" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  repo = makeGitRepo({ [FILE]: bundle.outputFiles[0]?.text ?? "", "package.json": "{}" });
  bench = await startBench({ slots: 6 });
});
afterAll(async () => {
  await bench?.end();
  repo?.remove();
});

let count = 0;
async function open(flags: string, tools: string[], mcp: JsonObject = SERVERS): Promise<WorkOrder> {
  count += 1;
  const input = { repo: repo.origin, base: "main", branch: `task/${count}`, seed: "2026-03-01T10:00:00Z", mcp };
  const order = bench.order("code.session", input, { persona: { name: "worker", flags, tools: ["git.status", ...tools] } });
  bench.owner.offer(order);
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done");
  return order;
}
const serverRuns = () => descendants(process.pid).some(({ command }) => command.includes(FILE));
const code = (answer: ToolCallAnswer) => (answer.state === "failed" ? answer.error.code : answer.state);
const textOf = (answer: ToolCallAnswer) => (answer.state === "done" ? String((answer.output as JsonObject).text) : JSON.stringify(answer));

test("its tools are listed and called by name, in the worktree, in a clean environment; it ends with the session", async () => {
  const order = await open("r----", TOOLS);
  const listed = await bench.owner.call(order, MCP_LIST, {});
  expect(listed).toMatchObject({ state: "done" });
  const specs = (listed.state === "done" ? listed.output : []) as JsonObject[];
  expect(specs.map(({ tool }) => tool)).toEqual(["add", "erase", "where", "fails", "dies"]);
  expect(specs[0]).toMatchObject({ server: "notes", description: "Adds two numbers.", input: { required: ["a", "b"] } });
  expect(textOf(await bench.owner.call(order, "mcp.notes.add", { a: 2, b: 3 }))).toBe("5");
  const { cwd, env } = JSON.parse(textOf(await bench.owner.call(order, "mcp.notes.where", {}))) as {
    pid: number;
    cwd: string;
    env: string[];
  };
  expect(cwd).toMatch(/\/tree$/);
  expect(env).not.toContain("npm_package_name");
  expect(code(await bench.owner.call(order, "mcp.notes.fails", {}))).toBe("mcp-tool-failed");
  expect(code(await bench.owner.call(order, "mcp.notes.add", { a: "x" }))).toBe("mcp-tool-failed");
  expect(serverRuns()).toBe(true);
  await bench.owner.call(order, "session.close", {});
  await until("the server is gone", () => !serverRuns());
});

test("flag and list decide where it runs, as for any tool", async () => {
  const reader = await open("r----", TOOLS);
  expect(code(await bench.owner.call(reader, "mcp.notes.erase", {}))).toBe("flag-missing");
  expect(code(await bench.owner.call(reader, "mcp.other.add", {}))).toBe("tool-unknown");
  const writer = await open("rw---", TOOLS);
  expect(textOf(await bench.owner.call(writer, "mcp.notes.erase", {}))).toBe("erased");
  const unlisted = await open("rwxhl", []);
  expect(code(await bench.owner.call(unlisted, "mcp.notes.add", { a: 1, b: 1 }))).toBe("tool-not-listed");
  for (const order of [reader, writer, unlisted]) await bench.owner.call(order, "session.close", {});
});

test("a server that dies or is not there is an error that says so, and the session goes on", async () => {
  const order = await open("r----", TOOLS);
  expect(code(await bench.owner.call(order, "mcp.notes.dies", {}))).toBe("mcp-tool-failed");
  expect(textOf(await bench.owner.call(order, "mcp.notes.add", { a: 1, b: 1 }))).toBe("2");
  const broken = await open("r----", ["mcp.gone.x"], { gone: { command: ["no-such-server"], flag: "r" } });
  expect(code(await bench.owner.call(broken, "mcp.gone.x", {}))).toBe("mcp-server-gone");
  expect(code(await bench.owner.call(broken, "git.status", {}))).toBe("done");
  for (const one of [order, broken]) await bench.owner.call(one, "session.close", {});
});

test("a server that comes late is waited for, and an older one, which says nothing to what it does not know, is spoken to", async () => {
  const older = `require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    const result = {
      initialize: { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "older", version: "1" } },
      "tools/call": { content: [{ type: "text", text: "heard" }] },
    }[method];
    if (result) console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });`;
  const late = { command: ["sh", "-c", `sleep 7; exec node ${FILE}`], flag: "r" };
  const order = await open("r----", ["mcp.late.add", "mcp.older.x"], { late, older: { command: ["node", "-e", older], flag: "r" } });
  expect(textOf(await bench.owner.call(order, "mcp.late.add", { a: 2, b: 3 }))).toBe("5");
  expect(textOf(await bench.owner.call(order, "mcp.older.x", {}))).toBe("heard");
  await bench.owner.call(order, "session.close", {});
});

test("a server that prints without an end is ended with a word that says so, and so is one that cannot be spoken to", async () => {
  const flood = `const piece = Buffer.alloc(1 << 20, "x"); const go = () => process.stdout.write(piece, go); go(); // flood-${process.pid}`;
  const mute = `setInterval(() => {}, 1000); // mute-${process.pid}`;
  const mcp = { flood: { command: ["node", "-e", flood], flag: "r" }, mute: { command: ["node", "-e", mute], flag: "r" } };
  const order = await open("r----", ["mcp.flood.x", "mcp.mute.x"], mcp);
  const said = async (tool: string) => {
    const answer = await bench.owner.call(order, tool, {});
    return answer.state === "failed" ? `${answer.error.code}: ${answer.error.message}` : answer.state;
  };
  const words = "mcp-server-ended: the MCP server flood was ended: it printed a line of more than 16 MB";
  // On a machine that stands still meanwhile the patience with its first answer is over before.
  await until("the word", async () => (await said("mcp.flood.x")) === words, 60_000);
  expect(await said("mcp.mute.x")).toContain("mcp-server-gone: the MCP server mute does not answer");
  const left = () => descendants(process.pid).filter(({ command }) => /(flood|mute)-/.test(command));
  await until("the end of both", () => left().length === 0, 60_000);
  expect(code(await bench.owner.call(order, "git.status", {}))).toBe("done");
  await bench.owner.call(order, "session.close", {});
});

test("a tool takes the flag of its server, or its own, and no name of the prototype's", () => {
  const servers = mcpServers.parse(SERVERS);
  expect(mcpTool(servers, "mcp.notes.add")?.flag).toBe("r");
  expect(mcpTool(servers, "mcp.notes.erase")?.flag).toBe("w");
  for (const name of ["mcp.constructor.add", "mcp.notes", "mcp..add", "fs.read"]) expect(mcpTool(servers, name)).toBeNull();
  expect(mcpTool(servers, "mcp.notes.toString")?.flag).toBe("r");
});

test("what a server does to the tree meanwhile leads no tool elsewhere", async ({ skip }) => {
  const sandbox = await findSandbox(process.env);
  if (sandbox.kind === "none") skip(sandbox.why);
  const elsewhere = testFolder("elsewhere");
  writeFileSync(join(elsewhere, "file"), "hush");
  // One name leads to a folder of the tree and out of it by turns, as quickly as they can be.
  const turns = `
    const { mkdirSync, renameSync, symlinkSync, writeFileSync } = require("node:fs");
    mkdirSync("real"); writeFileSync("real/file", "mine");
    for (;;) for (const to of ["real", ${JSON.stringify(elsewhere)}]) { symlinkSync(to, "next"); renameSync("next", "folder"); }`;
  const command = ["sh", "-c", `node -e '${turns}' & exec node ${FILE}`];
  const order = await open("rw---", [...TOOLS, "fs.read", "fs.write", "fs.list", "fs.delete"], { notes: { command, flag: "r" } });
  expect(textOf(await bench.owner.call(order, "mcp.notes.add", { a: 2, b: 3 }))).toBe("5");
  const read = async () => JSON.stringify(await bench.owner.call(order, "fs.read", { path: "folder/file" }));
  const heard: string[] = [];
  await until("the turns", async () => (await read()).includes("mine"), 60_000);
  for (let time = 0; time < 75; time += 1) {
    heard.push(await read());
    heard.push(JSON.stringify(await bench.owner.call(order, "fs.list", { path: "folder" })));
    await bench.owner.call(order, "fs.write", { path: `folder/new-${time}`, text: "planted" });
    await bench.owner.call(order, "fs.write", { path: `folder/below-${time}/new`, text: "planted" });
    await bench.owner.call(order, "fs.delete", { path: "folder/file" });
    await bench.owner.call(order, "fs.write", { path: "folder/file", text: "mine" });
  }
  await bench.owner.call(order, "session.close", {});
  expect(heard.filter((text) => text.includes("hush"))).toEqual([]);
  expect(readdirSync(elsewhere)).toEqual(["file"]);
  expect(readFileSync(join(elsewhere, "file"), "utf8")).toBe("hush");
});
